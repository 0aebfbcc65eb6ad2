"""iKassa: a whole day in each language, and one refresh token for many processes."""

import json

import pytest

from harness import LANGUAGES, Runner, receipt

KINDS_OF_A_DAY = [
    "open_shift",
    "deposit",
    "deposit",
    "sell",
    "sell",
    "sell_refund",
    "rollback",
    "card_withdraw",
    "withdraw",
    "withdraw",
    "close_shift",
]


@pytest.fixture
def at_the_till(emulator, tmp_path):
    """A cash register that waits for a log-in, its shift closed."""
    emulator.reset()
    emulator.switch("ikassa", interval=0)
    unbound = emulator.control("describe")["vendors"]["ikassa"]["others"][0]
    return {**unbound, "journal": f"sqlite:{tmp_path / 'journal.sqlite'}", "timeout_ms": 10_000, "settle_ms": 20}


def test_a_whole_day(emulator, at_the_till, language):
    """Log in, open, deposit, sell, refund, annul, hand out, withdraw in two currencies, close."""
    with Runner(language) as till:
        till.open(at_the_till)
        assert till.call("shift", {})["error"]["code"] == "login_needed"
        code = till.ok("start_login", {"device": "till-7"})["user_code"]
        assert till.ok("finish_login", {"timeout_ms": 0})["state"] == "pending"
        emulator.control(f"devices/{at_the_till['register']}/approve", {"user_code": code})
        assert till.ok("finish_login", {"timeout_ms": 5_000})["state"] == "approved"
        assert till.ok("cashbox", {})["has_device"] is True
        assert till.ok("shift", {})["open"] is False
        assert till.ok("open_shift", {})["open"] is True
        till.ok("deposit", {"id": "in-1", "sum": "100.00"})
        till.ok("deposit", {"id": "in-2", "sum": "50.00", "currency": "USD"})
        till.ok("register", receipt("order-1", "ikassa"))
        card = {**receipt("order-2", "ikassa"), "payments": [{"type": "card", "sum": "290.00"}]}
        assert till.ok("register", card)["fiscal"]["url"].startswith("http")
        refund = till.ok("register", {**receipt("refund-1", "ikassa"), "kind": "sell_refund"})
        number = int(refund["fiscal"]["document_number"])
        till.ok("rollback", {"id": "undo-1", "number": number})
        assert till.call("rollback", {"id": "undo-2", "number": number})["error"]["kind"] == "refused"
        document = till.ok("document", {"id": "refund-1"})
        assert document["raw"]["rolledBack"] is True
        till.ok("card_withdraw", {"id": "out-1", "sum": "40.00"})
        drawer = {row["currency"]: row["sum"] for row in till.ok("cash", {})["amounts"]}
        assert drawer == {"BYN": "350.00", "USD": "50.00"}
        full = till.call("close_shift", {})["error"]
        assert (full["code"], full["outcome"]) == ("drawer_not_empty", "not_registered")
        assert till.ok("close_shift", {"withdraw_first": {"id": "evening"}})["shift"]["open"] is False
    ledger = emulator.ledger()
    assert [entry["kind"] for entry in ledger] == KINDS_OF_A_DAY
    assert {entry["content"]["currency"] for entry in ledger if entry["kind"] == "withdraw"} == {"BYN", "USD"}


def test_a_restart_needs_no_new_login(emulator, at_the_till, language):
    with Runner(language) as till:
        till.open(at_the_till)
        code = till.ok("start_login", {})["user_code"]
    emulator.control(f"devices/{at_the_till['register']}/approve", {"user_code": code})
    # Another process finishes what the first began, and a third one works on.
    with Runner(language) as till:
        till.open(at_the_till)
        assert till.ok("finish_login", {})["state"] == "approved"
    with Runner(language) as till:
        till.open(at_the_till)
        assert till.ok("open_shift", {})["open"] is True


def test_eight_processes_share_a_refresh_token_that_rotates(emulator, tmp_path):
    """One renewal an expiry, whoever comes first; nobody is locked out, although the use of a spent
    refresh token would end the log-in for all."""
    emulator.switch("ikassa", reuse_revokes=True)
    config = {**emulator.configs["ikassa"], "journal": f"sqlite:{tmp_path / 'journal.sqlite'}", "timeout_ms": 60_000}
    runners = [Runner(LANGUAGES[number % len(LANGUAGES)]) for number in range(8)]
    expiries = 10
    try:
        for runner in runners:
            runner.open(config)
        for expiry in range(expiries):
            emulator.operate("ikassa", "expire_tokens")
            for number in range(5):
                for index, runner in enumerate(runners):
                    sale = number == 0 and index % 2 == 0
                    request = receipt(f"order-{expiry}-{index}", "ikassa") if sale else {}
                    runner.send("call", "register" if sale else "cashbox", json.dumps(request, ensure_ascii=False))
                for runner in runners:
                    answer = runner.receive()
                    assert "ok" in answer, answer
    finally:
        for runner in runners:
            runner.__exit__()
    renewals = [request for request in emulator.requests() if request["path"] == "/oauth/token"]
    # The first expiry finds no token yet; each needs one renewal.
    assert len(renewals) == expiries
    assert len(emulator.ledger()) == expiries * 4
