"""Random baskets through `distribute`: all in Rust, some in every language. Started by `make baskets`."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/languages"))

from harness import LANGUAGES, VENDORS, Emulator, Runner  # noqa: E402

# The baskets have hundredths.
OWN = {"ikkm": {"amounts": "tiyn"}}
PROGRAM = ROOT / "target/release/baskets"
SHOWN = 5


def differences(language, configs, baskets):
    """How many of them the language distributes differently from Rust."""
    found = 0
    by_vendor = {}
    for line in baskets:
        by_vendor.setdefault(line["vendor"], []).append(line)
    for vendor, lines in by_vendor.items():
        with Runner(language) as runner:
            runner.open({**configs[vendor], **VENDORS[vendor]["config"], "journal": "memory:", **OWN.get(vendor, {})})
            for line in lines:
                made = runner.call("distribute", line["basket"])
                if made != {"ok": line["made"]}:
                    found += 1
                    if found <= SHOWN:
                        print(f"{language} {vendor} {line['basket']['id']}: {made}", file=sys.stderr)
    return found


def main():
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "baskets.jsonl"
        run = subprocess.run([PROGRAM, "--write", written, *sys.argv[1:]], stdout=subprocess.PIPE, text=True)
        *_, last = run.stdout.splitlines() or ["{}"]
        told = json.loads(last)
        baskets = [json.loads(line) for line in written.read_text().splitlines()]
    emulator = Emulator()
    try:
        found = {language: differences(language, emulator.configs, baskets) for language in LANGUAGES}
    finally:
        emulator.stop()
    told["in_every_language"] = len(baskets)
    told["differs_between_languages"] = sum(found.values())
    told["ok"] = bool(told.get("ok") and baskets and not any(found.values()))
    print(json.dumps(told))
    return 0 if told["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
