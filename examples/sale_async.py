"""Puts receipts on the fiscal record, all at once: python sale_async.py CONFIG.json RECEIPT.json..."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import kassa


async def sell(till: kassa.AsyncModulkassa, receipt: Any) -> bool:
    try:
        await till.register(receipt)
        sale = await till.wait({"id": receipt["id"]})
    except kassa.KassaError as error:
        print(f"{receipt['id']}: {error.message}\non record: {error.outcome}\n{error.advice}", file=sys.stderr)
        return False
    if sale["state"] == "registered":
        print(sale["receipt_id"], sale["fiscal"].get("document_number"))
        return True
    if sale["state"] == "failed":
        print(f"{sale['receipt_id']}: not on record, {sale['failure']['message']}", file=sys.stderr)
    else:
        print(f"{sale['receipt_id']}: {sale['state']}, run this again with the same receipt", file=sys.stderr)
    return False


async def main(config_file: str, *receipt_files: str) -> int:
    config, *receipts = (json.loads(Path(file).read_text("utf-8")) for file in (config_file, *receipt_files))
    async with kassa.AsyncModulkassa(config) as till:
        return 0 if all(await asyncio.gather(*(sell(till, receipt) for receipt in receipts))) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
