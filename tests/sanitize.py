"""Sanitizers over the suites, and the search for marked secrets; the last line is one of JSON.

`make sanitize`, or `make sanitize ARGS="--only rust,secrets"`; `--write docs/security.md` puts the figures there. Each
run first, or beside itself, reports a program that is faulty on purpose; one that lets it pass counts as failed.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

from sanitizers import loops, marked

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "tests/sanitizers"
BUILD = Path(os.environ.get("KASSA_BUILD", ROOT / "target/debug"))
OUT = ROOT / "target/sanitize"
TARGET = "x86_64-unknown-linux-gnu"
BEGIN, END = "<!-- sanitize: begin -->", "<!-- sanitize: end -->"
# The sanitizers are there in the nightly toolchain only.
NIGHTLY = {**os.environ, "RUSTUP_TOOLCHAIN": "nightly"}
# Test binaries that reach the process-wide host, both engines of the journal, delivery, hostile vendors, and any bytes at
# every border. The others would take hours with a sanitizer and reach little more.
TESTS = {"kassa": ["host", "journal", "delivery", "hostile"], "fuzz-targets": ["replay", "abi"]}
FEATURES = "kassa/testing,kassa/failpoints,kassa/host"
Line = dict[str, Any]


def faulty(sanitizer: str) -> str:
    """The faulty Rust program with a sanitizer."""
    program = OUT / f"faulty-{sanitizer}"
    # The standard library is not built with the sanitizer. For `address` that costs nothing but what is seen of it.
    mixed = ["-Cunsafe-allow-abi-mismatch=sanitizer"] if sanitizer == "thread" else []
    command = ["rustc", "--edition", "2024", "-g", f"-Zsanitizer={sanitizer}", *mixed, "--target", TARGET]
    subprocess.run([*command, str(HERE / "faulty.rs"), "-o", str(program)], env=NIGHTLY, check=True)
    return str(program)


def says(command: list[str], text: str, environment: dict[str, str] | None = None) -> bool:
    """Whether a program says it; with other options of a sanitizer than the ones around it."""
    ran = subprocess.run(command, env={**os.environ, **(environment or {})}, capture_output=True, text=True, errors="replace")
    return text in ran.stdout + ran.stderr


def c_program(source: Path, name: str, *options: str) -> str:
    program = OUT / name
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-g", f"-I{ROOT / 'include'}", *options]
    subprocess.run(["cc", *flags, str(source), "-o", str(program), "-pthread"], check=True)
    return str(program)


def rust() -> Line:
    """AddressSanitizer and LeakSanitizer over test binaries of the core and the corpora of the fuzzers."""
    program = faulty("address")
    proofs = [says([program, "read_freed"], "heap-use-after-free"), says([program, "leak"], "LeakSanitizer")]
    proofs.append(not says([program, "fine"], "Sanitizer"))
    reports = OUT / "reports"
    reports.mkdir(exist_ok=True)
    for old in reports.iterdir():
        old.unlink()
    environment = {
        **NIGHTLY,
        "RUSTFLAGS": "-Zsanitizer=address",
        "CARGO_TARGET_DIR": str(OUT / "cargo"),
        "ASAN_OPTIONS": f"detect_leaks=1:log_path={reports}/asan",
        "LSAN_OPTIONS": f"suppressions={HERE}/lsan.supp:print_suppressions=0",
    }
    command = ["cargo", "--locked", "test", "--no-fail-fast", "--target", TARGET, "--features", FEATURES]
    for package, tests in TESTS.items():
        command += ["-p", package, *(word for test in tests for word in ("--test", test))]
    ran = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, errors="replace")
    found = sorted(reports.iterdir())
    for report in found:
        print(report.read_text(errors="replace")[:4000])
    passed = sum(int(number) for number in re.findall(r"(\d+) passed", ran.stdout))
    if ran.returncode != 0:
        print(ran.stdout[-6000:])
    names = [name for tests in TESTS.values() for name in tests]
    return {"of": names, "tests": passed, "reports": len(found), "can_fail": all(proofs), "ended_well": ran.returncode == 0}


def c() -> Line:
    """The C suite under valgrind and AddressSanitizer; it proves by itself that both are on."""
    ran = subprocess.run([str(ROOT / "tests/c/run.sh"), str(BUILD)], capture_output=True, text=True, errors="replace")
    if ran.returncode != 0:
        print(ran.stdout[-3000:], ran.stderr[-6000:])
    passed = sum(int(number) for number in re.findall(r"(\d+) passed", ran.stdout))
    return {"tests": passed, "reports": int(ran.returncode != 0), "can_fail": "AddressSanitizer is on" in ran.stdout}


def threads() -> Line:
    """ThreadSanitizer over the C side of the C suite: sixteen threads on one client."""
    proof = says([c_program(HERE / "faulty.c", "faulty-race", "-fsanitize=thread"), "race"], "data race")
    options = ["-fsanitize=thread", f"-L{BUILD}", "-lkassa"]
    program = c_program(ROOT / "tests/c/boundary.c", "boundary-thread", *options)
    # How the library's own threads wait for each other is not seen, so what they do is left out.
    settings = {"TSAN_OPTIONS": "ignore_noninstrumented_modules=1:die_after_fork=0:exitcode=0", "LD_LIBRARY_PATH": str(BUILD)}
    ran = subprocess.run([program], env={**os.environ, **settings}, capture_output=True, text=True, errors="replace")
    reports = ran.stderr.count("WARNING: ThreadSanitizer")
    if reports or ran.returncode != 0:
        print(ran.stdout, ran.stderr[:6000])
    passed = sum(int(number) for number in re.findall(r"(\d+) passed", ran.stdout))
    return {"tests": passed, "reports": reports, "can_fail": proof, "ended_well": ran.returncode == 0}


def rust_threads() -> Line:
    """ThreadSanitizer over Rust needs a standard library that is built with it; without, it accuses what is right."""
    program = faulty("thread")
    # It depends on how its threads happen to meet.
    if any(says([program, "fine"], "data race") for _ in range(50)):
        reason = "the toolchain has no source of the standard library, and with one that is not built with the sanitizer a \
correct program (tests/sanitizers/faulty.rs, `fine`) is reported"
        return {"not_carried_out": reason}
    return {"not_carried_out": "it has become possible: `fine` is not reported; the suites have to be added here"}


def interpreter(language: str) -> Line:
    """valgrind over a loop of PHP or Python."""
    library = Path(c_program(HERE / "faulty.c", "libfaulty.so", "-shared", "-fPIC"))
    line: Line = loops.run(language, OUT, library)
    return line


def miri() -> Line:
    """miri over `ffi-c`."""
    ran = subprocess.run(["cargo", "miri", "--version"], env=NIGHTLY, capture_output=True)
    if ran.returncode != 0:
        return {"not_carried_out": "the nightly toolchain has no component miri"}
    return {"not_carried_out": "miri is there, and no run of it was ever tried; `ffi-c` has to get tests for it first"}


def searched() -> Line:
    """The search for marked secrets."""
    line: Line = marked.run(list(marked.RUNNERS))
    return {**line, "can_fail": not line["proofs_failed"]}


RUNS: dict[str, tuple[str, Callable[[], Line]]] = {
    "rust": ("AddressSanitizer, LeakSanitizer", rust),
    "rust_threads": ("ThreadSanitizer", rust_threads),
    "c": ("valgrind, AddressSanitizer, LeakSanitizer", c),
    "c_threads": ("ThreadSanitizer", threads),
    "php": ("valgrind", lambda: interpreter("php")),
    "python": ("valgrind", lambda: interpreter("python")),
    "miri": ("miri", miri),
    "secrets": ("search", searched),
}


def is_right(line: Line) -> bool:
    """Nothing was found, and something could have been."""
    if "not_carried_out" in line:
        return True
    found = line.get("reports", 0) + line.get("secret_hits", 0)
    return bool(line["can_fail"] and line.get("ended_well", True) and found == 0)


def figures(line: Line) -> str:
    """What a run did, in words."""
    if "not_carried_out" in line:
        return f"not carried out: {line['not_carried_out']}"
    if "secret_hits" in line:
        return (
            f"{line['languages']} languages, {line['operations']} operations of all vendors, {line['codes']} error codes, "
            f"{line['secret_places_searched']:,} places"
        )
    if "rounds" in line:
        return f"{line['rounds']} rounds of open, sell, err, close"
    names = ", ".join(f"`{name}`" for name in line.get("of", []))
    return f"{line['tests']} tests" + (f" of {names}" if names else "")


def table(lines: dict[str, Line], command: str) -> str:
    """The figures as a page has them."""
    rows = [
        f"| `{name}` | {RUNS[name][0]} | {figures(line)} | {line.get('reports', line.get('secret_hits', '–'))} |"
        for name, line in lines.items()
    ]
    return "\n".join([f"Written by `{command}`.", "", "| run | with | what | found |", "|---|---|---|--:|", *rows])


def write(page: Path, text: str) -> None:
    """Puts the figures between the marks of a page."""
    before, rest = page.read_text().split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", metavar="NAMES", help=f"some of {','.join(RUNS)}")
    arguments.add_argument("--write", metavar="PAGE", help="a page with the marks for the figures")
    given = arguments.parse_args()
    wanted = given.only.split(",") if given.only else list(RUNS)
    if unknown := set(wanted) - set(RUNS):
        arguments.error(f"no such run: {', '.join(sorted(unknown))}")
    OUT.mkdir(parents=True, exist_ok=True)
    lines: dict[str, Line] = {}
    for name in wanted:
        print(f"== {name}", flush=True)
        began = time.monotonic()
        lines[name] = RUNS[name][1]()
        lines[name] |= {"seconds": round(time.monotonic() - began), "ok": is_right(lines[name])}
        print(json.dumps(lines[name], ensure_ascii=False), flush=True)
    if given.write:
        write(ROOT / given.write, table(lines, f'make sanitize ARGS="{" ".join(sys.argv[1:])}"'))
    ok = all(line["ok"] for line in lines.values())
    carried_out = [line for line in lines.values() if "not_carried_out" not in line]
    total = {key: sum(line.get(key, 0) for line in lines.values()) for key in ("reports", "secret_places_searched", "secret_hits")}
    left = {name: line["not_carried_out"] for name, line in lines.items() if "not_carried_out" in line}
    last = {"runs": len(carried_out), **total, "not_carried_out": left, "of": lines, "ok": ok}
    print(json.dumps(last, ensure_ascii=False, separators=(",", ":")))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
