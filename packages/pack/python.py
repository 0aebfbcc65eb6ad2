"""The wheel: one for every Python from 3.9 on."""

import subprocess
import sys
from pathlib import Path

from files import put, put_common, tracked
from matrix import ROOT, VERSION, Platform


def pack(platform: Platform, native: Path, sboms: Path | None, stage: Path, out: Path) -> list[Path]:
    """Lays the package out and has `wheel` pack it; what stands in pyproject.toml maturin writes down."""
    for path in tracked("py/python/kassa"):
        put(ROOT / path, stage / path.relative_to("py/python"))
    put(native / platform.shared("kassa_native"), stage / "kassa" / module(platform))
    put(native / platform.program, stage / "kassa/bin" / platform.program, program=True)
    tool(["-m", "maturin", "pep517", "write-dist-info", "--metadata-directory", str(stage), "--interpreter", sys.executable], ROOT / "py")
    info = stage / f"kassa-{VERSION}.dist-info"
    (info / "WHEEL").write_text(
        f"Wheel-Version: 1.0\nGenerator: kassa\nRoot-Is-Purelib: false\nTag: cp39-abi3-{platform.wheel}\n"
    )
    put_common(info / "licenses")
    if sboms:
        put(sboms / f"kassa-python-{platform.target}.cdx.json", info / f"sboms/kassa-python-{platform.target}.cdx.json")
    tool(["-m", "wheel", "pack", str(stage), "--dest-dir", str(out)], ROOT)
    return [out / f"kassa-{VERSION}-cp39-abi3-{platform.wheel}.whl"]


def module(platform: Platform) -> str:
    """What Python calls the module here."""
    return "_native.pyd" if platform.program.endswith(".exe") else "_native.abi3.so"


def tool(arguments: list[str], folder: Path) -> None:
    """Runs one of the tools beside this Python."""
    ran = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{ran.stdout}{ran.stderr}")
