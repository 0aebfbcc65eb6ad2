"""What the tests share. They need a native library that was built with the feature `testing`."""

import json
import os
import sys

import pytest

import kassa

PASSWORD = "pa55-never-shown"


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


@pytest.fixture
def stored(tmp_path):
    """A client whose journal is a SQLite file."""
    with kassa.Modulkassa(config(f"sqlite:{tmp_path / 'journal.sqlite'}")) as client:
        yield client


def ids(client):
    """Receipts in the journal of a client."""
    return [entry["registration"]["receipt_id"] for entry in client.journal()["entries"]]


def in_child(work):
    """What `work` returns in a forked child, or the name of the error it raises."""
    reader, writer = os.pipe()
    child = os.fork()
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
