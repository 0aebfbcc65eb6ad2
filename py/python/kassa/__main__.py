"""The program `kassa` that lies in the package: `python -m kassa`, and the commands `kassa` and `kassa-emulator`."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

PROGRAM = Path(__file__).parent / "bin" / ("kassa.exe" if os.name == "nt" else "kassa")

MISSING = """kassa: the program {program} cannot be run: {why}
It is in the wheels that are made for a platform; a build from source has the module alone. Install a wheel:
`pip install --force-reinstall --only-binary kassa kassa`. From a checkout: `cargo run --package kassa-cli -- --help`.
"""


def main() -> NoReturn:
    """Runs it with the arguments of this process and ends as it ends."""
    run(sys.argv[1:])


def emulator() -> NoReturn:
    """Runs its emulator of the vendors."""
    run(["emulator", *sys.argv[1:]])


def run(arguments: "list[str]") -> NoReturn:
    """Runs it in place of this process, where the system can do that."""
    command = [str(PROGRAM), *arguments]
    try:
        if os.name != "nt":
            os.execv(PROGRAM, command)
        sys.exit(subprocess.call(command))
    except OSError as error:
        sys.stderr.write(MISSING.format(program=PROGRAM, why=error.strerror))
        sys.exit(1)


if __name__ == "__main__":
    main()
