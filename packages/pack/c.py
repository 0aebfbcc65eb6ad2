"""The C archive, and the program by itself."""

from pathlib import Path

from files import put, put_common, tarred
from matrix import ROOT, VERSION, Platform


def pack(platform: Platform, native: Path, sboms: Path | None, stage: Path, out: Path) -> list[Path]:
    """Header, libraries and pkg-config file, laid out as `make install` does; its Makefile installs it elsewhere."""
    folder = stage / f"kassa-c-{VERSION}-{platform.name}"
    put_common(folder)
    put(ROOT / "packages/c/README.md", folder / "README.md")
    recipe = (ROOT / "packages/c/Makefile").read_text()
    (folder / "Makefile").write_text(recipe.replace("version ?= unknown", f"version ?= {VERSION}"))
    for name, source in sources(platform, native).items():
        put(source, folder / name)
    if sboms:
        put(sboms / f"libkassa-{platform.target}.cdx.json", folder / "libkassa.cdx.json")
    program = stage / f"kassa-{VERSION}-{platform.name}"
    put_common(program)
    put(ROOT / "docs/command-line.md", program / "README.md")
    put(native / platform.program, program / platform.program, program=True)
    if sboms:
        put(sboms / f"kassa-program-{platform.target}.cdx.json", program / "kassa-program.cdx.json")
    return [tarred(made, out / f"{made.name}.tar.gz") for made in (folder, program)]


def sources(platform: Platform, native: Path) -> dict[str, Path]:
    """What the archive's Makefile installs, by its place in the archive."""
    files = {"kassa.h": ROOT / "include/kassa.h", "kassa.pc.in": ROOT / "packages/c/kassa.pc.in"}
    shared, static = platform.shared("kassa"), platform.static
    return {**files, shared: native / shared, static: native / static}
