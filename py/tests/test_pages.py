"""What comes in pages, without the pages."""

import asyncio

import pytest
from conftest import config, receipt

import kassa

NAMES = [f"paged-{number}" for number in range(7)]


async def collected(pages):
    return [one async for one in pages]


@pytest.fixture(params=[kassa.Modulkassa, kassa.AsyncModulkassa])
def listed(request, tmp_path):
    """A function that goes through pages, of a client of either kind with receipts in its journal."""
    place = config(f"sqlite:{tmp_path / 'journal.sqlite'}")
    with kassa.Modulkassa(place) as till:
        till.enqueue({"receipts": [receipt(name) for name in NAMES]})
    client = request.param(place)

    def go_through(operation, *asked):
        pages = getattr(client, operation)(*asked)
        return asyncio.run(collected(pages)) if request.param is kassa.AsyncModulkassa else list(pages)

    return go_through


@pytest.mark.parametrize("operation", ["journal_pages", "export_pages"])
@pytest.mark.parametrize("limit", [1, 3, 7, 200])
def test_every_entry_comes_once(listed, operation, limit):
    found = [entry.get("entry", entry) for entry in listed(operation, {"limit": limit})]
    assert [entry["registration"]["receipt_id"] for entry in found] == NAMES


def test_filters_and_beginnings_are_kept(listed):
    found = listed("journal_pages", {"limit": 2, "after": NAMES[1], "state": "queued"})
    assert [entry["registration"]["receipt_id"] for entry in found] == NAMES[2:]
    assert listed("journal_pages", {"limit": 2, "state": "failed"}) == []
    assert len(listed("journal_pages")) == len(NAMES)


def test_a_wrong_request_is_told_at_the_first_page(listed):
    for wrong in ({"limit": 0}, 5):
        with pytest.raises(kassa.InvalidError):
            listed("journal_pages", wrong)


def test_pages_are_asked_for_when_their_turn_comes(monkeypatch):
    asked = []

    def call(self, operation, request=None):
        asked.append((operation, request))
        kkts = [{"serial_number": str(number)} for number in range(5)]
        begin = (request or {}).get("offset", 0)
        return {"kkts": kkts[begin:begin + 2]}

    monkeypatch.setattr(kassa.Atol, "call", call)
    pages = kassa.Atol.kkts_pages(object.__new__(kassa.Atol), {"limit": 2})
    assert [next(pages)["serial_number"] for _ in range(2)] == ["0", "1"]
    assert asked == [("kkts", {"limit": 2})]
    assert [kkt["serial_number"] for kkt in pages] == ["2", "3", "4"]
    assert [request.get("offset") for _, request in asked] == [None, 2, 4, 5]


def test_a_vendor_that_gives_the_same_page_again_has_no_more(monkeypatch):
    monkeypatch.setattr(kassa.Atol, "call", lambda *_: {"kkts": [{"serial_number": "1"}]})
    assert len(list(kassa.Atol.kkts_pages(object.__new__(kassa.Atol)))) == 1


def numbers(kkts):
    """What stays the same of them from one call to the next."""
    return [kkt["serial_number"] for kkt in kkts]


@pytest.mark.parametrize("limit", [1, None])
def test_cash_registers(emulator, tmp_path, limit):
    place = {**emulator.configs["atol"], "journal": "memory:"}
    with kassa.Atol(place) as till:
        request = {"limit": limit}
        all_of_them = numbers(till.kkts({"limit": 100})["kkts"])
        assert numbers(till.kkts_pages(request)) == all_of_them != []
    client = kassa.AsyncAtol(place)
    assert numbers(asyncio.run(collected(client.kkts_pages(request)))) == all_of_them
