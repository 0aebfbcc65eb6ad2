"""Has libFuzzer try every target of `tests/fuzz`; the last line is one of JSON.

`make fuzz`, or `make fuzz ARGS="--seconds 60 --only answers,abi"`; `--write docs/security.md` puts the figures there.
Each target has a processor of its own; as many run side by side as there are.
An input that breaks a property is left in `target/fuzz/artifacts`, and counts as a crash.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "tests/fuzz"
BUILD = ROOT / "target/fuzz"
TOOLS = ROOT / "target/tools"
NAMES = sorted(path.stem for path in (FOLDER / "cargo-fuzz/fuzz_targets").glob("*.rs"))
CARGO_FUZZ = "0.13.2"
BEGIN, END = "<!-- fuzz: begin -->", "<!-- fuzz: end -->"
# The sanitizers are there in the nightly toolchain only.
NIGHTLY = {**os.environ, "RUSTUP_TOOLCHAIN": "nightly"}
# An execution that lasts longer, or takes more memory, is a finding too.
LIMITS = ["-timeout=30", "-rss_limit_mb=4096", "-max_len=16384", "-print_funcs=0"]
# Of a whole client each execution reaches so much that counting how often takes longer than the execution.
COUNTED = {"answers"}


def cargo_fuzz() -> Path:
    """Where cargo-fuzz is; it is installed if it is not there."""
    program = TOOLS / "bin/cargo-fuzz"
    if not program.exists():
        command = ["cargo", "install", "--quiet", "--locked", "--root", str(TOOLS), f"cargo-fuzz@{CARGO_FUZZ}"]
        subprocess.run(command, check=True)
    return program


def fuzz(*arguments: str) -> list[str]:
    """A command of cargo-fuzz."""
    folders = ["--fuzz-dir", str(FOLDER / "cargo-fuzz"), "--target-dir", str(BUILD)]
    return [str(cargo_fuzz()), *arguments[:1], *folders, *arguments[1:]]


def found(pattern: str, text: str) -> int | None:
    """The last number that a pattern finds."""
    numbers = re.findall(pattern, text)
    return int(numbers[-1]) if numbers else None


def run(name: str, seconds: int) -> dict[str, Any]:
    """Runs a target; what it learns stays in `target/fuzz/corpus` for the next run."""
    learned, broken = BUILD / "corpus" / name, BUILD / "artifacts" / name
    shutil.rmtree(broken, ignore_errors=True)
    for folder in (learned, broken):
        folder.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", "-print_final_stats=1", f"-artifact_prefix={broken}/", *LIMITS]
    options += [] if name in COUNTED else ["-use_counters=0"]
    print(f"== {name}", flush=True)
    command = fuzz("run", name, str(learned), str(FOLDER / "corpus" / name), "--", *options)
    began = time.monotonic()
    ran = subprocess.run(command, env=NIGHTLY, stderr=subprocess.PIPE, text=True, errors="replace")
    crashes = sorted(str(path.relative_to(ROOT)) for path in broken.iterdir())
    line: dict[str, Any] = {
        "executions": found(r"stat::number_of_executed_units: (\d+)", ran.stderr) or 0,
        "edges": found(r"cov: (\d+)", ran.stderr) or 0,
        "features": found(r" ft: (\d+)", ran.stderr) or 0,
        "seconds": round(time.monotonic() - began),
        "crashes": len(crashes),
        "ok": ran.returncode == 0 and not crashes,
    }
    if not line["ok"]:
        print(ran.stderr[-6000:], *crashes, sep="\n", flush=True)
    print(json.dumps({name: line}), flush=True)
    return line


def table(lines: dict[str, dict[str, Any]], command: str) -> str:
    """The figures as a page has them."""
    rows = [f"| `{name}` | {line['executions']:,} | {line['edges']:,} | {line['features']:,} | {line['seconds']} | {line['crashes']} |"
            for name, line in lines.items()]
    head = "| target | executions | edges | features | seconds | crashes |\n|---|--:|--:|--:|--:|--:|"
    return "\n".join([f"Written by `{command}`.", "", head, *rows])


def write(page: Path, text: str) -> None:
    """Puts the figures between the marks of a page."""
    before, rest = page.read_text().split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=int, default=600, help="for each target (600)")
    arguments.add_argument("--only", metavar="NAMES", help=f"some of {','.join(NAMES)}")
    processors = len(os.sched_getaffinity(0))
    arguments.add_argument("--jobs", type=int, default=processors, help=f"targets at the same time ({processors})")
    arguments.add_argument("--write", metavar="PAGE", help="a page with the marks for the figures")
    given = arguments.parse_args()
    wanted = given.only.split(",") if given.only else NAMES
    if unknown := set(wanted) - set(NAMES):
        arguments.error(f"no such target: {', '.join(sorted(unknown))}")
    subprocess.run(fuzz("build"), env=NIGHTLY, check=True)
    with ThreadPoolExecutor(given.jobs) as side_by_side:
        lines = dict(zip(wanted, side_by_side.map(lambda name: run(name, given.seconds), wanted)))
    if given.write:
        write(ROOT / given.write, table(lines, f'make fuzz ARGS="{" ".join(sys.argv[1:])}"'))
    ok = all(line["ok"] and line["executions"] > 0 for line in lines.values())
    total = {key: sum(line[key] for line in lines.values()) for key in ("executions", "crashes")}
    print(json.dumps({"targets": len(lines), **total, "of": lines, "ok": ok}, separators=(",", ":")))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
