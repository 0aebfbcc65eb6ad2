"""What the generated classes stand on: JSON in and out, exceptions, logging, forks."""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
import os
import threading
import weakref
from decimal import Decimal
from typing import Any, Callable, ClassVar, Dict, Mapping, Optional, TypeVar

from . import _native
from .errors import KassaError, error_from

_Self = TypeVar("_Self", bound="Client")

# Held while a client is opened again after a fork.
_reopening = threading.Lock()


class Client:
    """A client of one vendor and one cash register. Use it from as many threads as you like.

    The configuration is a dict, keyword arguments, or both (keywords win). Use one of the
    vendors' classes: they name the vendor and have a method for every operation.
    """

    vendor: ClassVar[str] = ""

    def __init__(
        self,
        config: Optional[Mapping[str, object]] = None,
        *,
        logger: Optional[logging.Logger] = None,
        **options: Any,
    ) -> None:
        self._id = 0
        self._register = ""
        self._durable = False
        self._logger = logger or logging.getLogger("kassa")
        # There are secrets in it, and reports of errors show attributes and the variables of every frame: it is kept in a
        # closure, and no frame has it any more where something may fail.
        wrong: Optional[Exception] = None
        self._open_native: Callable[[], str] = str
        try:
            self._open_native = _opener(self.vendor, config, options)
        except Exception as error:
            wrong = error.with_traceback(None)
        config, options = None, {}
        if wrong is not None:
            raise wrong
        self._open()

    def call(self, operation: str, request: Optional[Mapping[str, object]] = None) -> Any:
        """Carries out an operation by its name; the methods of the vendors' classes do this."""
        text = _dump({} if request is None else request)
        used = self._id
        try:
            return self._answer(_native.call(used, operation, text))
        except KassaError as error:
            # The client is older than this process. Nothing was sent through it.
            if error.kind != "forked" or not self._durable:
                raise
        with _reopening:
            if self._id == used:
                self._open()
        return self._answer(_native.call(self._id, operation, text))

    def close(self) -> None:
        """Closes the client. Calls under way come to their end; closing twice is harmless."""
        used, self._id = self._id, 0
        _native.close(used)

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<kassa.{type(self).__name__} {self._register} {'open' if self._id else 'closed'}>"

    def __reduce__(self) -> str:
        raise TypeError("a client belongs to its process; open one in the other process")

    def _open(self) -> None:
        opened = self._answer(self._open_native())
        self._id = opened["client"]
        # One that nobody closed is let go with its last reference.
        weakref.finalize(self, _native.close, self._id).atexit = False
        self._register = opened["register"]
        self._durable = opened["durable"]

    def _answer(self, envelope: str) -> Any:
        answer: Dict[str, Any] = json.loads(envelope)
        for line in answer.get("log", ()):
            # A logger that fails loses no result. KeyboardInterrupt and SystemExit go through, as while a call waits.
            with contextlib.suppress(Exception):
                level = getattr(logging, line["level"].upper())
                self._logger.log(level, "%s: %s", line["target"], line["message"])
        if "error" in answer:
            raise error_from(answer["error"])
        return answer["ok"]


def _opener(
    vendor: str, config: Optional[Mapping[str, object]], options: Mapping[str, object]
) -> Callable[[], str]:
    given: Dict[str, object] = {**(config or {}), **options}
    if vendor and given.setdefault("vendor", vendor) != vendor:
        raise ValueError(f"the configuration is for {given['vendor']!r}, not for {vendor!r}")
    text = _dump(given)
    return lambda: _native.open(text)


def _plain(value: object) -> str:
    """What JSON has no form for; the core checks what comes of it."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a request")


def _dump(value: Mapping[str, object]) -> str:
    if not isinstance(value, Mapping):
        raise TypeError(f"expected a mapping such as a dict, not {type(value).__name__}")
    value = dict(value)  # Of the mappings, json knows only these.
    try:
        text = json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except ValueError:
        # A lone surrogate cannot cross the border; escaped it can. NaN is no JSON; as a text it is. The core names the place.
        text = json.dumps(json.loads(json.dumps(value, default=_plain), parse_constant=str))
    return text


def _after_fork_in_child() -> None:
    global _reopening
    _reopening = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
