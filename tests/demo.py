"""Registers the same receipt from every language through every vendor, on the emulator.

Then loses an answer on purpose and shows that the ledger has one document. The last line is JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("KASSA_BUILD", ROOT / "target" / "debug"))
SALES = {
    "rust": [str(BUILD / "examples" / "sale")],
    "c": [str(BUILD / "sale_c")],
    "php": ["php", str(ROOT / "examples/sale.php")],
    "python": [sys.executable, str(ROOT / "examples/sale.py")],
    "node": ["node", str(ROOT / "examples/sale.mjs")],
}
RECEIPTS = {
    "modulkassa": {
        "kind": "sell",
        "items": [{"name": "Кружка", "price": "150.00", "quantity": "2", "discount": "10.00", "vat": "22"}],
        "payments": [{"type": "card", "sum": "290.00"}],
        "customer": {"email": "buyer@shop.example"},
    },
    "ikkm": {
        "kind": "sell",
        "items": [{"name": "Кружка", "price": "150", "quantity": "2", "discount": "10"}],
        "payments": [{"type": "card", "sum": "290"}],
    },
}
# The emulator's word for the call that brings a receipt.
SUBMIT = {"modulkassa": "submit", "ikkm": "register"}
SALE_WITHIN_S = 60


class Emulator:
    def __enter__(self):
        program = [str(BUILD / "kassa-emulator")]
        self.process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = json.loads(self.process.stdout.readline())
        self.url = ready["url"]
        self.configs = {name: vendor["config"] for name, vendor in ready["vendors"].items()}
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=10)

    def control(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{path}", data, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def sell(language, config, receipt, folder):
    """Runs the example of a language; gives back its registration and the milliseconds it took."""
    names = []
    for name, value in (("config", config), ("receipt", receipt)):
        path = Path(folder) / f"{name}-{receipt['id']}.json"
        path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        names.append(str(path))
    environment = {
        **os.environ,
        "KASSA_LIBRARY": str(BUILD / "libkassa.so"),
        "PYTHONPATH": str(ROOT / "py/python"),
    }
    started = time.monotonic()
    done = subprocess.run(
        [*SALES[language], *names], capture_output=True, text=True, env=environment, timeout=SALE_WITHIN_S
    )
    took = (time.monotonic() - started) * 1000
    if done.returncode != 0:
        print(f"{language}: {done.stdout}{done.stderr}", file=sys.stderr)
        return {"state": "error"}, took
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    return answer.get("ok", answer), took


def main():
    with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
        vendors = list(emulator.configs)
        rows = []
        for vendor in vendors:
            for language in SALES:
                config = {**emulator.configs[vendor], "journal": f"sqlite:{folder}/shop.sqlite"}
                receipt = {"id": f"demo-{vendor}-{language}", **RECEIPTS[vendor]}
                registration, took = sell(language, config, receipt, folder)
                rows.append((language, vendor, registration, took))

        ledger = {(entry["vendor"], entry["fiscal_document_number"]): entry for entry in emulator.control("ledger")}
        print(f"{'language':<10}{'vendor':<13}{'state':<12}{'document':>9}  {'fiscal sign':>12}{'ms':>7}")
        registered = []
        for language, vendor, registration, took in rows:
            fiscal = registration.get("fiscal") or {}
            on_record = ledger.get((vendor, fiscal.get("document_number")), {})
            # iKKM does not tell the sign in its answer to a sale.
            same = registration["state"] == "registered" and fiscal.get("sign") in (on_record.get("fiscal_sign"), None)
            same = same and fiscal.get("total") == on_record.get("total")
            if same:
                registered.append(language)
            number, sign = fiscal.get("document_number") or "-", fiscal.get("sign") or "-"
            print(f"{language:<10}{vendor:<13}{registration['state']:<12}{number:>9}  {sign:>12}{took:>7.0f}")

        lost = 0
        print()
        for vendor in vendors:
            before = len(emulator.control("ledger"))
            fault = {"vendor": vendor, "route": SUBMIT[vendor], "when": "after_record", "do": "drop"}
            emulator.control("faults", fault)
            config = {**emulator.configs[vendor], "journal": f"sqlite:{folder}/shop.sqlite"}
            registration, _ = sell("python", config, {"id": f"demo-lost-answer-{vendor}", **RECEIPTS[vendor]}, folder)
            entries = emulator.control("ledger")[before:]
            lost += len(entries)
            print(
                f"{vendor}: the answer was dropped after the document was recorded; "
                f"the sale ended `{registration['state']}`, the ledger has {len(entries)} document(s) of it"
            )
            if registration["state"] != "registered":
                lost = -1

    languages = [language for language in SALES if language in registered]
    summary = {
        "languages": languages,
        "vendors": vendors,
        "registered": len(registered),
        "lost_answer_ledger_entries": lost,
    }
    print(json.dumps(summary))
    complete = len(registered) == len(SALES) * len(vendors) and lost == len(vendors)
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
