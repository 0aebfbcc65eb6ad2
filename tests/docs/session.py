"""What a reader has who follows a page: an empty folder with `kassa.json` and `receipt.json`, the packages, and an emulator."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from languages import BUILD
from pages import ROOT

sys.path.insert(0, str(ROOT / "tests/languages"))

from harness import VENDORS, Emulator, receipt  # noqa: E402

# What a page writes where a shop has something of its own: a setting with one of these values is given the emulator's.
ELSEWHERE = "|".join(["demo", "production", "test"])
FOLDERS = ["/var/lib/shop", "/etc/shop", "/etc/php"]
# A setting as any of the languages writes it: `"login": "..."`, `'login' => '...'`, `login: '...'`, `\"login\": \"...\"`.
SETTING = r"(?P<open>\\?[\"']?)\b{name}(?P=open)(?P<is>\s*(?:=>|:)\s*)(?P<quote>\\?[\"']){value}(?P=quote)"
SERVES_WITHIN_S = 30


def settings(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text of a configuration with its name, however deep."""
    for name, value in config.items():
        if isinstance(value, dict):
            yield from settings(value)
        elif isinstance(value, str):
            yield name, value


class Wrong(Exception):
    """What is wrong with a block."""


def stands_in(shown: str, text: str) -> bool:
    """Whether a text has what a page shows of it; `...` stands for anything."""
    words = [[re.escape(word) for word in part.split()] for part in shown.split("...")]
    return re.search(r"[\s\S]*?".join(r"\s+".join(part) for part in words), text) is not None


class Session:
    """A folder, and an emulator: another session's, or one of its own once it is needed."""

    def __init__(self, folder: Path, vendor: str, of: "Session | None" = None):
        self.folder, self.vendor, self.of = folder, vendor, of
        # Of the last request that a page shows.
        self.answer: Any = None
        self.servers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Session":
        self.prepare()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def emulator(self) -> Emulator:
        return self.of.emulator if self.of else Emulator()

    @cached_property
    def config(self) -> dict[str, Any]:
        """The emulator's configuration, with a journal of its own and without the waiting that a real vendor needs."""
        row: dict[str, Any] = VENDORS
        journal = f"sqlite:{self.folder}/kassa.sqlite"
        return {**self.emulator.configs[self.vendor], **row[self.vendor]["config"], "journal": journal}

    def prepare(self) -> None:
        """Fills the folder, once; the shift is open, as in a shop that sells."""
        if self.folder.exists():
            return
        self.folder.mkdir(parents=True)
        if self.vendor == "ikassa":
            self.emulator.operate("ikassa", "open_shift")
        self.write("kassa.json", json.dumps(self.config, indent=2))
        self.write("receipt.json", json.dumps(receipt("order-1001", self.vendor), ensure_ascii=False, indent=2))
        self.write("vendor/autoload.php", f"<?php require_once {str(ROOT / 'php/autoload.php')!r};")
        (self.folder / "node_modules").mkdir()
        (self.folder / "node_modules/kassa").symlink_to(ROOT / "node")
        for package in (ROOT / "site/node_modules").glob("[a-z]*"):
            (self.folder / "node_modules" / package.name).symlink_to(package)

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        file.chmod(0o600)
        return file

    def fill(self, text: str) -> str:
        """A block with the emulator's settings in place of a shop's own, and its folder in place of a shop's."""
        for folder in FOLDERS:
            text = text.replace(folder, str(self.folder))
        given = dict(settings(self.config))
        for name, value in given.items():
            pattern = SETTING.format(name=name, value=re.escape("..."))
            text = re.sub(pattern, lambda found: f"{found['open']}{name}{found['open']}{found['is']}{found['quote']}{value}{found['quote']}", text)

        def addresses(found: re.Match[str]) -> str:
            of, quote = found["open"], found["quote"]
            urls = {name: value for name, value in given.items() if name.endswith("_url")}
            return ", ".join(f"{of}{name}{of}{found['is']}{quote}{value}{quote}" for name, value in urls.items())

        return re.sub(SETTING.format(name="environment", value=f"(?:{ELSEWHERE})"), addresses, text)

    @property
    def environment(self) -> dict[str, str]:
        tools = [str(BUILD), str(Path(sys.executable).parent), str(self.folder / "vendor/bin"), os.environ["PATH"]]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KASSA_", "XDG_"))}
        return {
            **kept,
            "PATH": ":".join(tools),
            "HOME": str(self.folder),
            "LD_LIBRARY_PATH": str(BUILD),
            "KASSA_LIBRARY": str(BUILD / "libkassa.so"),
            "PYTHONPATH": str(ROOT / "py/python"),
            "MYPYPATH": str(ROOT / "py/python"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def serve(self, command: list[str], port: int) -> None:
        """Starts a program that goes on, and waits until it listens."""
        log = self.folder / f"served-on-{port}.log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self.servers.append(server)
        ends = time.monotonic() + SERVES_WITHIN_S
        while server.poll() is None and time.monotonic() < ends:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Wrong(f"nothing listens on {port}:\n{log.read_text('utf-8', 'replace')}")

    def close(self) -> None:
        for server in self.servers:
            server.terminate()
            server.wait(timeout=10)
        if "emulator" in self.__dict__ and not self.of:
            self.emulator.stop()
