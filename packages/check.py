"""Installs the packages as a newcomer does and sells with them; the last line is one of JSON.

`make packages`. For each language an empty folder, that language's own installer, and the packages in --dist; nothing of this
repository but the sample. A sale on the packaged emulator, then one that fails: it has to say why and end with 1.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
# What would have a newcomer's command find something of this repository.
HIDDEN = ("KASSA_", "LD_LIBRARY_PATH", "PYTHONPATH", "NODE_PATH", "CARGO_TARGET_DIR", "CFLAGS", "PYO3_", "MAKE", "MFLAGS")
RECEIPT = {
    "id": "order-1001", "kind": "sell",
    "items": [{"name": "Mug", "price": "150.00", "quantity": "2", "discount": "10.00", "vat": "22"}],
    "payments": [{"type": "card", "sum": "290.00"}],
    "customer": {"email": "buyer@shop.example"},
}


@dataclass(frozen=True)
class Language:
    """How a newcomer installs, sells and checks types; `{dist}` is the folder with the packages."""

    name: str
    install: list[str]
    sell: str
    program: str
    sample: str
    types: str | None = None


LANGUAGES = [
    Language(
        "python",
        ["python3 -m venv env", "env/bin/pip install --quiet --disable-pip-version-check --no-index {dist}/kassa-*.whl"],
        "env/bin/python sale.py", "env/bin/kassa", "sale.py",
        "{tools}/python -m mypy --strict --python-executable env/bin/python sale.py",
    ),
    Language(
        "node",
        ["npm install --silent --no-audit --no-fund --prefer-offline {dist}/kassa-[0-9]*.tgz {dist}/kassa-linux-x64-gnu-*.tgz"],
        "node sale.mjs", "node_modules/.bin/kassa", "sale.mjs",
        "{root}/node/node_modules/.bin/tsc --strict --noEmit --allowJs --checkJs --module nodenext --types node "
        "--typeRoots {root}/node/node_modules/@types sale.mjs",
    ),
    Language(
        "php",
        ["composer --no-interaction --quiet init --name shop/shop --repository '{{\"type\": \"artifact\", \"url\": \"{dist}\"}}'",
         "composer --no-interaction --quiet config repositories.packagist.org false",
         "composer --no-interaction --quiet require kassa/kassa:*"],
        "php sale.php", "vendor/bin/kassa", "sale.php",
    ),
    Language(
        "c",
        ["tar -xzf {dist}/kassa-c-*.tar.gz", "make --silent --directory $(ls -d kassa-c-*) install prefix=$PWD/usr",
         "PKG_CONFIG_PATH=usr/lib/pkgconfig sh -c 'cc -std=c11 -Wall -Wextra -Werror sale.c $(pkg-config --cflags --libs kassa)"
         " -Wl,-rpath,$PWD/usr/lib -o sale'",
         "tar -xzf {dist}/kassa-[0-9]*-linux-x86_64-gnu.tar.gz"],
        "./sale", "$(ls -d kassa-[0-9]*)/kassa", "sale.c",
    ),
    Language(
        "rust",
        ["cargo init --quiet --bin --name shop .", "tar -xzf {dist}/kassa-*.crate", "mv sale.rs src/main.rs",
         "cargo add --quiet --offline --path $(ls -d kassa-[0-9]*/) kassa",
         "cargo add --quiet --offline serde_json tokio --features tokio/macros,tokio/rt-multi-thread",
         "tar -xzf {dist}/kassa-[0-9]*-linux-x86_64-gnu.tar.gz --one-top-level=program --strip-components=1",
         "cargo build --quiet --offline"],
        "target/debug/shop", "program/kassa", "sale.rs",
    ),
]


@contextlib.contextmanager
def emulator(program: str, folder: Path, environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The packaged emulator; gives what it says of itself."""
    with subprocess.Popen(f"exec {program} emulator", shell=True, cwd=folder, env=environment, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin and running.stdout
        try:
            yield json.loads(running.stdout.readline())
        finally:
            running.stdin.close()


def check(language: Language, names: dict[str, str], work: Path) -> dict[str, Any]:
    """A newcomer's first ten minutes."""
    folder = work / language.name
    folder.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(HIDDEN)}
    sample = (EXAMPLES / language.sample).read_text()
    # In the repository the package lies beside it.
    (folder / language.sample).write_text(sample.replace("__DIR__ . '/../php/autoload.php'", "__DIR__ . '/vendor/autoload.php'"))

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command.format(**names), shell=True, cwd=folder, env=environment, capture_output=True, text=True,
                              check=False)

    began = time.monotonic()
    for command in language.install:
        if (ran := run(command)).returncode:
            return {"installed": False, "why": f"{command}: {ran.stdout}{ran.stderr}"}
    with emulator(language.program, folder, environment) as told:
        config = {"vendor": "modulkassa", **told["vendors"]["modulkassa"]["config"], "journal": f"sqlite:{folder}/kassa.sqlite"}
        # Nothing is on record in this journal, and the vendor takes nothing from whoever comes with this password.
        wrong = {**config, "journal": f"sqlite:{folder}/wrong.sqlite", "credentials": {**config["credentials"], "password": "wrong"}}
        for name, content in (("kassa.json", config), ("receipt.json", RECEIPT), ("wrong.json", wrong)):
            (folder / name).write_text(json.dumps(content))
            (folder / name).chmod(0o600)
        sold = run(f"{language.sell} kassa.json receipt.json")
        seconds = time.monotonic() - began
        failed = run(f"{language.sell} wrong.json receipt.json")
    said = failed.stdout + failed.stderr
    line = {
        "installed": True, "seconds": round(seconds, 1),
        "sale_ok": sold.returncode == 0 and re.search("registered|on record", sold.stdout) is not None,
        "failed_shown": failed.returncode == 1 and re.search("(?i)not_?registered", said) is not None,
    }
    if language.types:
        typed = run(language.types)
        line["types_clean"] = typed.returncode == 0
        if typed.returncode:
            print(typed.stdout + typed.stderr, flush=True)
    if not (line["sale_ok"] and line["failed_shown"]):
        print(f"{language.name}: {sold.stdout}{sold.stderr}\n{said}", flush=True)
    return line


def sizes(dist: Path) -> dict[str, float]:
    """What a newcomer downloads, in megabytes."""
    files = {"wheel_mb": "kassa-*.whl", "npm_mb": "kassa-linux-*.tgz", "composer_mb": "kassa-php-*.zip", "c_mb": "kassa-c-*.tar.gz"}
    return {key: round(sum(file.stat().st_size for file in dist.glob(name)) / 1e6, 1) for key, name in files.items()}


def fpm(package: Path, program: str) -> dict[str, Any]:
    """The package as Composer installed it, under php-fpm and nginx, sold with through the packaged emulator."""
    command = [sys.executable, str(ROOT / "tests/fpm/run.py"), "--package", str(package), "--emulator", program, "emulator"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    print(ran.stdout, end="", flush=True)
    return {**json.loads(ran.stdout.splitlines()[-1]), "ok": ran.returncode == 0} if ran.stdout else {"ok": False}


def glibc(dist: Path) -> str:
    """The oldest glibc that the wheel runs with. The tools of the registry have nothing to say against it, and no operation of the
    tests is in it."""
    [wheel] = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert b"test_echo" not in archive.read("kassa/_native.abi3.so"), "the operations of the tests are in the wheel"
    for command in (["twine", "check", "--strict", wheel], ["auditwheel", "show", wheel]):
        tool = Path(sys.executable).parent / command[0]
        said = subprocess.run([tool, *command[1:]], capture_output=True, text=True, check=True).stdout
    found = re.search(r'platform\s+tag:\s+"manylinux_(\d+)_(\d+)', said)
    return f"{found[1]}.{found[2]}" if found else "unknown"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--dist", type=Path, default=ROOT / "target/dist", help="the packages (target/dist)")
    arguments.add_argument("--only", default=",".join(language.name for language in LANGUAGES))
    arguments.add_argument("--short", action="store_true", help="packages of a debug build: they have the operations of the tests")
    arguments.add_argument("--seconds", type=float, default=60, help="from nothing to the first sale, at most (60)")
    given = arguments.parse_args()
    names = {"dist": str(given.dist.resolve()), "root": str(ROOT), "tools": str(Path(sys.executable).parent)}
    wanted = given.only.split(",")
    with tempfile.TemporaryDirectory() as work:
        lines = {row.name: check(row, names, Path(work)) for row in LANGUAGES if row.name in wanted}
        more: dict[str, Any] = {}
        if not given.short:
            more["glibc"] = glibc(given.dist)
            if "php" in wanted:
                vendor = Path(work) / "php/vendor"
                more["fpm"] = fpm(vendor / "kassa/kassa", str(vendor / "bin/kassa"))
    for name, line in lines.items():
        print(name, json.dumps(line), flush=True)
    total = {
        "languages": len(lines),
        "sales_ok": sum(line.get("sale_ok", False) for line in lines.values()),
        "failed_shown": sum(line.get("failed_shown", False) for line in lines.values()),
        "types_clean": sum(line.get("types_clean", False) for line in lines.values()),
        "seconds": {name: line.get("seconds") for name, line in lines.items()},
    }
    typed = sum(row.types is not None for row in LANGUAGES if row.name in wanted)
    quick = all((line.get("seconds") or given.seconds + 1) <= given.seconds for line in lines.values())
    total |= {**sizes(given.dist), **more}
    ok = total["sales_ok"] == total["failed_shown"] == len(lines) and total["types_clean"] == typed and quick
    ok = ok and more.get("fpm", {"ok": True})["ok"] and more.get("glibc", "2.17") == "2.17"
    print(json.dumps({**total, "ok": ok}, separators=(",", ":")))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
