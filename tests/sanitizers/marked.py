"""Looks for marked secrets wherever they must not be, in every language.

Each vendor on the emulator gets credentials that occur nowhere else, and a buyer of that kind. The runners of all
languages carry out every operation, and every error that the emulator, a bad configuration and the operation `test_error`
can make, with log lines at `debug`. What comes out is searched: answers, log lines, dumps of clients and exceptions,
journal files, and for Rust and C the memory of the process after the client was closed. The strings of PHP, Python and
JavaScript cannot be overwritten by their programs, so their memory says nothing of the library.
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/languages"))

from harness import RUNNERS, VENDORS, Emulator, Postgres, Runner, receipt  # noqa: E402

Marks = dict[str, str]
# Where a mark was found: the language, the vendor, what was searched.
Place = tuple[str, str, str]
Hit = tuple[Place, str]

EMAIL, PHONE = "marked.buyer.7f3a@shop.example", "+79990417263"
BUYER: Marks = {"buyer's e-mail": EMAIL, "buyer's phone": PHONE}
KEY_OF_THE_JOURNAL = "6d61726b" * 8
CLOSED_PORT = "http://127.0.0.1:9"
# The memory of these programs is their own doing: what they read they overwrite.
SEARCHED_IN_MEMORY = ("rust", "c")
LET_GO_WITHIN_S = 120
# `associate` is asked for a password and gives it.
GIVEN = {"associate": ("password of the association", "Basic value of the association")}
# What ends a shift or an association, or names another key, comes last.
ENDING = ("close_shift", "dissociate", "associate", "prune", "resolve")
# Vendors that give tokens, those that are told of the buyer, and what asks each vendor without changing anything.
LOGGED_IN = ("atol", "ikassa")
TOLD_OF_BUYERS = ("modulkassa", "atol")
HARMLESS: dict[str, dict[str, dict[str, Any]]] = {
    "modulkassa": {"service_status": {}, "document_status": {"document_id": "x"}, "retail_point": {}, "health": {}},
    "atol": {"kkts": {}, "kkt": {"serial_number": "00107703864827"}, "error_codes": {}, "health": {}},
    "ikassa": {"cashbox": {}, "shift": {}, "cash": {}, "document": {"uid": "x"}, "health": {}},
    "ikkm": {"check": {}, "info": {}, "shifts": {}, "items": {}, "sales": {"shift": 1}, "x_report": {}, "health": {}},
}
# Statuses under which a vendor or a gateway repeats what it was sent.
ECHOED = (200, 400, 401, 403, 404, 409, 422, 429, 500, 502)


def seeds() -> dict[str, tuple[dict[str, Any], Marks]]:
    """For each vendor what the emulator is seeded with, and the marks in it."""
    return {
        "modulkassa": (
            {"account": {"login": "marked.login.1c9e@shop.example", "password": "marked-account-5b21"}, "retail_point": {}},
            {"password of the account": "marked-account-5b21"},
        ),
        "atol": (
            {"account": {"login": "marked-login-2d7f", "password": "marked-password-8e64"}, "group": {}},
            {"password": "marked-password-8e64"},
        ),
        "ikassa": (
            {
                "client": {"client_id": "marked-shop", "client_secret": "marked-secret-4a90"},
                "register": {"refresh_token": "marked-refresh-61dd"},
            },
            {"client secret": "marked-secret-4a90", "refresh token of the configuration": "marked-refresh-61dd"},
        ),
        "ikkm": ({"device": {"key": "86420975", "drawer": "100000.00"}}, {"key of the configuration": "86420975"}),
    }


def basic(name: str, password: str) -> str:
    return base64.b64encode(f"{name}:{password}".encode()).decode()


def decoded(coded: str) -> str:
    """The password of a Basic value."""
    return base64.b64decode(coded).decode().split(":", 1)[1]


def of_config(config: dict[str, Any]) -> Marks:
    """What the emulator made up for a configuration."""
    marks: Marks = {}
    if "credentials" in config:
        name, password = config["credentials"]["user_name"], config["credentials"]["password"]
        marks |= {"password of the association": password, "Basic value of the association": basic(name, password)}
        marks["Basic value of the account"] = basic(config["account"]["login"], config["account"]["password"])
    return marks


def sent(requests: list[dict[str, Any]]) -> Marks:
    """Tokens, keys and passwords that the vendor received."""
    marks: Marks = {}
    for request in requests:
        for name, value in request["headers"]:
            if name.lower() == "token":
                marks[f"token {value[:12]}"] = value
            elif name.lower() == "authorization":
                marks[f"authorization {value[:16]}"] = value.split(" ", 1)[1]
        fields = urllib.parse.parse_qs(request["query"]) | urllib.parse.parse_qs(request.get("body") or "")
        for name in ("key", "refresh_token", "device_code", "client_secret"):
            marks |= {f"{name} {value[:12]}": value for value in fields.get(name, []) if len(value) >= 6}
    return marks


def ways(mark: str) -> list[bytes]:
    """A text as it may be written: itself, in JSON, in an address, in base64."""
    whole = mark.encode()
    texts = {mark, json.dumps(mark)[1:-1], urllib.parse.quote(mark, safe=""), urllib.parse.quote_plus(mark)}
    # Inside of a longer base64 text it begins at one of three places; the letters at its ends depend on its neighbours.
    coded = [base64.b64encode(b"\0" * at + whole)[(0, 2, 3)[at] : -4] for at in range(3)]
    return [text.encode() for text in texts] + [text for text in coded if len(text) >= 8]


def found(marks: Marks, searched: bytes) -> set[str]:
    """The names of the marks that are in it."""
    return {name for name, mark in marks.items() if any(way in searched for way in ways(mark))}


class Search:
    """What was searched and what was found."""

    def __init__(self) -> None:
        self.places: set[Place] = set()
        self.hits: set[Hit] = set()
        self.codes: set[str] = set()
        self.done: set[tuple[str, str]] = set()
        self.failed: set[tuple[str, str]] = set()
        self.left_out: list[str] = []

    def look(self, place: Place, marks: Marks, searched: bytes | str) -> None:
        self.places.add(place)
        text = searched.encode() if isinstance(searched, str) else searched
        self.hits |= {(place, name) for name in found(marks, text)}


class Shop:
    """A vendor with marked credentials, and one language's client of it."""

    def __init__(self, search: Search, emulator: Emulator, language: str, vendor: str, folder: Path, journal: str) -> None:
        self.search, self.emulator, self.language, self.vendor, self.folder = search, emulator, language, vendor, folder
        emulator.reset()
        emulator.switch("ikkm", pace_ms=0)
        seed, marks = seeds()[vendor]
        seeded = emulator.control("seed", {"vendor": vendor, **seed})
        config = seeded.get("config", seeded)
        self.config = {**config, "timeout_ms": 3000, **VENDORS[vendor]["config"], "journal": journal, "log": "debug"}
        self.marks = {**marks, **of_config(config)}
        self.stderr = folder / f"{language}-{vendor}.stderr"
        self.heard: list[tuple[str, str]] = []

    def keep_under(self, option: dict[str, str]) -> None:
        """Gives the journal its key, which is a secret itself, as digits and as bytes."""
        self.config |= option
        if option:
            self.marks |= {"key of the journal": KEY_OF_THE_JOURNAL, "its bytes": bytes.fromhex(KEY_OF_THE_JOURNAL).decode()}

    def runner(self) -> Runner:
        """A runner that shows what a careless program would write down."""
        environment = {"KASSA_RUNNER_SHOW": "1", "RUST_BACKTRACE": "1"}
        return Runner(self.language, environment, stderr=self.stderr.open("ab"))

    def open(self, runner: Runner, config: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = runner.open(config)
        return self.heard_of("open", answer)

    def call(self, runner: Runner, operation: str, request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = runner.call(operation, request)
        (self.search.failed if "error" in answer else self.search.done).add((self.vendor, operation))
        return self.heard_of(operation, answer)

    def heard_of(self, what: str, answer: dict[str, Any]) -> dict[str, Any]:
        self.heard.append((what, json.dumps(answer, ensure_ascii=False)))
        if "error" in answer:
            self.search.codes.add(answer["error"]["code"])
        return answer

    def echo(self, route: str, status: int, texts: list[str]) -> None:
        """The next answer on this route repeats these texts, as the vendor's own refusal or a gateway's page has them."""
        text = " and ".join(texts)
        own = {"status": status, "error": text, "message": text, "code": text, "error_description": text}
        if self.vendor == "atol":
            own = {"uuid": text, "status": "fail", "error": {"code": 32, "type": "system", "text": text}}
        body = f"<html>{text}</html>" if status in (500, 502) else json.dumps(own)
        self.emulator.fault(vendor=self.vendor, route=route, when="before_record", do="status", status=status, body=body)

    def no_faults(self) -> None:
        """What did not strike must not strike another call."""
        request = urllib.request.Request(f"{self.emulator.url}/_emulator/faults", method="DELETE")
        urllib.request.urlopen(request, timeout=10).close()

    def told(self) -> list[str]:
        """The credentials of the last exchange."""
        if self.vendor == "ikkm":
            # The emulator's word for the key that was sent.
            return ["{key}"]
        last = sent(self.emulator.requests()[-1:])
        passwords = [decoded(mark) for name, mark in last.items() if "Basic" in name]
        return [*last.values(), *passwords]

    def logged_in_with(self) -> list[str]:
        """What the log-in is told: ATOL a password, iKassa a refresh token."""
        known = [mark for name, mark in sent(self.emulator.requests()).items() if name.startswith("refresh_token")]
        return known[-1:] or [self.config["password"]]

    def judged(self) -> None:
        """Searches what was heard, and what stands on standard error."""
        marks = {**self.marks, **sent(self.emulator.requests())}
        self.marks = marks
        for what, text in self.heard:
            allowed = GIVEN.get(what, ())
            searched = {name: mark for name, mark in {**marks, **BUYER}.items() if mark not in self.given(allowed)}
            self.search.look((self.language, self.vendor, f"answer of {what}"), searched, text)
        kinds: dict[str, list[str]] = {"log": [], "dump": [], "trace": [], "frames": [], "standard error": []}
        for line in self.stderr.read_text(errors="replace").splitlines():
            begin = re.match(r'\{"(log|dump|trace|frames)":', line)
            kinds[begin[1] if begin else "standard error"].append(line)
        for kind, lines in kinds.items():
            # C has no log but its envelopes, and the one of `associate` is among them.
            kept = [line for line in lines if not (self.language == "c" and '"user_name"' in line and '"password"' in line)]
            # A frame has the receipt that the program gave, as the program's own frames do.
            looked_for = marks if kind == "frames" else {**marks, **BUYER}
            self.search.look((self.language, self.vendor, kind), looked_for, "\n".join(kept))

    def given(self, names: tuple[str, ...]) -> set[str]:
        """The marks of these names, and what else the last `associate` gave."""
        texts = {self.marks[name] for name in names if name in self.marks}
        for what, text in self.heard:
            if names and what == "associate":
                answer = json.loads(text).get("ok", {})
                if "password" in answer:
                    texts |= {answer["password"], basic(answer["user_name"], answer["password"])}
        return texts


def case_requests(vendor: str) -> dict[str, list[Any]]:
    """The requests of the published cases by operation, at most three different ones each."""
    requests: dict[str, list[Any]] = {}
    for case in json.loads((ROOT / f"tests/cases/{vendor}.json").read_text())["cases"]:
        for step in case.get("steps", []):
            known = requests.setdefault(step["operation"], [])
            if len(known) < 3 and step.get("request", {}) not in known:
                known.append(step.get("request", {}))
    return requests


def sale(identity: str, vendor: str, buyer: dict[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = receipt(identity, vendor)
    # iKassa and iKKM send no buyer anywhere, and say so.
    return {**made, "customer": buyer}


def refused_configurations(shop: Shop, runner: Runner) -> None:
    """Configurations with a mistake, which no message may repeat."""
    secret = next(iter(shop.marks.values()))
    wrong: list[dict[str, Any]] = [
        {**shop.config, "no_such_option": 1},
        {**shop.config, "password": [secret], "key": [secret], "refresh_token": [secret]},
        {**shop.config, "password": secret * 40, "key": secret * 40, "refresh_token": secret * 400},
        {**shop.config, "base_url": f"https://shop:{secret}@vendor.example"},
        {**shop.config, "proxy": f"http://shop:{secret}@127.0.0.1:9"},
        {**shop.config, "journal": f"postgres://shop:{secret}@127.0.0.1:9/kassa"},
        {**shop.config, "journal": f"postgres://shop:{secret}@@/?sslmode=x&sslmode=y"},
        {**shop.config, "journal": "sqlite:/proc/no/such/journal.sqlite"},
        {**shop.config, "base_url": CLOSED_PORT},
    ]
    for config in wrong:
        if "ok" in shop.open(runner, config):
            shop.call(runner, "health", {})
            shop.call(runner, "register", sale("order-0", shop.vendor, {"email": EMAIL}))


def every_operation(shop: Shop, runner: Runner, operations: list[str]) -> None:
    """A day at the shop, then the requests of the published cases."""
    vendor = shop.vendor
    day: list[tuple[str, Any]] = [
        ("capabilities", {}),
        ("validate", sale("order-1", vendor, {"email": EMAIL})),
        ("open_shift", {}),
        ("deposit", {"id": "in-1", "sum": "1000"}),
        ("register", sale("order-1", vendor, {"email": EMAIL})),
        ("wait", {"id": "order-1"}),
        ("register", sale("order-2", vendor, {"phone": PHONE})),
        ("wait", {"id": "order-2"}),
        ("enqueue", {"receipts": [sale("order-3", vendor, {"email": EMAIL})]}),
        ("deliver", {}),
        *((name, {"id": "order-1"}) for name in ("status", "document", "document_report", "document_status", "receipt_url")),
        ("transaction", {"id": "order-1"}),
        ("health", {}),
    ]
    for operation, request in day:
        if operation in operations:
            shop.call(runner, operation, request)
    cases_of(shop, runner, [name for name in operations if name not in ENDING])


def cases_of(shop: Shop, runner: Runner, operations: list[str]) -> None:
    """The requests of the published cases."""
    cases = case_requests(shop.vendor)
    for operation in operations:
        for request in cases.get(operation, [{}]):
            shop.call(runner, operation, request)


def every_error(shop: Shop, runner: Runner, codes: list[str]) -> None:
    """Each code by its name, answers that repeat what was sent, a log-in that is refused, and no vendor at all."""
    for code in codes:
        shop.call(runner, "test_error", {"code": code})
    shop.call(runner, "test_panic", {})
    shop.call(runner, "no_such_operation", {"password": "x"})
    if shop.vendor == "ikassa":
        # What is spent with each log-in is known after it only.
        shop.emulator.switch("ikassa", reuse_refresh=True)
        shop.call(runner, "refresh_login", {})
    for number, status in enumerate(ECHOED):
        # A vendor can repeat what this very exchange sent; what it is not told it does not know.
        for operation, request in HARMLESS[shop.vendor].items():
            shop.call(runner, operation, request)
            shop.echo("*", status, shop.told())
            shop.call(runner, operation, request)
        shop.call(runner, "register", sale(f"plain-{number}", shop.vendor, {"email": EMAIL}))
        shop.echo(VENDORS[shop.vendor]["route"], status, [*shop.told(), *([EMAIL] if shop.vendor in TOLD_OF_BUYERS else [])])
        shop.call(runner, "register", sale(f"echo-{number}", shop.vendor, {"email": EMAIL}))
        if shop.vendor in LOGGED_IN:
            shop.emulator.fault(vendor=shop.vendor, route="*", do="forget_token")
            shop.echo("token", status, shop.logged_in_with())
            shop.call(runner, "health", {})
        shop.no_faults()
    for number, what in enumerate(("drop", "cut", "garbage", "empty")):
        if what in ("drop", "cut") or shop.vendor != "ikkm":
            shop.emulator.fault(vendor=shop.vendor, route="*", do=what)
        shop.call(runner, "register", sale(f"{what}-{number}", shop.vendor, {"email": EMAIL}))
        shop.no_faults()


def kept(shop: Shop, runner: Runner) -> None:
    """What the journal tells and counts."""
    for operation in ("journal", "export", "metrics"):
        shop.call(runner, operation, {})


def journal_files(shop: Shop, has_key: bool) -> bool:
    """Credentials do not stand in the files of a journal that has a key. The buyer does, in the receipt: true where it is
    found."""
    is_seen = False
    for path in sorted(path for path in shop.folder.glob("journal.sqlite*") if path.is_file()):
        if has_key:
            shop.search.look((shop.language, shop.vendor, f"file {path.name}"), shop.marks, path.read_bytes())
        is_seen |= bool(found(BUYER, path.read_bytes()))
    return is_seen


def memory(process: int) -> bytes:
    """What a core file would hold: every part of a process that stands still that can be written to."""
    parts = []
    with open(f"/proc/{process}/mem", "rb", buffering=0) as all_of_it:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            begin, end, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()  # type: ignore[union-attr]
            if mode.startswith("rw") and "[vvar" not in line:
                all_of_it.seek(int(begin, 16))
                parts.append(all_of_it.read(int(end, 16) - int(begin, 16)))
    return b"".join(parts)


def until_let_go(process: int) -> None:
    """Waits until a process has neither a connection nor a journal open."""
    folder, until = Path(f"/proc/{process}/fd"), time.monotonic() + LET_GO_WITHIN_S
    while time.monotonic() < until:
        open_files = [os.readlink(path) for path in folder.iterdir()]
        # Other sockets are the runtime's own.
        lines = Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]
        connections = {f"socket:[{line.split()[9]}]" for line in lines}
        if not any(name in connections or ".sqlite" in name for name in open_files):
            return
        time.sleep(0.1)
    raise RuntimeError(f"still open after {LET_GO_WITHIN_S} s: {open_files}")


def after_closing(shop: Shop) -> bool:
    """Searches the memory of a runner whose client is closed. True where the open client's had the secrets."""
    with Runner(shop.language) as runner:
        runner.open({**shop.config, "log": None})
        for operation, request in (
            ("health", {}),
            ("open_shift", {}),
            ("register", sale("order-1", shop.vendor, {"email": EMAIL})),
            ("wait", {"id": "order-1"}),
            ("refresh_login", {}),
            ("metrics", {}),
        ):
            runner.call(operation, request)
        is_seen = bool(found(shop.marks, memory(runner.process.pid)))
        # Longer than the buffer of any standard input.
        runner.send("close", " " * 65_536)
        runner.receive()
        # A connection is kept for the next client, for a minute at most, and with it what was written to it last.
        until_let_go(runner.process.pid)
        marks = {**shop.marks, **sent(shop.emulator.requests())}
        shop.search.look((shop.language, shop.vendor, "memory after closing"), marks, memory(runner.process.pid))
    return is_seen


def takes_a_key(folder: Path) -> dict[str, str]:
    """The option that has the journal keep its secrets under a key, where the library has it."""
    path = folder / "key"
    path.write_text(KEY_OF_THE_JOURNAL + "\n")
    path.chmod(0o600)
    option = {"journal_key": f"file:{path}"}
    config = {"vendor": "atol", "base_url": CLOSED_PORT, "login": "x", "password": "x", "journal": "memory:", **option}
    with Runner("rust") as runner:
        answer = runner.open(config)
    return option if "ok" in answer else {}


def proved(emulator: Emulator, folder: Path) -> dict[str, bool]:
    """A planted secret is found: in an answer, a log line, a dump, a trace, and however it is written."""
    mark = "marked/planted-3c+77"
    marks = {"planted": mark}
    written = [mark, json.dumps({"a": mark}), urllib.parse.quote(mark, safe=""), basic("shop", mark), basic(mark, "x")]
    proofs = {"ways of writing": all(found(marks, text.encode()) for text in written)}
    proofs["nothing is found in nothing"] = not found(marks, b"marked/planted-3c")
    for language in RUNNERS:
        search = Search()
        shop = Shop(search, emulator, language, "modulkassa", folder, "memory:")
        shop.marks["planted"] = mark
        with shop.runner() as runner:
            # The name of a cash register is no secret, and is shown.
            shop.open(runner, {**shop.config, "register": mark})
            shop.call(runner, "test_echo", {"text": mark})
            shop.call(runner, "status", {"id": mark})
        shop.judged()
        proofs[language] = any(name == "planted" for _, name in search.hits)
        shop.stderr.unlink()
    return proofs


def run(languages: list[str]) -> dict[str, Any]:
    """The whole search; the figures of the last line, and what was found."""
    search = Search()
    described = json.loads(subprocess.run([*RUNNERS["rust"], "--describe"], capture_output=True, check=True).stdout)
    operations = {vendor["name"]: list(vendor["operations"]) for vendor in described["vendors"]}
    codes = [code["code"] for code in described["codes"]]
    emulator = Emulator()
    unseen = []
    with tempfile.TemporaryDirectory(prefix="kassa-secrets-") as name:
        folder = Path(name)
        proofs = proved(emulator, folder)
        option = takes_a_key(folder)
        if not option:
            search.left_out.append("files of a journal, and its pages in memory: this build has no option journal_key")
        has_postgres = "KASSA_TEST_POSTGRES" in os.environ
        if not has_postgres:
            search.left_out.append("the password of PostgreSQL: no server")
        for language in languages:
            for vendor in VENDORS:
                engines = ["sqlite", *(["postgres"] if has_postgres and vendor == "modulkassa" else [])]
                for engine in engines:
                    place = folder / f"{language}-{vendor}-{engine}"
                    place.mkdir()
                    journal = Postgres().url if engine == "postgres" else f"sqlite:{place / 'journal.sqlite'}"
                    shop = Shop(search, emulator, language, vendor, place, journal)
                    shop.keep_under(option)
                    if engine == "postgres":
                        password = urllib.parse.urlsplit(os.environ["KASSA_TEST_POSTGRES"]).password
                        shop.marks["password of PostgreSQL"] = password or ""
                    emulator.switch("ikassa", auto_approve=True)
                    with shop.runner() as runner:
                        refused_configurations(shop, runner)
                        shop.open(runner, shop.config)
                        every_operation(shop, runner, operations[vendor])
                        every_error(shop, runner, codes)
                        cases_of(shop, runner, [name for name in ENDING if name in operations[vendor]])
                        kept(shop, runner)
                        runner.send("close")
                        runner.receive()
                        shop.judged()
                    is_seen = journal_files(shop, bool(option))
                    if engine == "sqlite" and vendor in TOLD_OF_BUYERS and not is_seen:
                        unseen.append(f"the buyer in the files of {language} {vendor}")
                    if language in SEARCHED_IN_MEMORY and engine == "sqlite":
                        # SQLite's pages in memory are as the file is: in clear where the journal has no key.
                        journal = f"sqlite:{place / 'memory.sqlite'}" if option else "memory:"
                        again = Shop(search, emulator, language, vendor, place, journal)
                        again.keep_under(option)
                        if not after_closing(again):
                            unseen.append(f"the secrets of an open client in the memory of {language} {vendor}")
                print(f"{language} {vendor}: {len(search.places)} places, {len(search.hits)} hits", flush=True)
    emulator.stop()
    for where, mark in sorted(search.hits):
        print(f"found: {mark} in {', '.join(where)}")
    missing = sorted({(vendor, operation) for vendor in operations for operation in operations[vendor]} - search.done)
    proofs |= dict.fromkeys(unseen, False)
    return {
        "languages": len(languages),
        "operations": sum(len(names) for names in operations.values()),
        "operations_never_ok": [" ".join(pair) for pair in missing],
        "codes": len(search.codes),
        "secret_places_searched": len(search.places),
        "secret_hits": len(search.hits),
        "left_out": search.left_out,
        "proofs_failed": [name for name, holds in proofs.items() if not holds],
    }


__all__ = ["RUNNERS", "run"]
