"""Carries out what the judge writes to stdin, one command a line, through the Python package.

`open CONFIG`, `call OPERATION REQUEST` and `close` are each answered with one line of JSON.
"""

import json
import logging
import os
import pprint
import sys
import traceback
from decimal import Decimal

import kassa

SHOWS = os.environ.get("KASSA_RUNNER_SHOW") == "1"


class Shown(logging.Handler):
    def emit(self, record):
        show("log", self.format(record))


def show(kind, text):
    print(json.dumps({kind: text}, ensure_ascii=False), file=sys.stderr, flush=True)


def show_error(error):
    """As reports of errors have it: with the variables of every frame, but those of this program, which are its own."""
    kept = [error, vars(error), error.__context__, error.__cause__]
    show("trace", "".join(traceback.format_exception(error)) + pprint.pformat(kept))
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_globals["__name__"].startswith("kassa")]
    show("frames", pprint.pformat([frame.f_locals for frame in frames]))


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
    if SHOWS:
        logging.basicConfig(level=logging.DEBUG, handlers=[Shown()])
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
            if SHOWS:
                show_error(error)
            answer = {"error": error.to_dict()}
        if SHOWS and till:
            show("dump", pprint.pformat([till, vars(till)]))
        print(json.dumps(answer, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    main()
