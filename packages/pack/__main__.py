"""Makes the packages of a platform from what was built for it: `make dist`.

--native is a folder with the shared libraries and the program as cargo calls them: target/native/PLATFORM, which packages/build
fills, or target/debug for a quick look. --sbom is where `make sbom` wrote; without it the packages have none.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import c
import node
import php
import python
import rust
from matrix import ROOT, named

PACKERS = {"python": python, "node": node, "php": php, "c": c, "rust": rust}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--platform", default="", help="a name in packages/matrix.toml; this machine's if it is left out")
    arguments.add_argument("--describe", metavar="PLATFORM", help="only prints what packages/build asks for")
    arguments.add_argument("--native", type=Path, help="what was built (target/native/PLATFORM)")
    arguments.add_argument("--sbom", type=Path, help="the SBOMs")
    arguments.add_argument("--out", type=Path, default=ROOT / "target/dist", help="where the packages go (target/dist)")
    arguments.add_argument("--only", default=",".join(PACKERS), help="some of " + ",".join(PACKERS))
    given = arguments.parse_args()
    if given.describe is not None:
        row = named(given.describe)
        print(row.name, row.target, row.glibc or "-", *(name or "-" for name in row.names))
        return
    platform = named(given.platform)
    native = (given.native or ROOT / "target/native" / platform.name).resolve()
    # Whatever has a time in a package has that of the commit.
    commit = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    os.environ["SOURCE_DATE_EPOCH"] = commit
    shutil.rmtree(given.out, ignore_errors=True)
    given.out.mkdir(parents=True)
    for name in given.only.split(","):
        with tempfile.TemporaryDirectory() as stage:
            for made in PACKERS[name].pack(platform, native, given.sbom, Path(stage), given.out.resolve()):
                print(hashlib.sha256(made.read_bytes()).hexdigest(), f"{made.stat().st_size:>10}", made.name)


if __name__ == "__main__":
    main()
