"""The program `kassa` in the package: `python -m kassa`, and the two commands."""

import os
import subprocess
import sys
from pathlib import Path

import kassa
from kassa import __main__

COMMANDS = {
    "module": ["-m", "kassa"],
    "kassa": ["-c", "import sys; from kassa.__main__ import main; sys.exit(main())"],
    "kassa-emulator": ["-c", "import sys; from kassa.__main__ import emulator; sys.exit(emulator())"],
}
PRETENDED = """#!/bin/sh
printf '%s|' "$@"; cat; exit 7
"""


def package(folder, program=None, mode=0o755):
    """An environment in which the package has this program."""
    place = folder / "kassa"
    place.mkdir()
    for file in Path(kassa.__file__).parent.iterdir():
        if file.name != "bin":
            (place / file.name).symlink_to(file)
    # Found from itself, so it is no link.
    (place / "__main__.py").unlink()
    (place / "__main__.py").write_text(Path(__main__.__file__).read_text("utf-8"))
    if program is not None:
        (place / "bin").mkdir()
        (place / "bin" / "kassa").write_text(program)
        (place / "bin" / "kassa").chmod(mode)
    return {**os.environ, "PYTHONPATH": str(folder)}


def run(environment, name, *arguments):
    command = [sys.executable, *COMMANDS[name], *arguments]
    ended = subprocess.run(command, env=environment, input="in", capture_output=True, text=True, timeout=30)
    return ended.returncode, ended.stdout, ended.stderr


def test_arguments_streams_and_the_end_are_those_of_the_program(tmp_path):
    environment = package(tmp_path, PRETENDED)
    for name in ("module", "kassa"):
        assert run(environment, name, "show", "order 1001") == (7, "show|order 1001|in", "")
    assert run(environment, "kassa-emulator", "--port", "0") == (7, "emulator|--port|0|in", "")


def test_a_package_without_the_program_says_what_to_do(tmp_path):
    for folder, program, mode in [("missing", None, 0), ("damaged", PRETENDED, 0o644)]:
        (tmp_path / folder).mkdir()
        environment = package(tmp_path / folder, program, mode)
        for name in COMMANDS:
            code, told, why = run(environment, name)
            assert (code, told) == (1, "")
            assert str(tmp_path / folder) in why and "--only-binary kassa" in why and "cargo" in why


def test_a_native_library_that_does_not_load_is_named(tmp_path):
    package(tmp_path)
    native = tmp_path / "kassa" / "_native.abi3.so"
    native.unlink()
    for content in (None, b"", b"\x7fELF"):
        if content is not None:
            native.write_bytes(content)
        code, _, why = run({**os.environ, "PYTHONPATH": str(tmp_path)}, "module")
        assert code == 1
        last = why.splitlines()[-1]
        assert "ImportError: kassa" in last and "does not load here" in last and "pip install" in last
