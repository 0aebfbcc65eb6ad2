"""The wheel as users get it: one for every Python from 3.9 on, complete, installable."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import kassa

PACKAGE = Path(__file__).parent.parent


def test_wheel(tmp_path):
    maturin = [sys.executable, "-m", "maturin", "build", "--out", str(tmp_path / "dist"), "--quiet"]
    subprocess.run(maturin, cwd=PACKAGE, check=True)
    [wheel] = (tmp_path / "dist").iterdir()
    assert wheel.name.startswith(f"kassa-{kassa.__version__}-cp39-abi3-")
    archive = zipfile.ZipFile(wheel)
    names = archive.namelist()
    assert len(names) == len(set(names))
    assert {"kassa/py.typed", "kassa/_native.abi3.so", "kassa/_native.pyi", "kassa/types.py"} <= set(names)
    about = f"kassa-{kassa.__version__}.dist-info"
    assert {f"{about}/licenses/LICENSE-MIT", f"{about}/licenses/LICENSE-APACHE"} <= set(names)
    assert archive.read(f"{about}/licenses/LICENSE-MIT") == (PACKAGE.parent / "LICENSE-MIT").read_bytes()
    commands = archive.read(f"{about}/entry_points.txt").decode()
    assert "kassa=kassa.__main__:main" in commands and "kassa-emulator=kassa.__main__:emulator" in commands
    metadata = archive.read(f"{about}/METADATA").decode()
    assert "https://github.com/kassa/kassa" in metadata
    assert (PACKAGE / "README.md").read_text("utf-8") in metadata
    assert b"test_echo" not in archive.read("kassa/_native.abi3.so")

    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", tmp_path / "site", wheel],
        check=True,
    )
    program = "import kassa, kassa.types; print(kassa.__file__, kassa.__version__)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout == f"{tmp_path / 'site' / 'kassa' / '__init__.py'} {kassa.__version__}\n"
