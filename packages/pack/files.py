"""Folders that become archives: the same bytes for the same files, wherever and whenever."""

import gzip
import os
import shutil
import subprocess
import tarfile
import zipfile
from datetime import datetime, timezone
from pathlib import Path

from matrix import ROOT

# What every package has beside its own README.
COMMON = ("LICENSE-APACHE", "LICENSE-MIT", "CHANGELOG.md")


def moment() -> int:
    """The time of whatever is packed."""
    return int(os.environ["SOURCE_DATE_EPOCH"])


def put(source: Path, target: Path, program: bool = False) -> None:
    """Copies a file into a package; whoever unpacks it may read it, and run a program."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755 if program else 0o644)


def put_common(folder: Path) -> None:
    """The licences and what changed."""
    for name in COMMON:
        put(ROOT / name, folder / name)


def tracked(folder: str) -> list[Path]:
    """The files of a folder of the repository that git knows, from the root."""
    listed = subprocess.run(["git", "ls-files", "-z", folder], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return [Path(os.fsdecode(name)) for name in listed.split(b"\0") if name]


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or path.is_file())


def zipped(folder: Path, out: Path) -> Path:
    """A zip archive of what is in a folder."""
    time = datetime.fromtimestamp(moment(), timezone.utc).timetuple()[:6]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files_of(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), time)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = path.stat().st_mode << 16
            archive.writestr(entry, path.read_bytes())
    return out


def tarred(folder: Path, out: Path) -> Path:
    """A tar archive of a folder, under the folder's own name."""

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = moment()
        return entry

    with open(out, "wb") as raw, gzip.GzipFile("", "wb", mtime=moment(), fileobj=raw) as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path in files_of(folder):
                archive.add(path, f"{folder.name}/{path.relative_to(folder).as_posix()}", recursive=False, filter=plain)
    return out
