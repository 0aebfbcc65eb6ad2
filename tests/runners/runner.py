"""Carries out what the judge writes to stdin, one command a line, through the Python package.

`open CONFIG`, `call OPERATION REQUEST` and `close` are each answered with one line of JSON.
"""

import json
import sys
from decimal import Decimal

import kassa


def call(till, operation, text):
    # Literals of receipts survive as Decimal. A vendor's own document wants its numbers as numbers.
    exact = None if operation == "send_document" else Decimal
    request = json.loads(text, parse_float=exact)
    if operation.startswith("test_") or not hasattr(till, operation):
        return till.call(operation, request)
    return getattr(till, operation)(request)


def main():
    classes = {of.vendor: of for of in kassa.Client.__subclasses__()}
    till = None
    for line in sys.stdin:
        command, _, rest = line.rstrip("\n").partition(" ")
        if command == "exit":
            break
        try:
            if command == "open":
                config = json.loads(rest)
                till = classes.get(config.get("vendor"), kassa.Client)(config)
                answer = {"ok": {"opened": True}}
            elif command == "call":
                operation, _, text = rest.partition(" ")
                answer = {"ok": call(till, operation, text or "{}")}
            else:
                if till:
                    till.close()
                answer = {"ok": {}}
        except kassa.KassaError as error:
            answer = {"error": error.to_dict()}
        print(json.dumps(answer, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    main()
