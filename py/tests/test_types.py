"""The types: of the package, of what the pages and examples show, and against what there is at run time."""

import json
import os
import re
import subprocess
import sys
import tomllib
import typing
from pathlib import Path

import pytest
from conftest import ROOT, environment

import kassa.types

PACKAGE = ROOT / "py"
PYRIGHT = ["node", str(PACKAGE / "tests/types/node_modules/pyright/index.js")]
SHOWN = [ROOT / "README.md", PACKAGE / "README.md"]


def check(*command, folder=PACKAGE):
    ended = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Every Python block of the pages that stand alone, each as a file."""
    folder, found = tmp_path_factory.mktemp("shown"), []
    for page in SHOWN:
        blocks = re.findall(r"```python(?: fresh)?\n(.*?)```", page.read_text("utf-8"), re.S)
        assert blocks, page
        for block in blocks:
            found.append(folder / f"block_{len(found)}.py")
            found[-1].write_text(block)
    return found


def test_mypy(shown):
    check(sys.executable, "-m", "mypy")
    check(sys.executable, "-m", "mypy", *map(str, shown))


def test_pyright(shown, tmp_path):
    config = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))["tool"]["pyright"]
    for name in ("include", "extraPaths"):
        config[name] = [os.path.relpath(PACKAGE / path, tmp_path) for path in config[name]]
    config["include"].append(os.path.relpath(shown[0].parent, tmp_path))
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    told = json.loads(check(*PYRIGHT, "--outputjson", "--project", str(tmp_path)))
    assert told["generalDiagnostics"] == []
    # The package, the sample, the examples, the pages.
    assert told["summary"]["filesAnalyzed"] >= len(list((PACKAGE / "python/kassa").glob("*.py"))) + 3 + len(shown)


def test_stubtest(tmp_path):
    # It takes a name for several literals for a union, which at run time it is not.
    words = [name for name, of in vars(kassa.types).items() if typing.get_origin(of) is typing.Literal]
    (tmp_path / "allowed").write_text("".join(f"kassa.types.{name}\n" for name in words))
    options = ["--allowlist", str(tmp_path / "allowed"), "--mypy-config-file", str(PACKAGE / "pyproject.toml")]
    check(str(Path(sys.executable).with_name("stubtest")), "kassa", *options, folder=PACKAGE / "python")
