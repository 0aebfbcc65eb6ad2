"""Never run: mypy reads it to see that the types help and do not hinder."""

from decimal import Decimal
from typing import Optional

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
    fiscal = registration["fiscal"]
    return fiscal["qr"] if fiscal else None


def main() -> None:
    with kassa.Modulkassa(
        environment="demo", retail_point_id="1", credentials={"user_name": "u", "password": "p"}
    ) as till:
        till.health()
        try:
            sell(till, "order-1")
        except kassa.InDoubtError as error:
            print(error.outcome == "unknown", error.vendor["http_status"] if error.vendor else None)
        except kassa.KassaError as error:
            print(error.to_dict()["code"], error.retry_after_ms)
    kassa.Modulkassa(environment="nowhere")  # type: ignore[arg-type]
    till.register({"id": "1"})  # type: ignore[typeddict-item]
