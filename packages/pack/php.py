"""The Composer archive: PHP, and the library in `lib/PLATFORM`, so that nothing has to be set."""

import json
from pathlib import Path

from files import put, put_common, tracked, zipped
from matrix import ROOT, VERSION, Platform

# What is there for our own tests.
LEFT_OUT = ("php/tests",)


def pack(platform: Platform, native: Path, sboms: Path | None, stage: Path, out: Path) -> list[Path]:
    """Composer takes it as it is from a repository of type `artifact`, which reads the version from it."""
    for path in tracked("php"):
        if not str(path).startswith(LEFT_OUT):
            put(ROOT / path, stage / path.relative_to("php"), program=path.parts[1] == "bin")
    manifest = json.loads((ROOT / "php/composer.json").read_text())
    (stage / "composer.json").write_text(json.dumps({**manifest, "version": VERSION}, indent=4, ensure_ascii=False) + "\n")
    library = stage / "lib" / platform.name
    put(native / platform.shared("kassa"), library / platform.shared("kassa"))
    put(native / platform.program, library / platform.program, program=True)
    if sboms:
        put(sboms / f"libkassa-{platform.target}.cdx.json", library / "libkassa.cdx.json")
    put_common(stage)
    return [zipped(stage, out / f"kassa-php-{VERSION}-{platform.name}.zip")]
