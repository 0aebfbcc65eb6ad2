"""Two copies of the library in one process, as two `node_modules` or two releases bring them."""

import contextlib
import ctypes
import json
import shutil
import threading
import time

import pytest

from harness import FOUND


class Copy:
    def __init__(self, path):
        self.library = ctypes.CDLL(str(path))
        self.library.kassa_open.restype = ctypes.c_void_p
        self.library.kassa_open.argtypes = [ctypes.c_char_p]
        self.library.kassa_call.restype = ctypes.c_void_p
        self.library.kassa_call.argtypes = [ctypes.c_int64, ctypes.c_char_p, ctypes.c_char_p]
        self.library.kassa_string_free.argtypes = [ctypes.c_void_p]
        self.library.kassa_close.argtypes = [ctypes.c_int64]

    def open(self, config):
        return self.read(self.library.kassa_open(json.dumps(config).encode()))

    def call(self, client, operation):
        return self.read(self.library.kassa_call(client, operation.encode(), b"{}"))

    def read(self, text):
        envelope = json.loads(ctypes.string_at(text))
        self.library.kassa_string_free(text)
        return envelope

    def close(self, client):
        self.library.kassa_close(client)


@pytest.fixture
def copies(tmp_path):
    paths = [tmp_path / name / "libkassa.so" for name in ("old", "new")]
    for path in paths:
        path.parent.mkdir()
        shutil.copy(FOUND["KASSA_LIBRARY"], path)
    return [Copy(path) for path in paths]


@contextlib.contextmanager
def at_work(copy, client):
    """Calls a copy again and again meanwhile."""
    ended = threading.Event()

    def work():
        while not ended.is_set():
            copy.call(client, "metrics")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        ended.set()
        worker.join()


def test_a_second_copy_is_refused_until_the_first_one_is_closed(copies, tmp_path):
    old, new = copies
    config = {
        "vendor": "modulkassa",
        "environment": "demo",
        "credentials": {"user_name": "u", "password": "p"},
        "journal": f"sqlite:{tmp_path / 'kassa.sqlite'}",
    }
    client = old.open(config)["ok"]["client"]
    # A copy that does nothing lets go of the file by itself.
    with at_work(old, client):
        error = new.open(config)["error"]
    assert (error["code"], error["kind"], error["outcome"]) == ("journal_in_use", "journal", "unknown")
    # The next release takes over in a worker that both are loaded into.
    old.close(client)
    begun = time.monotonic()
    client = new.open(config)["ok"]["client"]
    assert time.monotonic() - begun < 2
    # The old one opens the file again when it needs it, at the latest.
    with at_work(new, client):
        late = old.open(config)
        error = late["error"] if "error" in late else old.call(late["ok"]["client"], "metrics")["error"]
    assert error["code"] == "journal_in_use"
    assert "ok" in new.call(client, "metrics")
