"""Puts a receipt on the fiscal record: python sale.py CONFIG.json RECEIPT.json"""

import json
import sys
from pathlib import Path

import kassa

config, receipt = (json.loads(Path(path).read_text("utf-8")) for path in sys.argv[1:])

try:
    with kassa.Modulkassa(config) as till:
        till.register(receipt)
        sale = till.wait({"id": receipt["id"]})
    print(json.dumps(sale))
    sys.exit(0 if sale["state"] == "registered" else 1)
except kassa.KassaError as error:
    print(json.dumps(error.to_dict()))
    sys.exit(1)
