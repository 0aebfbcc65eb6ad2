"""valgrind over loops of PHP and Python; only what has a frame of the library counts."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
sys.path.insert(0, str(ROOT / "tests/languages"))

from harness import FOUND, Emulator, receipt  # noqa: E402

PROGRAMS = {"php": ["php", str(FOLDER / "loop.php")], "python": [sys.executable, str(FOLDER / "loop.py")]}
# What an interpreter loses at its end is lost once; the library's losses grow with the rounds.
FEW, MANY = 5, 25
# Objects whose frames count; `faulty` is the proof that something can be found.
OURS = ("libkassa", "_native", "libfaulty")
# Interpreters that hand out their own memory hide what becomes of it.
PLAIN = {"USE_ZEND_ALLOC": "0", "PYTHONMALLOC": "malloc"}


class Found(NamedTuple):
    """Errors in frames of the library, and blocks of its that nothing points to."""

    errors: list[str]
    lost: int


def is_ours(error: ET.Element) -> bool:
    objects = (Path(frame.text or "").name for frame in error.iterfind("./stack/frame/obj"))
    return any(name.startswith(OURS) for name in objects)


def read(report: Path) -> Found:
    errors, lost = [], 0
    for error in ET.parse(report).getroot().iterfind("error"):
        if not is_ours(error):
            continue
        kind = error.findtext("kind") or ""
        if kind.startswith("Leak_"):
            lost += int(error.findtext("xwhat/leakedblocks") or 0)
        else:
            functions = [frame.findtext("fn") or "?" for frame in error.iterfind("./stack[1]/frame")]
            errors.append(f"{kind} in {' < '.join(functions[:6])}")
    return Found(errors, lost)


def loop(language: str, rounds: int, folder: Path, environment: dict[str, str], faulty: list[str]) -> Found:
    report = folder / f"{language}-{rounds}.xml"
    options = ["--xml=yes", f"--xml-file={report}", "--leak-check=full", "--show-leak-kinds=definite", "--num-callers=40"]
    # PHP unloads the library before it ends.
    options.append("--keep-debuginfo=yes")
    command = ["valgrind", "--quiet", *options, *PROGRAMS[language], str(rounds), *faulty]
    ran = subprocess.run(command, env={**os.environ, **FOUND, **PLAIN, **environment}, capture_output=True, text=True)
    if f"{rounds} rounds" not in ran.stdout:
        raise RuntimeError(f"{language}: the loop ended with {ran.returncode}: {ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return read(report)


def run(language: str, folder: Path, library: Path) -> dict[str, Any]:
    """Two loops of different length, and two that are faulty on purpose."""
    emulator = Emulator()
    config = {**emulator.configs["modulkassa"], "journal": f"sqlite:{folder / f'{language}.sqlite'}", "timeout_ms": 60_000}
    sale = {name: value for name, value in receipt("").items() if name != "id"}
    environment = {"KASSA_LOOP_CONFIG": json.dumps(config), "KASSA_LOOP_RECEIPT": json.dumps(sale)}
    few, many = (loop(language, rounds, folder, environment, []) for rounds in (FEW, MANY))
    less, more = (loop(language, rounds, folder, environment, [str(library)]) for rounds in (2, 4))
    emulator.stop()
    grown = many.lost - few.lost
    for error in many.errors:
        print(f"{language}: {error}")
    if grown > 0:
        print(f"{language}: {few.lost} blocks lost in {FEW} rounds, {many.lost} in {MANY}")
    return {
        "rounds": FEW + MANY,
        "lost_once": few.lost,
        "reports": len(many.errors) + (grown > 0),
        "can_fail": bool(more.errors) and more.lost > less.lost,
    }
