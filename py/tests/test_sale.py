"""Whole sales at the emulator, which is the judge: its ledger has every receipt once."""

import ctypes
import json
import logging
import os
import subprocess
import sys

import pytest
from conftest import ROOT, environment, in_child, receipt

import kassa


def sell(till, id):
    till.register(receipt(id))
    return till.wait({"id": id})["state"]


def program(tmp_path, name, config, *receipts):
    """What an example ends with, prints and tells."""
    files = [tmp_path / f"{number}.json" for number, _ in enumerate((config, *receipts))]
    for file, content in zip(files, (config, *receipts)):
        file.write_text(json.dumps(content))
    command = [sys.executable, ROOT / "examples" / name, *files]
    ended = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
    return ended.returncode, ended.stdout, ended.stderr


def test_example(emulator, emulated, tmp_path):
    code, told, why = program(tmp_path, "sale.py", emulated, receipt("example-py"))
    assert (code, json.loads(told)["state"], why) == (0, "registered", "")
    code, told, why = program(tmp_path, "sale.py", emulated, {"id": "example-py"})
    error = json.loads(told)
    assert (code, error["kind"]) == (1, "invalid")
    assert why == f"{error['message']}\non record: {error['outcome']}\n{error['advice']}\n"

    emulator.fault(route="submit", do="fail", failure_type="FN_EXPIRED")
    code, told, why = program(tmp_path, "sale.py", emulated, receipt("example-py-failed"))
    assert (code, json.loads(told)["state"]) == (1, "failed")
    assert json.loads(told)["failure"]["message"] in why and "new id" in why


def test_async_example(emulator, emulated, tmp_path):
    sales = [receipt(f"example-async-{number}") for number in range(3)]
    code, told, why = program(tmp_path, "sale_async.py", emulated, *sales)
    assert (code, sorted(line.split()[0] for line in told.splitlines()), why) == (0, [sale["id"] for sale in sales], "")
    emulator.fault(route="submit", do="fail", match="failed")
    code, told, why = program(tmp_path, "sale_async.py", emulated, receipt("example-async-failed"), {"id": "wrong"})
    assert (code, told) == (1, "")
    assert "example-async-failed: not on record" in why and "wrong: " in why and "on record: not_registered" in why


# The second is that of a server that forks without telling Python, such as uWSGI.
@pytest.mark.parametrize("fork", [os.fork, ctypes.PyDLL(None).fork], ids=["python", "raw"])
def test_parent_and_child_sell_after_a_fork(emulator, emulated, fork, request):
    first, second, third = ids = [f"{request.node.callspec.id}-{name}" for name in "abc"]
    with kassa.Modulkassa(emulated) as till:
        assert sell(till, first) == "registered"
        assert in_child(lambda: sell(till, second), fork) == "registered"
        assert sell(till, third) == "registered"
        # The same sale in both is one sale.
        assert in_child(lambda: sell(till, third), fork) == "registered"
    assert emulator.on_record(ids) == [1, 1, 1]


def test_a_child_in_another_folder_has_the_same_journal(emulated, tmp_path, monkeypatch):
    for folder in ["parent", "child"]:
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "parent")
    with kassa.Modulkassa({**emulated, "journal": "sqlite:journal.sqlite"}) as till:
        assert sell(till, "moved") == "registered"
        monkeypatch.chdir(tmp_path / "child")
        entries = in_child(lambda: len(till.journal()["entries"]))
        assert (entries, list((tmp_path / "child").iterdir())) == (1, [])


class FailingLogger(logging.Logger):
    """Raises at every line."""

    def log(self, *_, **__):
        raise OSError("the disk is full")


def test_a_sale_is_known_to_be_registered_although_its_log_cannot_be_written(emulator, emulated):
    with kassa.Modulkassa(emulated, log="debug", logger=FailingLogger("shop")) as till:
        assert sell(till, "unlogged") == "registered"
        assert till.register(receipt("unlogged"))["state"] == "registered"
    assert emulator.on_record(["unlogged"]) == [1]


def test_the_page_shows_the_example():
    page = (ROOT / "docs/python.md").read_text("utf-8")
    assert f"```python\n{(ROOT / 'examples/sale.py').read_text('utf-8')}```" in page
