"""Registers the same receipt from every language through every vendor, on the emulator.

Then loses an answer on purpose and shows that the ledger has one document. The last line is JSON.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "languages"))
from harness import LANGUAGES, VENDORS, Emulator, Runner, receipt  # noqa: E402


def sell(language, config, sale):
    """A sale as a shop makes it; gives back its registration and the milliseconds it took."""
    with Runner(language) as till:
        opened = till.open(config)
        if "error" in opened:
            return {"state": opened["error"]["code"]}, 0
        started = time.monotonic()
        answer = till.call("register", sale)
        if "ok" in answer:
            answer = till.call("wait", {"id": sale["id"]})
        took = (time.monotonic() - started) * 1000
    return answer.get("ok") or {"state": answer["error"]["code"]}, took


def show(*cells):
    print("{:<10}{:<13}{:<12}{:>9}  {:>12}{:>7}".format(*cells))


def every_language(emulator, journal):
    """Sells once from each language through each vendor; gives back the languages that did it."""
    show("language", "vendor", "state", "document", "fiscal sign", "ms")
    registered = []
    for vendor in VENDORS:
        for language in LANGUAGES:
            config = {**emulator.configs[vendor], "journal": journal}
            registration, took = sell(language, config, receipt(f"demo-{vendor}-{language}", vendor))
            fiscal = registration.get("fiscal") or {}
            number, sign = fiscal.get("document_number"), fiscal.get("sign")
            show(language, vendor, registration["state"], number or "-", sign or "-", round(took))
            # iKKM and iKassa do not tell a sign in their answers to a sale.
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


def lost_answer(emulator, journal):
    """Loses an answer after the document was recorded; gives back how many documents came of it."""
    print()
    documents = []
    for vendor in VENDORS:
        before = len(emulator.ledger())
        emulator.fault(vendor=vendor, route=VENDORS[vendor]["route"], when="after_record", do="drop")
        quick = {} if vendor == "atol" else {"settle_ms": 1000}
        config = {**emulator.configs[vendor], "journal": journal, **quick}
        registration, _ = sell("python", config, receipt(f"demo-lost-answer-{vendor}", vendor))
        documents.append(len(emulator.ledger()) - before if registration["state"] == "registered" else 0)
        print(
            f"{vendor}: the answer was dropped after the document was recorded; the sale ended "
            f"`{registration['state']}`, the ledger has {documents[-1]} document(s) of it"
        )
    return documents


def main():
    emulator = Emulator()
    emulator.operate("ikassa", "open_shift")
    try:
        with tempfile.TemporaryDirectory() as folder:
            journal = f"sqlite:{folder}/shop.sqlite"
            registered = every_language(emulator, journal)
            documents = lost_answer(emulator, journal)
    finally:
        emulator.stop()
    summary = {
        "languages": [language for language in LANGUAGES if language in registered],
        "vendors": VENDORS,
        "registered": len(registered),
        "lost_answer_ledger_entries": max(documents, key=lambda count: abs(count - 1)),
    }
    print(json.dumps(summary))
    complete = len(registered) == len(LANGUAGES) * len(VENDORS) and documents == [1] * len(VENDORS)
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
