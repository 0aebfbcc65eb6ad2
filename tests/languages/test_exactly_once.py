"""Exactly once, from every language: the emulator's ledger is the judge."""

import json
import resource
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from harness import LANGUAGES, VENDORS, Postgres, Runner, receipt

FAULTS = {
    "drop before the record": {"when": "before_record", "do": "drop"},
    "drop after the record": {"when": "after_record", "do": "drop"},
    "cut answer": {"when": "answer", "do": "cut"},
    "502 with HTML": {"when": "after_record", "do": "status", "status": 502},
    "no answer in time": {"when": "after_record", "do": "delay", "delay_ms": 10_000},
}


def until(condition, within_s=30):
    """Waits for a condition that another process brings about."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "the condition did not come about"
        time.sleep(0.01)


def submitted(emulator, vendor="modulkassa"):
    """Requests that brought a receipt."""
    return [request for request in emulator.requests() if request["path"].endswith(VENDORS[vendor]["path"])]


def settled(runner, identity, vendor="modulkassa"):
    """Brings a receipt to its end as a shop would: again with the same id, or `resolve`."""
    for _ in range(10):
        envelope = runner.call("register", receipt(identity, vendor))
        if "ok" in envelope:
            return runner.ok("wait", {"id": identity, "timeout_ms": 20_000})
        told = (envelope["error"]["code"], envelope["error"]["outcome"])
        # The second: it never arrived, and no time was left to send it again.
        assert told in [("in_doubt", "unknown"), ("not_begun", "not_registered")], envelope
        runner.call("resolve", {"id": identity})
    raise AssertionError("not settled")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_lost_answer_leaves_one_document(emulator, vendor_config, vendor, language, fault):
    emulator.fault(vendor=vendor, route=VENDORS[vendor]["route"], **FAULTS[fault])
    with Runner(language) as runner:
        runner.open(vendor_config)
        end = settled(runner, "order-1", vendor)
    ledger = emulator.ledger()
    assert len(ledger) == 1
    assert end["state"] == "registered"
    number = end["fiscal"]["document_number"]
    assert number == ledger[0]["fiscal_document_number"] or (number is None and "tells_no_number" in VENDORS[vendor])
    assert end["fiscal"]["total"] == ledger[0]["total"]


def ends_once(emulator, config, language, vendor):
    """The same call again in a new process."""
    with Runner(language) as runner:
        runner.open(config)
        assert settled(runner, "order-1", vendor)["state"] == "registered"
    assert len(emulator.ledger()) == 1


@pytest.mark.parametrize("step", ["before_send", "after_answer", "before_conclude"])
def test_killed_at_a_step_of_the_delivery(emulator, vendor_config, vendor, language, step):
    with Runner(language, {"FAILPOINTS": f"{step}=sleep(600000)"}) as victim:
        victim.open(vendor_config)
        victim.send("call", "register", _line(receipt("order-1", vendor)))
        if step == "before_send":
            until(lambda: _journalled_as_sending(vendor_config))
            assert submitted(emulator, vendor) == []
        else:
            until(lambda: submitted(emulator, vendor) != [])
        victim.kill()
    ends_once(emulator, vendor_config, language, vendor)


@pytest.mark.parametrize("when", ["before_record", "after_record"])
def test_killed_between_send_and_answer(emulator, vendor_config, vendor, language, when):
    emulator.fault(vendor=vendor, route=VENDORS[vendor]["route"], when=when, do="delay", delay_ms=1_000)
    with Runner(language) as victim:
        victim.open(vendor_config)
        victim.send("call", "register", _line(receipt("order-1", vendor)))
        until(lambda: submitted(emulator, vendor) != [])
        victim.kill()
    ends_once(emulator, vendor_config, language, vendor)


@pytest.mark.parametrize("step", ["before_send", "after_answer", "before_conclude"])
def test_killed_with_a_postgres_journal(emulator, config, step):
    """A process of each language is killed; one of the next language goes on once the lease ran out."""
    postgres = Postgres()
    config["journal"] = postgres.url
    victims = [Runner(language, {"FAILPOINTS": f"{step}=sleep(600000)"}) for language in LANGUAGES]
    try:
        for language, victim in zip(LANGUAGES, victims):
            victim.open({**config, "timeout_ms": 30_000})
            victim.send("call", "register", _line(receipt(f"order-{language}")))
        count = len(LANGUAGES)
        if step == "before_send":
            sending = "SELECT 1 FROM kassa_documents WHERE state = 'sending'"
            until(lambda: postgres.has("kassa_documents") and len(postgres.sql(sending)) == count)
            assert submitted(emulator) == []
        else:
            until(lambda: len(submitted(emulator)) == count)
    finally:
        for victim in victims:
            victim.kill()
    assert len(postgres.sql("SELECT name FROM kassa_leases WHERE name LIKE 'document %'")) == count
    for language, successor in zip(LANGUAGES, LANGUAGES[1:] + LANGUAGES[:1]):
        with Runner(successor) as runner:
            runner.open({**config, "timeout_ms": 30_000})
            assert settled(runner, f"order-{language}")["state"] == "registered"
    assert sorted(entry["number"] for entry in emulator.ledger()) == sorted(f"order-{name}" for name in LANGUAGES)


def test_eight_processes_on_one_journal(emulator, any_config):
    """8 processes x 50 receipts, languages mixed: 400 documents, none twice, none missing."""
    config = {**any_config, "timeout_ms": 60_000}
    mixed = [LANGUAGES[number % len(LANGUAGES)] for number in range(8)]
    runners = [Runner(language) for language in mixed]
    try:
        for runner in runners:
            runner.open(config)
        for number in range(50):
            for index, runner in enumerate(runners):
                runner.send("call", "register", _line(receipt(f"order-{index}-{number}")))
            for runner in runners:
                assert "ok" in runner.receive()
        until(lambda: len(emulator.ledger()) >= 400)
    finally:
        for runner in runners:
            runner.__exit__()
    with Runner("rust") as reader:
        reader.open(config)
        assert reader.ok("journal", {"verify": True})["chain"]["broken_at"] is None
    keys = [entry["number"] for entry in emulator.ledger()]
    assert sorted(keys) == sorted(f"order-{index}-{number}" for index in range(8) for number in range(50))


def test_eight_processes_with_the_same_receipts(emulator, any_config):
    """All of them register the same 20 receipts at once: 20 documents."""
    config = {**any_config, "timeout_ms": 60_000}
    runners = [Runner(LANGUAGES[number % len(LANGUAGES)]) for number in range(8)]
    try:
        for runner in runners:
            runner.open(config)
        for number in range(20):
            for runner in runners:
                runner.send("call", "register", _line(receipt(f"order-{number}")))
            documents = {runner.receive()["ok"]["vendor_document_id"] for runner in runners}
            assert len(documents) == 1
        until(lambda: len(emulator.ledger()) >= 20)
    finally:
        for runner in runners:
            runner.__exit__()
    assert len(emulator.ledger()) == 20
    assert len(submitted(emulator)) == 20


def test_the_same_id_with_other_content_is_a_conflict(emulator, config, language):
    with Runner(language) as runner:
        runner.open(config)
        runner.ok("register", receipt("order-1"))
        sent = len(emulator.requests())
        other = receipt("order-1")
        other["items"][0]["name"] = "Чашка"
        error = runner.call("register", other)["error"]
    assert (error["kind"], error["code"]) == ("conflict", "receipt_conflict")
    assert len(emulator.requests()) == sent


def test_a_full_disk_stops_before_anything_is_sent(emulator, config, language):
    """The journal may not grow beyond a limit: every sale is either on record or refused unsent."""
    # The journal's second witness is a long file with holes: without a limit it can be made.
    with Runner(language) as runner:
        assert "ok" in runner.open(config)
        assert "ok" in runner.call("metrics", {})

    def limit():
        # A write beyond the limit then fails instead of ending the process.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    with Runner(language, preexec_fn=limit, restore_signals=False) as runner:
        assert "ok" in runner.open(config)
        errors = []
        for number in range(200):
            envelope = runner.call("register", receipt(f"order-{number}"))
            if "error" in envelope:
                errors.append(envelope["error"])
            if len(errors) == 5:
                break
    assert errors, "the limit was never reached"
    assert {error["kind"] for error in errors} == {"journal"}
    unsent = [error for error in errors if error["outcome"] == "not_registered"]
    assert unsent, errors
    assert len(submitted(emulator)) <= number + 1 - len(unsent)
    # With room again, the same calls end right.
    with Runner(language) as runner:
        runner.open(config)
        for again in range(number + 1):
            assert settled(runner, f"order-{again}")["state"] == "registered"
    assert len(emulator.ledger()) == number + 1


def _line(request):
    return json.dumps(request, ensure_ascii=False)


def _journalled_as_sending(config):
    path = Path(config["journal"].removeprefix("sqlite:"))
    if not path.exists():
        return False
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as journal:
        try:
            rows = journal.execute("SELECT state FROM documents").fetchall()
        except sqlite3.OperationalError:
            return False
    return rows == [("sending",)]
