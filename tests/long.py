"""Every long run, one after the other; the last line is one of JSON that holds all of theirs.

`make long`, or `make long SHORT=1` with small sizes; `make long ARGS="--only hosts,ikkm_gap"` for some of
them. A run that fails keeps none of the others from being made.
"""

import argparse
import json
import subprocess
import sys
import time
from typing import Any

# The key in the line of JSON, the target of make, what it is given in full, and what makes it small.
# What is timed comes first: a machine that has just been hot for an hour is slower.
RUNS = [
    ("enqueue_rate", "enqueue-rate", "", "--rounds 3 --ms 1000"),
    ("outbox_growth", "outbox-growth", "", "--last 50000"),
    ("ikkm_gap", "ikkm-gap", "", "--sales 200"),
    ("model", "model", "", "--small"),
    ("campaign", "campaign", "--write docs/campaign.md --jobs 28", "--receipts 800 --jobs 4"),
    ("hosts", "hosts", "", "--receipts 200 --seeds 1"),
    ("ikassa_matrix", "ikassa-matrix", "", "--sales 2"),
    ("ikkm_matrix", "ikkm-matrix", "", "--sales 10"),
    ("torture", "torture", "", "--only points/sqlite/ikkm/ --hits 1"),
    ("baskets", "baskets", "", "--baskets 100000 --written 200"),
    ("dates", "dates", "", ""),
]


def last_line(target: str, sizes: str) -> dict[str, Any]:
    """Makes a run and passes on what it prints; gives back its last line, with whether it went right."""
    command = ["make", "--no-print-directory", target, f"ARGS={sizes}"]
    line: dict[str, Any] = {"not_carried_out": "it printed no line of JSON"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        for printed in run.stdout:
            print(printed, end="", flush=True)
            if printed.startswith("{"):
                line = json.loads(printed)
    return {**line, "ok": run.returncode == 0 and line.get("ok") is True}


def main() -> int:
    names = [run[0] for run in RUNS]
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--short", action="store_true", help="small sizes")
    arguments.add_argument("--only", metavar="NAMES", help=f"some of {','.join(names)}")
    given = arguments.parse_args()
    wanted = given.only.split(",") if given.only else names
    if unknown := set(wanted) - set(names):
        arguments.error(f"no such run: {', '.join(sorted(unknown))}")
    lines: dict[str, Any] = {}
    for name, target, full, small in RUNS:
        if name in wanted:
            print(f"== {target}", flush=True)
            began = time.monotonic()
            line = last_line(target, small if given.short else full)
            lines[name] = {**line, "seconds": round(time.monotonic() - began)}
    failed = [name for name, line in lines.items() if not line["ok"]]
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    print(json.dumps({**lines, "ok": not failed}, separators=(",", ":")))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
