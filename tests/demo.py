"""Registers the same receipt from every language through every vendor, on the emulator.

Then loses an answer on purpose and shows that the ledger has one document. The last line is JSON.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "languages"))
from harness import LANGUAGES, Emulator, Runner  # noqa: E402

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


def sell(language, config, receipt):
    """A sale as a shop makes it; gives back its registration and the milliseconds it took."""
    with Runner(language) as till:
        opened = till.open(config)
        if "error" in opened:
            return {"state": opened["error"]["code"]}, 0
        started = time.monotonic()
        answer = till.call("register", receipt)
        if "ok" in answer:
            answer = till.call("wait", {"id": receipt["id"]})
        took = (time.monotonic() - started) * 1000
    return answer.get("ok") or {"state": answer["error"]["code"]}, took


def show(*cells):
    print("{:<10}{:<13}{:<12}{:>9}  {:>12}{:>7}".format(*cells))


def every_language(emulator, vendors, journal):
    """Sells once from each language through each vendor; gives back the languages that did it."""
    show("language", "vendor", "state", "document", "fiscal sign", "ms")
    registered = []
    for vendor in vendors:
        for language in LANGUAGES:
            receipt = {"id": f"demo-{vendor}-{language}", **RECEIPTS[vendor]}
            registration, took = sell(language, {**emulator.configs[vendor], "journal": journal}, receipt)
            fiscal = registration.get("fiscal") or {}
            number, sign = fiscal.get("document_number"), fiscal.get("sign")
            show(language, vendor, registration["state"], number or "-", sign or "-", round(took))
            # iKKM does not tell the sign in its answer to a sale.
            on_record = [
                entry
                for entry in emulator.ledger()
                if (entry["vendor"], entry["fiscal_document_number"]) == (vendor, number)
                and entry["total"] == fiscal.get("total")
                and sign in (entry["fiscal_sign"], None)
            ]
            if registration["state"] == "registered" and len(on_record) == 1:
                registered.append(language)
    return registered


def lost_answer(emulator, vendors, journal):
    """Loses an answer after the document was recorded; gives back how many documents came of it."""
    print()
    documents = []
    for vendor in vendors:
        before = len(emulator.ledger())
        emulator.fault(vendor=vendor, route=SUBMIT[vendor], when="after_record", do="drop")
        receipt = {"id": f"demo-lost-answer-{vendor}", **RECEIPTS[vendor]}
        config = {**emulator.configs[vendor], "journal": journal, "settle_ms": 1000}
        registration, _ = sell("python", config, receipt)
        documents.append(len(emulator.ledger()) - before if registration["state"] == "registered" else 0)
        print(
            f"{vendor}: the answer was dropped after the document was recorded; the sale ended "
            f"`{registration['state']}`, the ledger has {documents[-1]} document(s) of it"
        )
    return documents


def main():
    emulator = Emulator()
    try:
        vendors = list(RECEIPTS)
        with tempfile.TemporaryDirectory() as folder:
            journal = f"sqlite:{folder}/shop.sqlite"
            registered = every_language(emulator, vendors, journal)
            documents = lost_answer(emulator, vendors, journal)
    finally:
        emulator.stop()
    summary = {
        "languages": [language for language in LANGUAGES if language in registered],
        "vendors": vendors,
        "registered": len(registered),
        "lost_answer_ledger_entries": max(documents, key=lambda count: abs(count - 1)),
    }
    print(json.dumps(summary))
    complete = len(registered) == len(LANGUAGES) * len(vendors) and documents == [1] * len(vendors)
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
