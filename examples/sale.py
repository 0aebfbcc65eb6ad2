"""Puts a receipt on the fiscal record: python sale.py CONFIG.json RECEIPT.json"""

import json
import sys
from pathlib import Path

import kassa


def sell(config_file: str, receipt_file: str) -> int:
    config, receipt = (json.loads(Path(file).read_text("utf-8")) for file in (config_file, receipt_file))
    try:
        with kassa.Modulkassa(config) as till:
            till.register(receipt)
            sale = till.wait({"id": receipt["id"]})
    except kassa.KassaError as error:
        print(json.dumps(error.to_dict()))
        print(f"{error.message}\non record: {error.outcome}\n{error.advice}", file=sys.stderr)
        return 1
    print(json.dumps(sale))
    if sale["state"] == "registered":
        return 0
    if sale["state"] == "failed":
        print(f"{sale['failure']['message']}\nIt is not on record: correct that, sell under a new id.", file=sys.stderr)
    else:
        print(f"It is {sale['state']}: run this again with the same receipt, never with a new id.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(sell(*sys.argv[1:]))
