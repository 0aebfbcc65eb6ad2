"""Writes what is in each artifact, as CycloneDX, into `target/sbom`, and checks it; the last line is one of JSON.

`make sbom`, or `make sbom ARGS="--target aarch64-apple-darwin"` for what ships to another platform. cargo-cyclonedx knows
licences, hashes and addresses of the crates. What it does not know is added or taken away here: it takes the features of
the whole workspace together, counts macros among what is linked, knows neither SQLite nor the standard library, and names
crates by folders of this machine.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
# What cargo-cyclonedx calls its files, one next to each Cargo.toml of the workspace, until they are read.
FRESH = "kassa-fresh-sbom"

Bom = dict[str, Any]
# Names with versions; the checksum of each in Cargo.lock, if it comes from the registry.
Crates = set[tuple[str, str]]
Lock = dict[tuple[str, str], str | None]


@dataclass(frozen=True)
class Artifact:
    """Something that is handed out: its name, the crate and its folder, what it is called elsewhere, what cargo builds."""

    name: str
    crate: str
    folder: str
    purl: str
    built: tuple[str, ...] = ("--lib",)


ARTIFACTS = [
    Artifact("libkassa", "kassa-ffi", "ffi-c", "pkg:generic/libkassa"),
    Artifact("kassa-python", "kassa-py", "py", "pkg:pypi/kassa"),
    Artifact("kassa-node", "kassa-node", "node", "pkg:npm/kassa"),
    Artifact("kassa-rust", "kassa", "core", "pkg:cargo/kassa"),
    Artifact("kassa-program", "kassa-cli", "cli", "pkg:generic/kassa", ("--bin", "kassa")),
]


def told(*command: str, **more: str) -> str:
    """What a command prints, with some more of an environment."""
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **more}, check=True, stdout=subprocess.PIPE, text=True).stdout


def rustc(key: str) -> str:
    """What the compiler says of itself."""
    return dict(line.split(": ", 1) for line in told("rustc", "-vV").splitlines()[1:])[key]


def linked(crate: str, target: str) -> Crates:
    """The crates in an artifact, as cargo resolves them for it alone; macros and build scripts are not in it."""
    tree = told("cargo", "tree", "--locked", "--package", crate, "--target", target, "--edges", "normal,no-proc-macro",
                "--prefix", "none", "--format", "{p}")
    return {(name, version.removeprefix("v")) for name, version, *_ in map(str.split, filter(None, tree.splitlines()))}


def compiled(artifact: Artifact, target: str) -> Crates:
    """The same, from what cargo would compile: another part of cargo, so that each holds the other."""
    # The plan is not stable. It is only read, nothing is built.
    plan = told("cargo", "build", "--locked", "--release", "--package", artifact.crate, *artifact.built, "--target", target,
                "-Z", "unstable-options", "--unit-graph", RUSTC_BOOTSTRAP="1")
    units = [unit for unit in json.loads(plan)["units"] if unit["platform"] == target and unit["mode"] == "build"]
    return {named(unit["pkg_id"]) for unit in units}


def named(package: str) -> tuple[str, str]:
    """Name and version in cargo's id of a package: `...#name@1.0`, or `.../name#1.0`."""
    address, _, rest = package.partition("#")
    name, _, version = rest.rpartition("@")
    return name or address.rpartition("/")[2], version


def sqlite(target: str) -> dict[str, Any]:
    """The C library that libsqlite3-sys brings along."""
    known = told("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target)
    crate = next(package for package in json.loads(known)["packages"] if package["name"] == "libsqlite3-sys")
    source = Path(crate["manifest_path"]).parent / "sqlite3"
    found = re.search(r'#define SQLITE_VERSION +"([\d.]+)"', (source / "sqlite3.h").read_text())
    assert found, "libsqlite3-sys has no version of SQLite where it used to be"
    return {
        "type": "library",
        "bom-ref": f"sqlite@{found[1]}",
        "name": "sqlite",
        "version": found[1],
        "description": "The amalgamation that libsqlite3-sys compiles in; the hash is of its sqlite3.c",
        "scope": "required",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256((source / "sqlite3.c").read_bytes()).hexdigest()}],
        "licenses": [{"license": {"id": "blessing"}}],
        "cpe": f"cpe:2.3:a:sqlite:sqlite:{found[1]}:*:*:*:*:*:*:*",
        "purl": f"pkg:generic/sqlite@{found[1]}",
    }


def standard_library() -> dict[str, Any]:
    """What the compiler links into everything."""
    version = rustc("release")
    return {
        "type": "library",
        "bom-ref": f"std@{version}",
        "name": "std",
        "version": version,
        "description": "Rust's standard library, as it comes with the compiler",
        "scope": "required",
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "purl": f"pkg:generic/rust-std@{version}",
    }


def fresh(tool: str, target: str) -> list[Bom]:
    """What cargo-cyclonedx says of each artifact."""
    commit = told("git", "log", "-1", "--format=%ct").strip()
    try:
        # With the time of the commit it writes neither the time of day nor a number that is new each time.
        told(tool, "cyclonedx", "-qq", "--format", "json", "--spec-version", "1.5", "--target", target,
             "--no-build-deps", "--override-filename", FRESH, SOURCE_DATE_EPOCH=commit)
        return [json.loads((ROOT / artifact.folder / f"{FRESH}.json").read_text()) for artifact in ARTIFACTS]
    finally:
        for manifest in told("git", "ls-files", "*Cargo.toml").splitlines():
            (ROOT / manifest).with_name(f"{FRESH}.json").unlink(missing_ok=True)


def only(bom: Bom, artifact: Artifact, wanted: Crates, added: list[dict[str, Any]]) -> Bom:
    """An SBOM with what is linked and nothing else, and no folder of this machine."""
    root = bom["metadata"]["component"]
    refs = {root["bom-ref"]: artifact.name}
    kept = []
    for component in bom["components"]:
        name, version = component["name"], component["version"]
        if (name, version) in wanted:
            refs[component["bom-ref"]] = component["bom-ref"] = f"{name}@{version}"
            kept.append(component)
    root.pop("components", None)
    root |= {"bom-ref": artifact.name, "type": "library", "name": artifact.name, "purl": f"{artifact.purl}@{root['version']}"}
    edges = {refs[edge["ref"]]: {refs[on] for on in edge.get("dependsOn", []) if on in refs}
             for edge in bom["dependencies"] if edge["ref"] in refs}
    for component in added:
        # SQLite belongs to the crate that brings it, everything else that is added to the artifact.
        by = {ref for ref in edges if component["name"] == "sqlite" and ref.startswith("libsqlite3-sys@")} or {artifact.name}
        for ref in by:
            edges[ref].add(component["bom-ref"])
        edges[component["bom-ref"]] = set()
    bom["components"] = sorted(kept + added, key=lambda component: str(component["bom-ref"]))
    bom["dependencies"] = [{"ref": ref, "dependsOn": sorted(edges[ref])} for ref in sorted(edges)]
    return bom


def reached(bom: Bom) -> set[str]:
    """What the artifact depends on, by whatever way, and the artifact."""
    edges = {edge["ref"]: edge["dependsOn"] for edge in bom["dependencies"]}
    seen: set[str] = set()
    ahead = [bom["metadata"]["component"]["bom-ref"]]
    while ahead:
        ref = ahead.pop()
        if ref not in seen:
            seen.add(ref)
            ahead += edges.get(ref, [])
    return seen


def faults(bom: Bom, wanted: Crates, lock: Lock) -> list[str]:
    """What is wrong with an SBOM that must hold exactly `wanted`."""
    wrong = []
    if (bom.get("bomFormat"), bom.get("specVersion")) != ("CycloneDX", "1.5"):
        wrong.append("it is not CycloneDX 1.5")
    if "serialNumber" in bom:
        wrong.append("it has a number that is new each time")
    text = json.dumps(bom)
    wrong += ["a folder of this machine is in it" for folder in ("file:///", f"{ROOT}/", f"{Path.home()}/") if folder in text][:1]
    components, root = bom["components"], bom["metadata"]["component"]["bom-ref"]
    have = [(component["name"], component["version"]) for component in components]
    wrong += [f"{name} {version} is there {have.count((name, version))} times"
              for name, version in sorted(set(have)) if have.count((name, version)) > 1]
    wrong += [f"{name} {version} is missing" for name, version in sorted(wanted - set(have))]
    wrong += [f"{name} {version} is not in the artifact" for name, version in sorted(set(have) - wanted)]
    refs = {component["bom-ref"] for component in components} | {root}
    if len(refs) != len(components) + 1:
        wrong.append("two components have one reference")
    wrong += [f"nothing needs {ref}" for ref in sorted(refs - reached(bom))]
    wrong += [f"{ref} is needed and missing" for ref in sorted(reached(bom) - refs)]
    for component in components:
        name, version, purl = component["name"], component["version"], component.get("purl", "")
        if not component.get("licenses"):
            wrong.append(f"{name} {version} has no licence")
        if not purl:
            wrong.append(f"{name} {version} has no purl")
        if purl.startswith("pkg:cargo/") and (name, version) not in lock:
            wrong.append(f"{name} {version} is not in Cargo.lock")
        hashes = [entry["content"] for entry in component.get("hashes", []) if entry["alg"] == "SHA-256"]
        if (checksum := lock.get((name, version))) and hashes != [checksum]:
            wrong.append(f"{name} {version} has not the checksum of Cargo.lock")
    return wrong


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tool", required=True, help="where cargo-cyclonedx is")
    arguments.add_argument("--target", default=rustc("host"), help="a platform (this one)")
    given = arguments.parse_args()
    folder = ROOT / "target/sbom"
    folder.mkdir(parents=True, exist_ok=True)
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    lock: Lock = {(package["name"], package["version"]): package.get("checksum") for package in packages}
    added = [sqlite(given.target), standard_library()]
    lines, wrong = {}, []
    for artifact, bom in zip(ARTIFACTS, fresh(given.tool, given.target), strict=True):
        bom = only(bom, artifact, linked(artifact.crate, given.target), added)
        others = {crate for crate in compiled(artifact, given.target) if crate[0] != artifact.crate}
        wanted = others | {(component["name"], component["version"]) for component in added}
        wrong += [f"{artifact.name}: {fault}" for fault in faults(bom, wanted, lock)]
        text = json.dumps(bom, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        (folder / f"{artifact.name}-{given.target}.cdx.json").write_text(text)
        lines[artifact.name] = {"components": len(bom["components"]), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    print(*wrong, sep="\n", end="\n" if wrong else "", flush=True)
    print(json.dumps({"target": given.target, "of": lines, "faults": len(wrong), "ok": not wrong}, separators=(",", ":")))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
