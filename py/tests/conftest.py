"""What the tests share. They need a native library that was built with the feature `testing`."""

import itertools
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import kassa

PASSWORD = "pa55-never-shown"
COUNT = itertools.count()
ROOT = Path(__file__).parent.parent.parent


def config(journal="memory:", **options):
    """A configuration with nobody at the other end."""
    return {
        "base_url": "http://127.0.0.1:9",
        "retail_point_id": "point-1",
        "credentials": {"user_name": "shop", "password": PASSWORD},
        "journal": journal,
        **options,
    }


def receipt(id="order-1"):
    """A receipt without mistakes."""
    return {
        "id": id,
        "kind": "sell",
        "items": [{"name": "Кружка", "price": "150.00", "quantity": "2", "vat": "22"}],
        "payments": [{"type": "card", "sum": "300.00"}],
        "customer": {"email": "buyer@shop.example"},
    }


@pytest.fixture
def till():
    """A client whose journal is in memory."""
    with kassa.Modulkassa(config()) as client:
        yield client


def schema():
    """A PostgreSQL journal of this test's own."""
    server = os.environ.get("KASSA_TEST_POSTGRES")
    assert server, "no PostgreSQL for the tests: run them as `tests/with-postgres.sh pytest py/tests`"
    name = f"python_{os.getpid()}_{next(COUNT)}"
    subprocess.run(["psql", server, "--no-psqlrc", "--quiet", "--command", f"CREATE SCHEMA {name}"], check=True)
    return f"{server}?options=-c%20search_path%3D{name}"


@pytest.fixture(params=["sqlite", "postgres"])
def stored(request, tmp_path):
    """A client whose journal other processes can share."""
    place = schema() if request.param == "postgres" else f"sqlite:{tmp_path / 'journal.sqlite'}"
    with kassa.Modulkassa(config(place)) as client:
        yield client


def ids(client):
    """Receipts in the journal of a client."""
    return [entry["registration"]["receipt_id"] for entry in client.journal()["entries"]]


def in_child(work, fork=os.fork):
    """What `work` returns in a forked child, or the name of the error it raises."""
    reader, writer = os.pipe()
    child = fork()
    if child == 0:
        try:
            answer = work()
        except BaseException as error:
            answer = type(error).__name__
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = json.load(pipe)
    assert os.waitpid(child, 0)[1] == 0
    return answer


def environment():
    """The environment for a Python that shall find what this one finds."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


class Emulator:
    """The emulator program, the judge: its ledger has every receipt once."""

    def __init__(self, ready):
        self.url = ready["url"]
        self.configs = {name: vendor["config"] for name, vendor in ready["vendors"].items()}

    def control(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_emulator/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def fault(self, **fault):
        self.control("faults", {"vendor": "modulkassa", **fault})

    def on_record(self, ids):
        """How often each of the receipts is in the ledger."""
        ledger = [document["number"] for document in self.control("ledger")]
        return [ledger.count(id) for id in ids]


@pytest.fixture(scope="module")
def emulator():
    """It ends when its stdin is closed."""
    program = [Path(os.environ.get("KASSA_BUILD", ROOT / "target/debug")) / "kassa-emulator"]
    with subprocess.Popen(program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        yield Emulator(json.loads(running.stdout.readline()))
        running.stdin.close()


@pytest.fixture
def emulated(emulator, tmp_path):
    """A configuration with the emulator at the other end, and its faults cleared behind the test."""
    yield {**emulator.configs["modulkassa"], "journal": f"sqlite:{tmp_path / 'journal.sqlite'}"}
    emulator.control("faults", method="DELETE")
