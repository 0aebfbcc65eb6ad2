"""What is wrong with an SBOM is found: one that is right, and each thing that can be wrong with it."""

import copy
from collections.abc import Callable

import pytest
from sbom import ARTIFACTS, ROOT, Bom, Lock, faults, named, only

LOCK: Lock = {("kassa", "0.1.0"): None, ("libsqlite3-sys", "0.39.1"): "aa", ("time", "0.3.0"): "bb", ("tempfile", "3.0.0"): "cc"}
LINKED = {("kassa", "0.1.0"), ("libsqlite3-sys", "0.39.1"), ("time", "0.3.0")}
SQLITE = {"name": "sqlite", "version": "3.54.1", "bom-ref": "sqlite@3.54.1", "purl": "pkg:generic/sqlite@3.54.1",
          "licenses": [{"license": {"id": "blessing"}}]}
WANTED = LINKED | {("sqlite", "3.54.1")}


def told(name: str, version: str) -> Bom:
    """A crate as cargo-cyclonedx tells it."""
    checksum = LOCK[name, version]
    return {"name": name, "version": version, "bom-ref": f"path+file:///somewhere/{name}#{version}",
            "purl": f"pkg:cargo/{name}@{version}", "licenses": [{"expression": "MIT"}],
            **({"hashes": [{"alg": "SHA-256", "content": checksum}]} if checksum else {})}


def right() -> Bom:
    """The SBOM of libkassa, of what cargo-cyclonedx told; `tempfile` is of the tests."""
    crates = [told(*crate) for crate in LOCK]
    kassa, sqlite, time, tempfile = (crate["bom-ref"] for crate in crates)
    root = {"name": "kassa-ffi", "version": "0.1.0", "bom-ref": "path+file:///somewhere/ffi-c#0.1.0", "components": [{}]}
    edges = {root["bom-ref"]: [kassa], kassa: [sqlite, time, tempfile], sqlite: [], time: [], tempfile: []}
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"component": root}, "components": crates,
           "dependencies": [{"ref": ref, "dependsOn": on} for ref, on in edges.items()]}
    return only(bom, ARTIFACTS[0], LINKED, [copy.deepcopy(SQLITE)])


def edge(bom: Bom, ref: str) -> list[str]:
    """What a component needs."""
    needed: list[str] = next(edge["dependsOn"] for edge in bom["dependencies"] if edge["ref"] == ref)
    return needed


def test_what_is_right_has_no_fault() -> None:
    bom = right()
    assert faults(bom, WANTED, LOCK) == []
    assert [component["bom-ref"] for component in bom["components"]] == [
        "kassa@0.1.0", "libsqlite3-sys@0.39.1", "sqlite@3.54.1", "time@0.3.0"]
    assert edge(bom, "libsqlite3-sys@0.39.1") == ["sqlite@3.54.1"]
    assert bom["metadata"]["component"]["purl"] == "pkg:generic/libkassa@0.1.0"


# Components are, in this order: kassa, libsqlite3-sys, sqlite, time.
@pytest.mark.parametrize(("harm", "fault"), [
    (lambda bom: bom.update(specVersion="1.3"), "it is not CycloneDX 1.5"),
    (lambda bom: bom.update(serialNumber="urn:uuid:1"), "it has a number that is new each time"),
    (lambda bom: bom["components"][0].update(purl=f"pkg:cargo/kassa#{ROOT}/core"), "a folder of this machine is in it"),
    (lambda bom: bom["components"].pop(3), "time 0.3.0 is missing"),
    (lambda bom: bom["components"].pop(2), "sqlite 3.54.1 is missing"),
    (lambda bom: bom["components"].append(bom["components"][3]), "time 0.3.0 is there 2 times"),
    (lambda bom: bom["components"].append(told("tempfile", "3.0.0")), "tempfile 3.0.0 is not in the artifact"),
    (lambda bom: bom["components"][3].update(version="0.3.1"), "time 0.3.1 is not in Cargo.lock"),
    (lambda bom: bom["components"][3].update({"bom-ref": "kassa@0.1.0"}), "two components have one reference"),
    (lambda bom: edge(bom, "kassa@0.1.0").remove("time@0.3.0"), "nothing needs time@0.3.0"),
    (lambda bom: edge(bom, "kassa@0.1.0").append("url@2.0.0"), "url@2.0.0 is needed and missing"),
    (lambda bom: bom["components"][0].update(licenses=[]), "kassa 0.1.0 has no licence"),
    (lambda bom: bom["components"][2].pop("purl"), "sqlite 3.54.1 has no purl"),
    (lambda bom: bom["components"][3].pop("hashes"), "time 0.3.0 has not the checksum of Cargo.lock"),
    (lambda bom: bom["components"][3]["hashes"][0].update(content="dd"), "time 0.3.0 has not the checksum of Cargo.lock"),
])
def test_what_is_wrong_is_found(harm: Callable[[Bom], object], fault: str) -> None:
    bom = right()
    harm(bom)
    assert fault in faults(bom, WANTED, LOCK)


def test_a_package_has_its_name_in_both_forms_of_its_id() -> None:
    assert named("registry+https://github.com/rust-lang/crates.io-index#time@0.3.0") == ("time", "0.3.0")
    assert named("path+file:///somewhere/model#0.1.0") == ("model", "0.1.0")
