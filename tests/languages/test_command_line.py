"""The program `kassa` on a terminal: a person settles what is in doubt at every vendor, and makes a configuration."""

import fcntl
import json
import os
import select
import signal
import subprocess
import termios
import time
import urllib.request

import pytest

from conftest import ready
from harness import BUILD, VENDORS, receipt

KASSA = str(BUILD / "kassa")
WITHIN_S = 60
# What loses the answer to a sale and every look-up of it.
LOSSES = {
    "modulkassa": [
        {"route": "submit", "when": "after_record", "do": "drop"},
        {"route": "status", "do": "drop", "times": None},
    ],
    "ikkm": [
        {"route": "register", "when": "after_record", "do": "drop"},
        {"route": "register", "do": "drop", "times": None},
    ],
    "atol": [
        {"route": "submit", "when": "after_record", "do": "drop"},
        {"route": "submit", "do": "drop", "times": None},
    ],
    "ikassa": [
        {"route": "sale", "when": "after_record", "do": "drop"},
        {"route": "shift", "do": "drop", "skip": 1, "times": None},
    ],
}


class Terminal:
    """A program on a terminal of its own, with a person before it."""

    def __init__(self, folder, *arguments):
        self.master, slave = os.openpty()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KASSA_")}
        self.process = subprocess.Popen(
            [KASSA, *arguments],
            cwd=folder,
            env={**environment, "XDG_STATE_HOME": str(folder / "state")},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            # The terminal is that of the new session.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.seen, self.read_to = "", 0

    def sees(self, text):
        """Reads until this text is on the terminal."""
        end = time.monotonic() + WITHIN_S
        while text not in self.seen[self.read_to :]:
            assert time.monotonic() < end, f"{text!r} is not in {self.seen!r}"
            assert self.more(), f"{text!r} is not in {self.seen!r}"
        self.read_to = self.seen.index(text, self.read_to) + len(text)

    def more(self):
        """Reads on; false where the program is gone."""
        ready, _, _ = select.select([self.master], [], [], 1)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65_536)
        except OSError:
            return False
        self.seen += data.decode()
        return data != b""

    def types(self, line):
        os.write(self.master, f"{line}\n".encode())

    def answers(self, question, line):
        self.sees(question)
        self.types(line)

    def asks_unseen(self, question):
        """Reads until this question is there and what is typed is not shown any more."""
        self.sees(question)
        end = time.monotonic() + WITHIN_S
        while termios.tcgetattr(self.master)[3] & termios.ECHO:
            assert time.monotonic() < end, "what is typed is shown"
            time.sleep(0.01)

    def ends(self, code):
        end = time.monotonic() + WITHIN_S
        while self.more():
            assert time.monotonic() < end, f"it goes on: {self.seen!r}"
        assert self.process.wait(timeout=WITHIN_S) == code, self.seen
        self.close()
        return self.seen

    def close(self):
        if self.master is not None:
            os.close(self.master)
            self.master = None


def on_terminal(folder, *arguments, code=0):
    return Terminal(folder, *arguments).ends(code)


def clear_faults(emulator):
    request = urllib.request.Request(f"{emulator.url}/_emulator/faults", method="DELETE")
    urllib.request.urlopen(request, timeout=10).close()


def configured(emulator, folder, vendor):
    """A configuration as `kassa init` writes it."""
    path = folder / "kassa.json"
    path.write_text(json.dumps(ready(emulator, folder, vendor)))
    path.chmod(0o600)


def in_doubt(emulator, folder, vendor, identity):
    """A sale whose answers all get lost."""
    for fault in LOSSES[vendor]:
        emulator.fault(vendor=vendor, **fault)
    (folder / "sale.json").write_text(json.dumps(receipt(identity, vendor)))
    seen = on_terminal(folder, "register", "sale.json", code=3)
    assert "On record: not known." in seen and "What to do: " in seen
    clear_faults(emulator)


@pytest.fixture(params=VENDORS)
def shop(request, emulator, tmp_path):
    """A vendor and the folder of a shop whose sale is in doubt."""
    configured(emulator, tmp_path, request.param)
    in_doubt(emulator, tmp_path, request.param, "order-1")
    return request.param, tmp_path


def test_a_person_settles_a_sale_in_doubt(emulator, shop):
    _, folder = shop
    assert "order-1" in on_terminal(folder, "list", "--state", "in_doubt")
    assert "in_doubt" in on_terminal(folder, "show", "order-1")
    assert "order-1: registered" in on_terminal(folder, "resolve", "order-1")
    assert on_terminal(folder, "list", "--state", "in_doubt") == ""
    assert "The record is whole." in on_terminal(folder, "verify")
    sales = [entry for entry in emulator.ledger() if entry["kind"] == "sell"]
    assert len(sales) == 1


def test_a_persons_verdict_is_asked_to_be_confirmed(emulator, shop):
    _, folder = shop
    verdict = ["resolve", "order-1", "--on-record", "--by", "Anna"]
    for answer in ["no", ""]:
        terminal = Terminal(folder, *verdict)
        terminal.sees("for good")
        terminal.answers("Type yes to go on", answer)
        terminal.ends(2)
        assert "in_doubt" in on_terminal(folder, "show", "order-1")
    terminal = Terminal(folder, *verdict, "--note", "seen in the cabinet")
    terminal.answers("Type yes to go on", "yes")
    assert "order-1: registered" in terminal.ends(0)
    shown = on_terminal(folder, "show", "order-1")
    assert "Anna" in shown and "seen in the cabinet" in shown


def test_a_terminal_that_goes_ends_it(emulator, shop):
    _, folder = shop
    terminal = Terminal(folder, "resolve", "order-1", "--on-record", "--by", "Anna")
    terminal.sees("Type yes to go on")
    terminal.close()
    assert terminal.process.wait(timeout=WITHIN_S) != 0
    # Ctrl-D ends a line that was never begun.
    terminal = Terminal(folder, "resolve", "order-1", "--on-record", "--by", "Anna")
    terminal.sees("Type yes to go on")
    os.write(terminal.master, b"\x04")
    terminal.ends(2)
    assert "in_doubt" in on_terminal(folder, "show", "order-1")


def made(folder, vendor, answers, secret=None, flags=()):
    """What `init` writes after these answers. What is secret is not seen."""
    terminal = Terminal(folder, "init", vendor, *flags)
    for question, answer in answers:
        terminal.answers(question, answer)
    if secret:
        terminal.asks_unseen(secret[0])
        terminal.types(secret[1])
    return terminal


def finished(folder, terminal, secret=None):
    seen = terminal.ends(0)
    assert secret is None or secret[1] not in seen
    assert (folder / "kassa.json").stat().st_mode & 0o777 == 0o600
    return json.loads((folder / "kassa.json").read_text())


def sells(folder, vendor):
    assert "wrong: 0, warnings: 0" in on_terminal(folder, "doctor")
    (folder / "sale.json").write_text(json.dumps(receipt("order-1", vendor)))
    assert "order-1: registered" in on_terminal(folder, "register", "sale.json")


def test_init_modulkassa(emulator, tmp_path):
    account = {"login": "shop@shop.example", "password": "secret-of-the-shop"}
    seeded = emulator.control("seed", {"vendor": "modulkassa", "account": account, "retail_point": {}})
    config = seeded.get("config", seeded)
    answers = [
        ("Id of the retail point: ", config["retail_point_id"]),
        ("Login of the back office: ", account["login"]),
        ("Journal", ""),
    ]
    secret = ("Password: ", account["password"])
    terminal = made(tmp_path, "modulkassa", answers, secret, ["--base-url", config["base_url"]])
    written = finished(tmp_path, terminal, secret)
    assert written["retail_point_id"] == config["retail_point_id"]
    assert written["credentials"]["password"] and "account" not in written
    sells(tmp_path, "modulkassa")


def test_init_ikkm(emulator, tmp_path):
    config = emulator.configs["ikkm"]
    answers = [("Address of the device", config["base_url"]), ("Factory serial number", ""), ("Journal", "")]
    secret = ("Web-api key", config["key"])
    written = finished(tmp_path, made(tmp_path, "ikkm", answers, secret), secret)
    assert written["register"] == config["register"]
    sells(tmp_path, "ikkm")


def test_init_atol(emulator, tmp_path):
    config = emulator.configs["atol"]
    answers = [
        ("Login of the integrator settings: ", config["login"]),
        ("Code of the group of cash registers: ", config["group_code"]),
        ("Version of the protocol", config["protocol"]),
        ("Taxpayer number", config["company"]["tax_id"]),
        ("Taxation system", config["company"]["tax_system"]),
        ("Place of settlement", config["company"]["payment_address"]),
        ("E-mail address", config["company"]["email"]),
        ("Journal", f"sqlite:{tmp_path}/kassa.sqlite"),
    ]
    secret = ("Password: ", config["password"])
    flags = ["--base-url", config["base_url"], "--monitoring-url", config["monitoring_url"]]
    written = finished(tmp_path, made(tmp_path, "atol", answers, secret, flags), secret)
    assert written["company"] == config["company"]
    sells(tmp_path, "atol")


def test_init_ikassa(emulator, tmp_path):
    emulator.switch("ikassa", interval=0)
    config = emulator.control("describe")["vendors"]["ikassa"]["others"][0]
    answers = [
        ("Client id", config["client_id"]),
        ("Name of the cash register", config["register"]),
        ("Cashier", "Anna"),
        ("Journal", ""),
    ]
    terminal = made(tmp_path, "ikassa", answers, flags=["--base-url", config["base_url"]])
    terminal.sees("enter the code ")
    terminal.sees(" within")
    code = terminal.seen[: terminal.read_to].rsplit("enter the code ", 1)[1].removesuffix(" within")
    emulator.control(f"devices/{config['register']}/approve", {"user_code": code})
    written = finished(tmp_path, terminal)
    assert "refresh_token" not in written and written["cashier"] == "Anna"
    assert "its shift is closed" in on_terminal(tmp_path, "doctor")
    on_terminal(tmp_path, "call", "open_shift")
    sells(tmp_path, "ikassa")


def beside(folder, *command):
    return subprocess.run([KASSA, "emulator", "--write", "modulkassa", "--", *command], cwd=folder, capture_output=True, text=True)


def test_an_emulator_with_a_configuration_and_a_command(tmp_path):
    (tmp_path / "receipt.json").write_text(json.dumps(receipt("order-1")))
    sold = beside(tmp_path, KASSA, "--json", "register", "receipt.json")
    assert (sold.returncode, json.loads(sold.stdout)["state"]) == (0, "registered"), sold
    assert (tmp_path / "kassa.json").stat().st_mode & 0o777 == 0o600
    # Its exit code is the command's own, and the next emulator replaces the file of the first.
    assert beside(tmp_path, "sh", "-c", "exit 7").returncode == 7
    assert beside(tmp_path, "sh", "-c", "kill -9 $$").returncode == 128 + 9
    (tmp_path / "kassa.json").write_text('{"vendor": "modulkassa", "environment": "production"}')
    refused = beside(tmp_path, "true")
    assert refused.returncode == 2 and "no emulator wrote it" in refused.stderr, refused
    assert "production" in (tmp_path / "kassa.json").read_text()


def test_ctrl_c_while_a_password_is_typed_leaves_nothing(emulator, tmp_path):
    flags = ["--base-url", "http://127.0.0.1:8080", "--register", "1", "--journal", "memory:"]
    terminal = Terminal(tmp_path, "init", "ikkm", *flags)
    terminal.asks_unseen("Web-api key")
    os.write(terminal.master, b"half-a-secret\x03")
    assert "half-a-secret" not in terminal.ends(-signal.SIGINT)
    assert not (tmp_path / "kassa.json").exists()
