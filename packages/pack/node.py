"""The npm packages: `kassa`, and one with the native library for each platform."""

import json
import subprocess
from pathlib import Path

from files import put, put_common, tracked
from matrix import ROOT, VERSION, Platform, platforms

# What the main package and those of the platforms say alike.
SHARED = ("version", "license", "homepage", "repository", "bugs", "engines")


def pack(platform: Platform, native: Path, sboms: Path | None, stage: Path, out: Path) -> list[Path]:
    """Packs the package of this platform, and the main one, which asks for all of them."""
    manifest = json.loads((ROOT / "node/package.json").read_text())
    return [main(manifest, stage / "kassa", out), of_platform(manifest, platform, native, sboms, stage / "platform", out)]


def main(manifest: dict[str, object], stage: Path, out: Path) -> Path:
    """JavaScript and types; npm installs that one of the packages of the platforms which fits."""
    wanted = {name(row): VERSION for row in platforms()}
    wanted_files = [Path(name) for name in manifest["files"]]  # type: ignore[attr-defined]
    for path in tracked("node"):
        file = path.relative_to("node")
        if any(name in (file, *file.parents) for name in wanted_files):
            put(ROOT / path, stage / file, program=file.parts[0] == "bin")
    kept = {key: value for key, value in manifest.items() if key not in ("devDependencies", "scripts")}
    return packed(stage, {**kept, "optionalDependencies": wanted}, ROOT / "node/README.md", out)


def of_platform(
    manifest: dict[str, object], platform: Platform, native: Path, sboms: Path | None, stage: Path, out: Path
) -> Path:
    """The native library and the program."""
    module = f"kassa.{platform.node['name']}.node"
    put(native / platform.shared("kassa_node"), stage / module)
    put(native / platform.program, stage / "bin" / platform.program, program=True)
    if sboms:
        put(sboms / f"kassa-node-{platform.target}.cdx.json", stage / f"sboms/kassa-node-{platform.target}.cdx.json")
    libc = {"libc": [platform.node["libc"]]} if "libc" in platform.node else {}
    own = {
        "name": name(platform),
        "description": f"The native library of kassa for {platform.name}; install kassa, which asks for it",
        "main": module,
        "os": [platform.node["os"]],
        "cpu": [platform.node["cpu"]],
        **libc,
        **{key: manifest[key] for key in SHARED if key in manifest},
    }
    readme = stage / "README.md"
    readme.write_text(f"# {name(platform)}\n\n{own['description']}: `npm install kassa`.\n")
    return packed(stage, own, readme, out)


def name(platform: Platform) -> str:
    """Of the npm package with a platform's library; node/native.js looks for it."""
    return f"kassa-{platform.node['name']}"


def packed(stage: Path, manifest: dict[str, object], readme: Path, out: Path) -> Path:
    put_common(stage)
    if readme != stage / "README.md":
        put(readme, stage / "README.md")
    (stage / "package.json").write_text(json.dumps(manifest, indent=2) + "\n")
    command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(out)]
    subprocess.run(command, cwd=stage, check=True, stdout=subprocess.DEVNULL)
    return out / f"{manifest['name']}-{manifest['version']}.tgz"
