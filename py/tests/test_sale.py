"""Whole sales at the emulator, which is the judge: its ledger has every receipt once."""

import ctypes
import json
import logging
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from conftest import environment, in_child, receipt

import kassa

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def emulator():
    """What the emulator prints when it is ready; it ends when its stdin is closed."""
    program = [Path(os.environ.get("KASSA_BUILD", ROOT / "target/debug")) / "kassa-emulator"]
    with subprocess.Popen(program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        yield json.loads(running.stdout.readline())
        running.stdin.close()


@pytest.fixture
def config(emulator, tmp_path):
    return {**emulator["vendors"]["modulkassa"]["config"], "journal": f"sqlite:{tmp_path / 'journal.sqlite'}"}


def on_record(emulator, ids):
    """How often each of the receipts is in the ledger."""
    with urllib.request.urlopen(emulator["url"] + "/_emulator/ledger") as answer:
        ledger = [document["number"] for document in json.load(answer)]
    return [ledger.count(id) for id in ids]


def sell(till, id):
    till.register(receipt(id))
    return till.wait({"id": id})["state"]


def test_example(config, tmp_path):
    def sale(receipt):
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "receipt.json").write_text(json.dumps(receipt))
        program = [sys.executable, ROOT / "examples/sale.py", "config.json", "receipt.json"]
        ended = subprocess.run(program, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True)
        return ended.returncode, json.loads(ended.stdout)

    code, registration = sale(receipt("example-py"))
    assert (code, registration["state"]) == (0, "registered")
    code, error = sale({"id": "example-py"})
    assert (code, error["kind"]) == (1, "invalid")


# The second is that of a server that forks without telling Python, such as uWSGI.
@pytest.mark.parametrize("fork", [os.fork, ctypes.PyDLL(None).fork], ids=["python", "raw"])
def test_parent_and_child_sell_after_a_fork(emulator, config, fork, request):
    first, second, third = ids = [f"{request.node.callspec.id}-{name}" for name in "abc"]
    with kassa.Modulkassa(config) as till:
        assert sell(till, first) == "registered"
        assert in_child(lambda: sell(till, second), fork) == "registered"
        assert sell(till, third) == "registered"
        # The same sale in both is one sale.
        assert in_child(lambda: sell(till, third), fork) == "registered"
    assert on_record(emulator, ids) == [1, 1, 1]


def test_a_child_in_another_folder_has_the_same_journal(config, tmp_path, monkeypatch):
    for folder in ["parent", "child"]:
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "parent")
    with kassa.Modulkassa({**config, "journal": "sqlite:journal.sqlite"}) as till:
        assert sell(till, "moved") == "registered"
        monkeypatch.chdir(tmp_path / "child")
        entries = in_child(lambda: len(till.journal()["entries"]))
        assert (entries, list((tmp_path / "child").iterdir())) == (1, [])


class FailingLogger(logging.Logger):
    """Raises at every line."""

    def log(self, *_, **__):
        raise OSError("the disk is full")


def test_a_sale_is_known_to_be_registered_although_its_log_cannot_be_written(emulator, config):
    with kassa.Modulkassa(config, log="debug", logger=FailingLogger("shop")) as till:
        assert sell(till, "unlogged") == "registered"
        assert till.register(receipt("unlogged"))["state"] == "registered"
    assert on_record(emulator, ["unlogged"]) == [1]


def test_the_page_shows_the_example():
    page = (ROOT / "docs/python.md").read_text("utf-8")
    assert f"```python\n{(ROOT / 'examples/sale.py').read_text('utf-8')}```" in page
