"""Never run: mypy reads it to see that the types help and do not hinder."""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import List, Optional
from uuid import UUID

import kassa
from kassa.types import Receipt, Registration


def sell(till: kassa.Modulkassa, id: str) -> Optional[str]:
    receipt: Receipt = {
        "id": id,
        "kind": "sell",
        "items": [{"name": "Mug", "price": Decimal("150.00"), "quantity": 2, "vat": "22"}],
        "payments": [{"type": "card", "sum": "300.00"}],
        "customer": {"email": "buyer@shop.example", "phone": None},
    }
    till.register(receipt)
    registration: Registration = till.wait({"id": id, "timeout_ms": 60_000})
    if registration["state"] == "registered":
        return registration["fiscal"].get("qr")
    if registration["state"] == "failed":
        print(registration["failure"]["message"])
    else:
        print(registration["fiscal"]["qr"])  # type: ignore[index]  # pyright: ignore[reportOptionalSubscript, reportTypedDictNotRequiredAccess]
    return None


def sell_later(till: kassa.Atol, id: UUID, at: datetime) -> Decimal:
    till.enqueue({"receipts": [{"id": id, "kind": "sell", "issued_at": at, "settles": id}]})
    for entry in till.journal_pages({"since": at, "total": Decimal("300.00")}):
        total = entry.get("total")
        return Decimal(total) if total else Decimal()
    return Decimal(sum(len(kkt.get("serial_number") or "") for kkt in till.kkts_pages()))


async def sell_at_once(till: kassa.AsyncIkassa, receipts: List[Receipt]) -> List[str]:
    sales = await asyncio.gather(*(till.register(receipt) for receipt in receipts))
    async for entry in till.export_pages({"limit": 10}):
        print(entry["entry"]["registration"]["state"])
    return [sale["receipt_id"] for sale in sales if sale["state"] == "registered"]


def main() -> None:
    with kassa.Modulkassa(
        environment="demo", retail_point_id="1", credentials={"user_name": "u", "password": "p"}
    ) as till:
        till.health()
        try:
            sell(till, "order-1")
        except kassa.InDoubtError as error:
            print(error.outcome == "unknown", error.vendor.get("http_status") if error.vendor else None)
        except kassa.KassaError as error:
            print(error.to_dict()["code"], error.retry_after_ms)
    kassa.Modulkassa(environment="nowhere")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    till.register({"id": "1"})  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]
