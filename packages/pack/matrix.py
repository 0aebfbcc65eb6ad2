"""The platforms of `packages/matrix.toml`."""

import platform
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Where cargo puts the version of everything.
VERSION: str = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]

# By the system in the target: before and after the name of a shared library, the static library, the program.
NAMES = {
    "linux": ("lib", ".so", "libkassa.a", "kassa"),
    "darwin": ("lib", ".dylib", "libkassa.a", "kassa"),
    "windows": ("", ".dll", "kassa.lib", "kassa.exe"),
}


@dataclass(frozen=True)
class Platform:
    """A row of the matrix."""

    name: str
    target: str
    wheel: str
    node: dict[str, str]
    runner: str
    tested: bool
    glibc: str | None = None

    @property
    def names(self) -> tuple[str, str, str, str]:
        return NAMES[self.target.split("-")[2]]

    def shared(self, crate: str) -> str:
        """What cargo calls a shared library here."""
        before, after, _, _ = self.names
        return f"{before}{crate}{after}"

    @property
    def static(self) -> str:
        return self.names[2]

    @property
    def program(self) -> str:
        return self.names[3]


def platforms() -> list[Platform]:
    """All of them."""
    rows = tomllib.loads((ROOT / "packages/matrix.toml").read_text())["platform"]
    return [Platform(**row) for row in rows]


def this_machine() -> str:
    """The name of the platform that this program runs on."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    system = platform.system().lower()
    libc = ("-gnu" if platform.libc_ver()[0] == "glibc" else "-musl") if system == "linux" else ""
    return f"{system}-{machine}{libc}"


def named(name: str) -> Platform:
    """A platform by its name; none is this machine's."""
    wanted = name or this_machine()
    for row in platforms():
        if row.name == wanted:
            return row
    raise SystemExit(f"no platform {wanted} in packages/matrix.toml; there are {', '.join(row.name for row in platforms())}")
