"""Builds what ships twice, in places that have nothing in common, and compares; the last line is one of JSON.

`make reproducible`, or `make reproducible ARGS="--profile campaign"` without the minutes that the last few percent cost. The places are clones of the last commit. They differ in everything that must not matter: folders, the home
with its unpacked crates, where cargo builds, umask, language, time zone. No folder of either may be in what comes out.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
# What would have both places build alike, or build something else.
NOT_PASSED_ON = ("ARGS", "CARGO_", "CFLAGS", "KASSA_", "LD_LIBRARY_PATH", "MAKE", "MFLAGS", "PACKING", "PLATFORM", "PROFILE", "RUSTFLAGS",
                 "SOURCE_DATE_EPOCH")


def home(folder: Path) -> Path:
    """A home with the user's fetched crates, which cargo unpacks there again."""
    cargo, user = folder / "home/.cargo", Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    (cargo / "registry").mkdir(parents=True)
    for name in ("config.toml", "registry/index", "registry/cache"):
        if (user / name).is_dir():
            shutil.copytree(user / name, cargo / name)
        elif (user / name).exists():
            shutil.copy(user / name, cargo / name)
    return folder / "home"


def git(repository: Path, *command: str) -> str:
    """What git prints."""
    return subprocess.run(["git", *command], cwd=repository, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def build(bundle: Path, folder: Path, make: list[str], own: dict[str, str], umask: int) -> dict[str, Path]:
    """What ships, built in a folder from a clone, by name."""
    clone = folder / "kassa"
    git(folder.parent, "clone", "--quiet", str(bundle), str(clone))
    kept = {key: value for key, value in os.environ.items() if not key.startswith(NOT_PASSED_ON)}
    rustup = os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup"))
    environment = {**kept, "RUSTUP_HOME": rustup, "HOME": str(home(folder)), **own}
    subprocess.run(["make", "--no-print-directory", "dist", *make], cwd=clone, env=environment, umask=umask, check=True,
                   stdout=subprocess.DEVNULL)
    return {path.name: path for path in sorted((clone / "target/dist").iterdir())}


def contents(path: Path) -> list[bytes]:
    """A file, and what is packed in it."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            return [path.read_bytes(), *map(packed.read, packed.namelist())]
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as tar:
            return [path.read_bytes(), *(file.read() for entry in tar if (file := tar.extractfile(entry)))]
    return [path.read_bytes()]


def named(path: Path, folders: list[Path]) -> list[str]:
    """Which of some folders a file names."""
    texts = contents(path)
    return [str(folder) for folder in folders if any(os.fsencode(folder) + b"/" in text for text in texts)]


def compare(repository: Path, work: Path, make: list[str]) -> dict[str, Any]:
    """Builds twice; which files are the same, and which folders are named in them."""
    # Whatever is committed in the meantime, both build the same.
    bundle = work / "commit"
    git(repository, "bundle", "create", "--quiet", str(bundle), "HEAD")
    short, long = work / "a", work / "another place/with a longer name"
    short.mkdir()
    long.mkdir(parents=True)
    first = build(bundle, short, make, {"TZ": "UTC", "LC_ALL": "C"}, 0o022)
    second = build(bundle, long, make, {"TZ": "Asia/Vladivostok", "LC_ALL": "C.UTF-8",
                                        "CARGO_TARGET_DIR": str(long / "built")}, 0o077)
    hashes = [{name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} for files in (first, second)]
    folders = [work, repository, Path.home()]
    paths = {f"{place}/{name}": found for place, files in (("first", first), ("second", second))
             for name, path in files.items() if (found := named(path, folders))}
    differ = sorted(name for name in {*first, *second} if hashes[0].get(name) != hashes[1].get(name))
    same = not differ and bool(first)
    commit = git(work, "bundle", "list-heads", str(bundle)).split()[0]
    return {"commit": commit, "artifacts": len(first), "same": same, "differ": differ, "paths": paths, "hashes": hashes[0],
            "ok": same and not paths}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--profile", default="release", help="of cargo (release)")
    given = arguments.parse_args()
    # Tools are installed once. They are not what is compared.
    make = [f"PROFILE={given.profile}", f"TOOLS={ROOT}/target/tools", f"VENV={ROOT}/.venv"]
    began = time.monotonic()
    work = Path(tempfile.mkdtemp(prefix="kassa-"))
    line = compare(ROOT, work, make)
    if line["ok"]:
        shutil.rmtree(work)
    else:
        print(f"both builds are left in {work}", flush=True)
    print(json.dumps({"profile": given.profile, **line, "seconds": round(time.monotonic() - began)},
                     separators=(",", ":")))
    return 0 if line["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
