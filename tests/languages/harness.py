"""Drives the runner of every language, the emulator, and a server that plays a script."""

import copy
import json
import os
import select
import subprocess
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("KASSA_BUILD", ROOT / "target" / "debug"))
RUNNERS = {
    "rust": [str(BUILD / "kassa-runner")],
    "c": [str(BUILD / "runner_c")],
    "php": ["php", str(ROOT / "tests/runners/runner.php")],
    "python": [sys.executable, str(ROOT / "tests/runners/runner.py")],
    "node": ["node", str(ROOT / "tests/runners/runner.mjs")],
}
LANGUAGES = list(RUNNERS)
# Where the runners find what was built.
FOUND = {
    "KASSA_LIBRARY": str(BUILD / "libkassa.so"),
    "LD_LIBRARY_PATH": str(BUILD),
    "PYTHONPATH": str(ROOT / "py/python"),
}
ANSWER_WITHIN_S = 60


class Runner:
    """A runner process: `open`, `call`, `close`, `exit`, a line each way."""

    def __init__(self, language, environment=None, **popen):
        self.language = language
        self.process = subprocess.Popen(
            RUNNERS[language],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **FOUND, **(environment or {})},
            **popen,
        )

    def send(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()

    def receive(self, within_s=ANSWER_WITHIN_S):
        """The next answer. Only one is ever under way, so nothing waits in Python's own buffer."""
        ready, _, _ = select.select([self.process.stdout], [], [], within_s)
        assert ready, f"{self.language}: no answer within {within_s} s"
        line = self.process.stdout.readline()
        assert line, f"{self.language}: the runner ended with {self.process.wait()}"
        return json.loads(line)

    def open(self, config):
        self.send("open", json.dumps(config, ensure_ascii=False))
        return self.receive()

    def call(self, operation, request):
        self.send("call", operation, json.dumps(request, ensure_ascii=False))
        return self.receive()

    def ok(self, operation, request):
        envelope = self.call(operation, request)
        assert "error" not in envelope, f"{self.language} {operation}: {envelope}"
        return envelope["ok"]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            if self.process.poll() is None:
                self.send("exit")
                self.process.wait(timeout=10)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
        finally:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait()


class Emulator:
    """The emulator program and its control interface."""

    def __init__(self):
        self.process = subprocess.Popen(
            [str(BUILD / "kassa-emulator")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        ready = json.loads(self.process.stdout.readline())
        self.url = ready["url"]
        self.configs = {name: vendor["config"] for name, vendor in ready["vendors"].items()}

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(timeout=10) == 0

    def control(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{path}", data=data)
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def reset(self):
        self.control("reset", {})

    def ledger(self):
        """The documents that the shop made; what others made names them in `by`."""
        return [entry for entry in self.control("ledger") if "by" not in entry]

    def operate(self, vendor, action, what=None):
        """What a person or another program does at the vendor's cash register."""
        return self.control(f"devices/{self.configs[vendor]['register']}/{action}", what or {})

    def requests(self):
        return self.control("requests")

    def fault(self, **fault):
        self.control("faults", fault)

    def switch(self, vendor, **switches):
        self.control("switches", {"vendor": vendor, **switches})


class Postgres:
    """The server of tests/with-postgres.sh, with a schema of this test."""

    count = 0

    def __init__(self):
        server = os.environ.get("KASSA_TEST_POSTGRES")
        assert server, "no PostgreSQL for the tests: run them as `tests/with-postgres.sh pytest tests/languages`"
        Postgres.count += 1
        schema = f"languages_{os.getpid()}_{Postgres.count}"
        self.url = server
        self.sql(f"CREATE SCHEMA {schema}")
        self.url = f"{server}?options=-c%20search_path%3D{schema}"

    def sql(self, statement):
        """The rows of a statement, each as one text."""
        command = ["psql", self.url, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", statement]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    def has(self, table):
        """True once the table is there."""
        return self.sql(f"SELECT to_regclass('{table}')") == [table]


class Script:
    """A vendor that answers what a case says and keeps what it received."""

    def __init__(self):
        script = self
        self.expected, self.received = [], []
        self.lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def play(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                answer = script.play(self.command, self.path, list(self.headers.items()), body.decode())
                payload = answer.get("body", "")
                payload = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
                payload = payload.encode()
                self.send_response(answer["status"], answer.get("reason"))
                for name, value in answer.get("headers", {}).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = do_PUT = do_DELETE = play

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def begin(self, exchanges):
        with self.lock:
            self.expected, self.received = list(exchanges), []

    def play(self, method, path, headers, body):
        with self.lock:
            # `Host` has the port of this run.
            kept = sorted([name.lower(), value] for name, value in headers if name.lower() != "host")
            self.received.append({"method": method, "path": path, "headers": kept, "body": body})
            if len(self.received) > len(self.expected):
                return {"status": 599, "body": "nothing was expected"}
            return self.expected[len(self.received) - 1]["response"]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


# A row a vendor: a sale that it takes, the emulator's word for the call that brings it, the end of that call's path,
# quick deadlines; `tells_no_number` where a lost sale is settled by counters, which tell no number of the document.
ROUBLES = {
    "kind": "sell",
    "items": [{"name": "Кружка", "price": "150.00", "quantity": "2", "discount": "10.00", "vat": "22"}],
    "payments": [{"type": "card", "sum": "290.00"}],
    "customer": {"email": "buyer@shop.example"},
}
VENDORS = {
    "modulkassa": {"sale": ROUBLES, "route": "submit", "path": "/v2/doc", "config": {"settle_ms": 20}},
    "ikkm": {
        "sale": {
            "kind": "sell",
            "items": [{"name": "Кружка", "price": "150", "quantity": "2", "discount": "10"}],
            "payments": [{"type": "card", "sum": "290"}],
        },
        "route": "register",
        "path": "/api",
        "config": {"settle_ms": 20, "pace_ms": 0},
    },
    "atol": {"sale": ROUBLES, "route": "submit", "path": "/sell", "config": {"poll_ms": 50}},
    "ikassa": {
        "sale": {
            "kind": "sell",
            "items": [{"name": "Кружка", "price": "150.00", "quantity": "2", "discount": "10.00", "vat": "20"}],
            "payments": [{"type": "cash", "sum": "290.00"}],
        },
        "route": "sale",
        "path": "/workstations.doc.sale",
        "config": {"settle_ms": 20},
        "tells_no_number": True,
    },
}


def receipt(identity, vendor="modulkassa"):
    """A sale of 290.00."""
    return {"id": identity, **copy.deepcopy(VENDORS[vendor]["sale"])}
