"""The published cases, from every language: the same bytes on the wire, the same envelopes.

A case file is {"about", "vendor", "cases": [{"name", "config", "skip", "steps"}]}; a step has an
operation, a request, the exchanges with the vendor that it must cause, and the envelope that it
must give. Of an expected envelope only the members written down are compared ("*" is any value);
that all languages give the same whole envelope is checked besides.
"""

import base64
import json
import subprocess
from pathlib import Path

import pytest

from harness import LANGUAGES, ROOT, RUNNERS, Runner

FILES = sorted((ROOT / "tests/cases").glob("*.json"))
CASES = [
    pytest.param(document["vendor"], case, id=f"{file.stem}: {case['name']}")
    for file in FILES
    for document in [json.loads(file.read_text(encoding="utf-8"))]
    for case in document["cases"]
]
CREDENTIALS = {"user_name": "c0de1f52-7a0b-4c19-9d3e-6b8f2a41e705", "password": "Qm7xT2vLz9Ka"}
ACCOUNT = {"login": "owner@shop.example", "password": "account-password"}
VENDORS = {
    "modulkassa": {
        "base_url": "{}/api/fn",
        "credentials": CREDENTIALS,
        "account": ACCOUNT,
        "retail_point_id": "5a1d0c7e-93b4-4f0a-8a57-0c2b7f6e1d20",
        "settle_ms": 0,
    },
    "atol": {
        "base_url": "{}/possystem",
        "login": "demo-shop-ru",
        "password": "account-password",
        "group_code": "demo-shop-ru_2001",
        "protocol": "v5",
        "poll_ms": 10,
        "company": {
            "tax_id": "7700000016",
            "tax_system": "osn",
            "payment_address": "https://demo-shop.example",
            "email": "shop@example.org",
        },
    },
    "ikassa": {
        "base_url": "{}",
        "client_id": "demo-client",
        "refresh_token": "rt_0",
        "cashier": "Sidorova A. V.",
        "settle_ms": 0,
    },
    "ikkm": {"base_url": "{}", "register": "011700029000", "key": "11112222", "settle_ms": 0, "pace_ms": 0},
}
CONTENT_TYPES = {
    "modulkassa": "application/json",
    "atol": "application/json",
    "ikassa": "application/json",
    "ikkm": "application/x-www-form-urlencoded; charset=utf-8",
}


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


AUTHORIZATION = {
    "association": basic(CREDENTIALS["user_name"], CREDENTIALS["password"]),
    "account": basic(ACCOUNT["login"], ACCOUNT["password"]),
}


def differences(expected, actual, path=""):
    """Where `actual` is not what `expected` says."""
    if expected == "*":
        return [] if actual is not None else [f"{path}: is null"]
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [
            found
            for name, value in expected.items()
            for found in (
                differences(value, actual[name], f"{path}/{name}") if name in actual else [f"{path}/{name}: missing"]
            )
        ]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = enumerate(zip(expected, actual))
        return [found for index, (one, other) in pairs for found in differences(one, other, f"{path}/{index}")]
    return [] if expected == actual else [f"{path}: {actual!r} instead of {expected!r}"]


def as_php_has_it(value):
    """PHP's arrays do not tell an empty object from an empty list."""
    if isinstance(value, dict):
        return {name: as_php_has_it(member) for name, member in value.items()} or []
    return [as_php_has_it(member) for member in value] if isinstance(value, list) else value


def check_exchange(vendor, expected, received):
    assert received["method"] == expected["method"]
    assert received["path"] == expected["path"]
    headers = dict(received["headers"])
    if vendor == "modulkassa":
        assert headers["authorization"] == AUTHORIZATION[expected.get("as", "association")]
    elif vendor == "atol":
        assert headers.get("token") == expected.get("token", None if "oken" in received["path"] else "token-1")
    elif vendor == "ikassa":
        is_login = received["path"].startswith("/oauth/")
        assert headers.get("authorization") == (None if is_login else expected.get("as", "Bearer at_1"))
    else:
        assert headers["connection"] == "close" and headers["cache-control"] == "no-store"
    body = expected.get("body")
    # iKassa wants the header on calls without a body too.
    content_type = CONTENT_TYPES[vendor] if body is not None or vendor == "ikassa" else None
    if received["path"].startswith("/oauth/"):
        content_type = "application/x-www-form-urlencoded"
    assert headers.get("content-type") == content_type
    if body is None:
        assert received["body"] == ""
    else:
        # The text itself: digits and order are part of the promise.
        assert received["body"] == (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False))


def play(language, vendor, case, script):
    """Runs a case; gives back everything that was sent and every envelope."""
    config = {"vendor": vendor, "journal": "memory:", **VENDORS[vendor], **case.get("config", {})}
    config["base_url"] = config["base_url"].format(script.url)
    sent, envelopes = [], []
    with Runner(language) as runner:
        opened = runner.open(config)
        if "open" in case:
            assert not differences(case["open"], opened), f"{language}: {opened}"
            return sent, [opened]
        assert "ok" in opened, f"{language}: {opened}"
        for step in case["steps"]:
            script.begin(step.get("exchange", []))
            envelope = runner.call(step["operation"], step.get("request", {}))
            wrong = differences(step["envelope"], envelope)
            assert not wrong, f"{language} {step['operation']}: {wrong} in {envelope}"
            received = script.received
            wanted = [exchange["request"] for exchange in step.get("exchange", [])]
            assert len(received) == len(wanted), f"{language} {step['operation']}: sent {received}"
            for expected, request in zip(wanted, received):
                check_exchange(vendor, expected, request)
            sent.append(received)
            envelopes.append(envelope if step.get("comparable", True) else None)
    return sent, envelopes


@pytest.mark.parametrize(("vendor", "case"), CASES)
def test_case(vendor, case, script):
    skipped = case.get("skip", {})
    assert all(reason for reason in skipped.values()), "a skip needs a reason"
    runs = {language: play(language, vendor, case, script) for language in LANGUAGES if language not in skipped}
    sent, envelopes = runs["rust"]
    for language, (other_sent, other_envelopes) in runs.items():
        assert other_sent == sent, f"{language} sends other bytes than rust"
        alike = as_php_has_it if language == "php" else lambda value: value
        assert alike(other_envelopes) == alike(envelopes), f"{language} gives other envelopes than rust"


def test_every_operation_has_a_case():
    described = json.loads(subprocess.run([*RUNNERS["rust"], "--describe"], capture_output=True, check=True).stdout)
    offered = {(vendor["name"], operation) for vendor in described["vendors"] for operation in vendor["operations"]}
    covered = {
        (vendor, step["operation"]) for param in CASES for vendor, case in [param.values] for step in case.get("steps", [])
    }
    assert offered - covered == set(), "operations without a case"


def test_every_case_file_is_read():
    assert FILES and all(Path(file).stat().st_size for file in FILES)
