"""Texts, errors, panics and secrets at the border: the set that every binding's tests run."""

import copy
import dataclasses
import datetime
import enum
import json
import logging
import pickle
import traceback
import types
import uuid
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import PASSWORD, config, receipt

import kassa
from kassa import _native
from kassa.errors import ERROR_CODES


@pytest.mark.parametrize("text", ["Кружка «Ёж»", "☕🧾👩‍💻", "", '"\\/\n\t\x1f', "é", "\u2028\u2029"])
def test_texts_come_back_as_they_went(till, text):
    assert till.call("test_echo", {"text": text}) == {"text": text}


def test_nul_is_seen_and_refused_not_cut(till):
    with pytest.raises(kassa.InvalidError) as caught:
        till.call("test_echo", {"text": "a\0b"})
    assert [(v["path"], v["code"]) for v in caught.value.violations] == [("/text", "wrong_format")]


def test_lone_surrogate_is_refused(till):
    with pytest.raises(kassa.InvalidError) as caught:
        till.call("test_echo", {"text": "a\ud800b"})
    assert caught.value.violations[0]["path"] == "/text"


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_each_code_has_the_class_of_its_kind(till, code):
    kind, advice = ERROR_CODES[code]
    with pytest.raises(kassa.KassaError) as caught:
        till.call("test_error", {"code": code})
    error = caught.value
    assert type(error).__name__ == "".join(word.title() for word in kind.split("_")) + "Error"
    assert (error.code, error.kind, error.advice) == (code, kind, advice)
    may_be_on_record = {"answer_not_understood", "entry_damaged", "in_doubt", "internal", "superseded"}
    assert error.outcome == ("unknown" if code in may_be_on_record else "not_registered")
    assert (error.retry_after_ms, error.violations, error.vendor) == (None, [], None)
    assert error.to_dict()["message"] == f"asked for {code}"
    assert code in str(error)


def test_every_kind_has_a_class_and_every_class_a_kind():
    kinds = json.loads(_native.describe())["kinds"]
    wanted = {"".join(word.title() for word in kind.split("_")) + "Error" for kind in kinds}
    assert {of.__name__ for of in kassa.KassaError.__subclasses__()} == wanted
    assert wanted <= set(kassa.__all__)


def test_errors_can_be_sent_to_another_process(till):
    with pytest.raises(kassa.KassaError) as caught:
        till.register({})
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is kassa.InvalidError
    assert again.to_dict() == caught.value.to_dict()


def test_clients_cannot(till):
    with pytest.raises(TypeError, match="its process"):
        pickle.dumps(till)
    with pytest.raises(TypeError, match="its process"):
        copy.copy(till)


def test_panic_is_an_error_and_the_client_goes_on(till, capfd):
    with pytest.raises(kassa.InternalError) as caught:
        till.call("test_panic")
    assert caught.value.outcome == "unknown"
    assert till.call("test_echo", {"text": "on"}) == {"text": "on"}


def test_closed_clients_say_so():
    till = kassa.Modulkassa(config())
    assert "open" in repr(till)
    till.close()
    till.close()
    assert "closed" in repr(till)
    with pytest.raises(kassa.ClosedError):
        till.health()


def test_unknown_operation(till):
    with pytest.raises(kassa.UnsupportedError) as caught:
        till.call("regist")
    assert caught.value.code == "operation_unknown"


def test_unknown_field(till):
    with pytest.raises(kassa.InvalidError) as caught:
        till.validate({**receipt(), "colour": 1})
    assert [(v["path"], v["code"]) for v in caught.value.violations] == [("/colour", "unknown_field")]


def test_large_requests(till):
    text = "Ж" * 1_900_000
    assert till.call("test_echo", {"text": text})["text"] == text
    with pytest.raises(kassa.InvalidError) as caught:
        till.call("test_echo", {"text": "x" * (10 << 20)})
    assert caught.value.code == "request_too_large"


def test_every_mistake_of_a_configuration_at_once():
    with pytest.raises(kassa.ConfigError) as caught:
        kassa.Modulkassa({"base_url": "ftp://x"}, timeout_ms=0, colour=1)
    assert {v["path"] for v in caught.value.violations} >= {"/base_url", "/timeout_ms", "/colour"}


def refused(kind, call, *arguments, **options):
    """The mistakes of a call that is refused before anything is sent, each with its place."""
    with pytest.raises(kassa.KassaError) as caught:
        call(*arguments, **options)
    error = caught.value
    assert (error.kind, error.outcome, ERROR_CODES[error.code][0]) == (kind, "not_registered", kind)
    assert isinstance(error, ValueError) and isinstance(error, TypeError)
    assert type(pickle.loads(pickle.dumps(error))) is type(error)
    return {v["path"]: v["code"] for v in error.violations}


CLASSES = [kassa.Modulkassa, kassa.AsyncModulkassa]


@pytest.mark.parametrize("of", CLASSES)
def test_configurations_that_are_none(of):
    assert refused("config", of, {"vendor": "ikkm"}) == {"/vendor": "wrong_value"}
    assert refused("config", of, config(), vendor=["ikkm"]) == {"/vendor": "wrong_value"}
    assert refused("config", of, "kassa.json") == {"": "wrong_type"}
    assert refused("config", of, []) == {"": "wrong_type"}
    assert refused("config", of, config(timeout_ms=object())) == {"/timeout_ms": "wrong_type"}
    assert refused("config", of, config(timeout_ms=float("nan"))) == {"/timeout_ms": "wrong_type"}


def within_itself():
    sale = receipt()
    sale["items"] = [sale, sale]
    return sale


@pytest.mark.parametrize(
    "request_, places",
    [
        (5, {"": "wrong_type"}),
        ("order-1", {"": "wrong_type"}),
        ([receipt()], {"": "wrong_type"}),
        (object(), {"": "wrong_type"}),
        ({**receipt(), "id": object(), "payments": [{"type": "card", "sum": b"1"}]},
         {"/id": "wrong_type", "/payments/0/sum": "wrong_type"}),
        ({**receipt(), "a/b~": {1, 2}}, {"/a~1b~0": "wrong_type"}),
        ({**receipt(), (1, 2): 1}, {"/(1, 2)": "unknown_field"}),
        ({**receipt(), "id": 10**5000}, {"/id": "wrong_type"}),
    ],
)
def test_requests_that_are_none(till, request_, places):
    assert refused("invalid", till.register, request_) == places


def test_a_request_within_itself(till):
    assert set(refused("invalid", till.validate, within_itself()).values()) == {"too_deep"}
    deep = None
    for _ in range(100_000):
        deep = [deep]
    assert set(refused("invalid", till.call, "validate", {"id": deep}).values()) <= {"too_deep", "wrong_type"}


def test_operations_that_are_none(till):
    for name in (5, None, "regist", "\ud800", b"register"):
        with pytest.raises(kassa.UnsupportedError):
            till.call(name)


class Kind(enum.Enum):
    SELL = "sell"


class Paid(str, enum.Enum):
    CARD = "card"


@dataclasses.dataclass
class Line:
    name: str
    price: Decimal
    quantity: int
    vat: str = "22"


def test_values_of_the_standard_library(till):
    name = uuid.uuid4()
    sale = {
        "id": name,
        "kind": Kind.SELL,
        "items": [Line("Mug", Decimal("150.00"), 2)],
        "payments": [types.MappingProxyType({"type": Paid.CARD, "sum": 300})],
        "customer": receipt()["customer"],
    }
    till.enqueue({"receipts": [types.MappingProxyType(sale)]})
    assert till.status({"id": str(name)})["receipt_id"] == str(name)
    assert till.status({"id": name})["state"] == "queued"
    # Where the short way fails, the long way takes the same.
    assert refused("invalid", till.validate, {**sale, "print": float("nan")}) == {"/print": "wrong_type"}


def test_decimals_and_times(till):
    sale = receipt()
    sale["items"] = [{"name": "x", "price": Decimal("1E+2"), "quantity": Decimal("2.50")}]
    sale["payments"] = [{"type": "cash", "sum": Decimal("250.00")}]
    sale["issued_at"] = datetime.datetime(2026, 11, 23, 10, 11, 12, tzinfo=datetime.timezone.utc)
    assert till.validate(sale)["total"] == "250.00"
    sale["issued_at"] = datetime.datetime(2026, 11, 23, 10, 11, 12)
    sale["payments"][0]["sum"] = Decimal("NaN")
    with pytest.raises(kassa.InvalidError) as caught:
        till.register(sale)
    assert {v["path"]: v["code"] for v in caught.value.violations} == {
        "/issued_at": "wrong_format",
        "/payments/0/sum": "not_a_decimal",
    }


def test_a_float_that_is_no_number_is_named_by_its_path(till):
    for number in (float("nan"), float("inf"), float("-inf")):
        sale = receipt()
        sale["items"] = [{**sale["items"][0], "quantity": number, "name": "\ud800"}]
        with pytest.raises(kassa.InvalidError) as caught:
            till.register(sale)
        assert {v["path"] for v in caught.value.violations} >= {"/items/0/quantity"}, number


def test_null_means_absent(till):
    assert till.validate({**receipt(), "cashier": None, "print": False})["valid"] is True


def test_log_lines_reach_the_logger_without_secrets(caplog):
    caplog.set_level(logging.DEBUG, logger="kassa")
    till = kassa.Modulkassa(config(log="debug"))
    with pytest.raises(kassa.KassaError) as caught:
        till.register(receipt())
    assert caplog.records
    assert {record.name for record in caplog.records} == {"kassa"}
    assert {record.levelname for record in caplog.records} == {"WARNING", "INFO"}
    shown = [repr(till), str(till), repr(vars(till)), str(caught.value), repr(caught.value), caplog.text]
    assert not any(PASSWORD in text or "buyer@" in text for text in shown)


@pytest.mark.parametrize(
    "change", [{"environment": "tset"}, {"vendor": "ikkm"}, {"timeout_ms": object()}, {"register": "\ud800"}]
)
def test_no_frame_of_the_library_has_the_configuration(change):
    with pytest.raises(kassa.KassaError) as caught:
        kassa.Modulkassa({**config(), **change})
    seen, errors = 0, [caught.value]
    while errors:
        error = errors.pop()
        errors += [cause for cause in (error.__cause__, error.__context__) if cause is not None]
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename.startswith(str(Path(kassa.__file__).parent)):
                seen += 1
                assert PASSWORD not in repr(frame.f_locals), frame
    assert seen > 0


def test_own_logger(caplog):
    caplog.set_level(logging.DEBUG, logger="shop.till")
    till = kassa.Modulkassa(config(log="debug"), logger=logging.getLogger("shop.till"))
    with pytest.raises(kassa.KassaError):
        till.register(receipt())
    assert {record.name for record in caplog.records} == {"shop.till"}


class FailingHandler(logging.Handler):
    """Raises at every line."""

    def __init__(self, failure):
        super().__init__()
        self.failure = failure
        self.lines = 0

    def emit(self, record):
        self.lines += 1
        raise self.failure


@pytest.fixture
def failing(request):
    """A logger with a handler that raises."""
    logger = logging.getLogger("shop.failing")
    logger.setLevel(logging.DEBUG)
    handler = FailingHandler(request.param)
    logger.addHandler(handler)
    yield logger, handler
    logger.removeHandler(handler)


@pytest.mark.parametrize("failing", [OSError("the disk is full")], indirect=True)
def test_loggers_that_fail_lose_neither_result_nor_error(failing):
    logger, handler = failing
    till = kassa.Modulkassa(config(log="debug"), logger=logger)
    till.enqueue({"receipts": [receipt()]})
    assert till.deliver({"all": True})["left"] == 1
    assert handler.lines == 2
    with pytest.raises(kassa.UnreachableError):
        till.register(receipt())
    assert handler.lines == 4


@pytest.mark.parametrize("failing", [KeyboardInterrupt(), SystemExit(1)], indirect=True)
def test_the_wish_to_end_the_process_is_heard_in_a_logger_too(failing):
    logger, handler = failing
    till = kassa.Modulkassa(config(log="debug"), logger=logger)
    till.enqueue({"receipts": [receipt()]})
    with pytest.raises(type(handler.failure)):
        till.deliver({"all": True})
    # What became of the receipt is in the journal all the same.
    assert till.status({"id": "order-1"})["state"] == "queued"


def test_refused_configurations_do_not_tell_the_password():
    with pytest.raises(kassa.ConfigError) as caught:
        kassa.Modulkassa(config(colour=PASSWORD, timeout_ms=PASSWORD))
    assert PASSWORD not in str(caught.value) + str(caught.value.to_dict())
