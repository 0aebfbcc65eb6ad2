"""Threads, Ctrl-C, forks, memory, the end of the interpreter."""

import gc
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import config, environment, ids, in_child, receipt

import kassa


def test_other_threads_go_on_during_a_call(till):
    ticks = 0
    done = threading.Event()

    def tick():
        nonlocal ticks
        while not done.wait(0.001):
            ticks += 1

    ticker = threading.Thread(target=tick)
    ticker.start()
    till.call("test_sleep", {"ms": 500})
    done.set()
    ticker.join()
    assert ticks > 100


def test_two_calls_overlap(till):
    threads = [threading.Thread(target=till.call, args=("test_sleep", {"ms": 500})) for _ in range(2)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started < 0.95


def test_ctrl_c_ends_the_wait(till):
    # A test run in the background inherits an ignored SIGINT.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    sent = []

    def interrupt():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Timer(0.3, interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        till.call("test_sleep", {"ms": 5000})
    signal.signal(signal.SIGINT, before)
    assert time.monotonic() - sent[0] < 1
    assert till.call("test_echo", {"text": "on"}) == {"text": "on"}


def enqueue(client, id):
    client.enqueue({"receipts": [receipt(id)]})
    return ids(client)


def test_parent_and_child_go_on_after_a_fork(stored):
    enqueue(stored, "a")
    assert in_child(lambda: enqueue(stored, "b")) == ["a", "b"]
    assert enqueue(stored, "c") == ["a", "b", "c"]
    # A fork of a fork, by a child that was using its own client.
    assert in_child(lambda: [enqueue(stored, "d"), in_child(lambda: enqueue(stored, "e"))][1]) == list("abcde")
    assert ids(stored) == list("abcde")


def test_forks_while_other_threads_call(stored):
    done = threading.Event()

    def work(name):
        for number in range(1000):
            if done.is_set():
                return
            enqueue(stored, f"{name}-{number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in ("x", "y")]
    for thread in threads:
        thread.start()
    for number in range(10):
        assert f"child-{number}" in in_child(lambda: enqueue(stored, f"child-{number}"))
    done.set()
    for thread in threads:
        thread.join()
    assert {f"child-{number}" for number in range(10)} <= set(ids(stored))


def test_a_journal_in_memory_does_not_pass_a_fork(till):
    enqueue(till, "a")
    assert in_child(lambda: enqueue(till, "b")) == "ForkedError"
    assert in_child(lambda: ids(kassa.Modulkassa(config()))) == []
    assert ids(till) == ["a"]


def test_a_closed_client_stays_closed_in_a_child(stored):
    stored.close()
    assert in_child(lambda: ids(stored)) == "ClosedError"


def _work(client, id, queue):
    queue.put(enqueue(client, id))


def test_multiprocessing_with_fork(stored):
    enqueue(stored, "a")
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    workers = [context.Process(target=_work, args=(stored, f"w{number}", queue)) for number in range(3)]
    for worker in workers:
        worker.start()
    for _ in workers:
        assert "a" in queue.get(timeout=30)
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert sorted(ids(stored)) == ["a", "w0", "w1", "w2"]


def resident_kib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_memory_does_not_grow(till):
    sale = receipt()

    def loop(calls):
        for _ in range(calls // 2):
            till.validate(sale)
            with pytest.raises(kassa.InvalidError):
                till.register({})

    loop(4000)
    before = resident_kib()
    loop(20_000)
    assert resident_kib() - before < 4 << 10


def test_a_client_that_nobody_closed_is_let_go_with_its_last_reference():
    client = kassa.Modulkassa(config())
    used = client._id
    del client
    gc.collect()
    answer = json.loads(kassa._native.call(used, "metrics", "{}"))
    assert answer["error"]["kind"] == "closed"


FEW_FILES = """
import json, resource, kassa
resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files}))
try:
    kassa.Modulkassa(**{config!r})
except kassa.KassaError as error:
    print(json.dumps(error.to_dict()))
"""


def test_a_process_without_files_is_told_so():
    ended = subprocess.run(
        [sys.executable, "-c", FEW_FILES.format(files=4, config=config())],
        env=environment(), capture_output=True, text=True, timeout=20, check=True,
    )
    told = json.loads(ended.stdout)
    assert (told["code"], told["outcome"]) == ("host_exhausted", "not_registered")
    assert "no file" in told["message"] and "files" in told["message"]


# The interpreter takes its time to end, so that the threads come back in the middle of it.
ENDING = """
import threading, time, kassa
class Slow:
    def __del__(self, sleep=time.sleep):
        sleep(0.12)
slow = Slow()
till = kassa.Modulkassa(**{config!r})
def work():
    while True:
        till.call("test_sleep", {{"ms": {ms}}})
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
till.call("test_sleep", {{"ms": 20}})
"""


@pytest.mark.parametrize("ms", [0, 1, 60_000])
def test_the_interpreter_ends_while_calls_are_under_way(ms):
    program = ENDING.format(config=config(), ms=ms)
    for _ in range(20):
        ended = subprocess.run(
            [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, timeout=20
        )
        assert (ended.returncode, ended.stderr) == (0, "")


def test_an_atexit_handler_may_still_call():
    program = (
        f"import atexit\natexit.register(lambda: print(till.call('test_echo', {{'text': 'bye'}})))\n"
        f"import kassa\ntill = kassa.Modulkassa(**{config()!r})\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, timeout=20
    )
    assert (ended.stdout, ended.stderr) == ("{'text': 'bye'}\n", "")


BLOCKED = """
import os, signal, kassa
till = kassa.Modulkassa({"base_url": "http://127.0.0.1:9", "retail_point_id": "p", "journal": "memory:",
                         "credentials": {"user_name": "u", "password": "p"}})
till.capabilities()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
os.kill(os.getpid(), signal.SIGUSR1)
assert signal.sigtimedwait([signal.SIGUSR1], 10).si_signo == signal.SIGUSR1
"""


def test_signals_belong_to_the_host_program():
    """A signal that the program blocks and waits for is not taken by a thread of the library."""
    done = subprocess.run([sys.executable, "-c", BLOCKED], env=environment(), timeout=60)
    assert done.returncode == 0
