"""ATOL with many processes, and its registers from every language, against the emulator."""

from concurrent.futures import ThreadPoolExecutor

from conftest import ready
from harness import LANGUAGES, Runner, receipt

FAULTS = [
    {"when": "before_record", "do": "drop"},
    {"when": "after_record", "do": "drop"},
    {"when": "answer", "do": "cut"},
    {"when": "after_record", "do": "status", "status": 502},
    {"when": "answer", "do": "garbage"},
]
PROCESSES, EACH = 8, 125


def logins(emulator):
    return sum(request["path"].lower().endswith("gettoken") for request in emulator.requests())


def sell(runner, process):
    """125 receipts; a shop calls again with the same id until the library has an answer."""
    for number in range(EACH):
        sale = receipt(f"order-{process}-{number}", "atol")
        for _ in range(100):
            if "ok" in runner.call("register", sale):
                break
        assert runner.ok("wait", {"id": sale["id"]})["state"] == "registered"


def test_a_thousand_receipts_over_eight_processes_with_every_fault(emulator, tmp_path):
    """1,000 documents, and one log-in a day of the virtual clock over all processes."""
    config = {**ready(emulator, tmp_path, "atol"), "timeout_ms": 60_000}
    for index, fault in enumerate(FAULTS):
        emulator.fault(vendor="atol", route="submit", times=40, skip=index * 150, **fault)
    runners = [Runner(LANGUAGES[index % len(LANGUAGES)]) for index in range(PROCESSES)]
    try:
        for runner in runners:
            assert "ok" in runner.open(config)
        with ThreadPoolExecutor(PROCESSES) as shop:
            list(shop.map(sell, runners, range(PROCESSES)))
        keys = [entry["receipt_key"] for entry in emulator.ledger()]
        assert len(keys) == len(set(keys)) == PROCESSES * EACH
        assert logins(emulator) == 1
        emulator.control("clock", {"advance_s": 25 * 3600})
        for index, runner in enumerate(runners):
            runner.ok("register", receipt(f"next-day-{index}", "atol"))
        assert logins(emulator) == 2
    finally:
        for runner in runners:
            runner.__exit__()


def test_registers_keep_zeros_falses_and_missing_fields(emulator, tmp_path, language):
    with Runner(language) as runner:
        runner.open(ready(emulator, tmp_path, "atol"))
        serial = runner.ok("kkts", {})["kkts"][0]["serial_number"]
        attributes = {"set": {"signedDocuments": 0, "isShiftOpened": False}, "absent": ["shiftReceipt"]}
        emulator.control(f"devices/{serial}/attributes", attributes)
        first = runner.ok("kkts", {})["kkts"][0]
        one = runner.ok("kkt", {"serial_number": serial})
    for kkt in (first, one):
        assert kkt["serial_number"] == serial
        assert kkt["network_error_code"] == 0
        assert kkt["is_shift_open"] is False
        assert kkt["signed_documents"] == 0
        assert kkt["shift_receipt"] is None
        assert kkt["unsent_documents"] is None and kkt["first_unsent_at"] is None
