"""What the generated classes stand on: opening, errors, logging, forks; and the client that waits."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
import weakref
from typing import Any, Callable, ClassVar, Dict, Iterator, Mapping, Optional, TypeVar

from . import _native
from ._pages import Pages
from ._values import dumped, refuse, violation
from .errors import error_from

_Self = TypeVar("_Self", bound="Client")

# Held while a client is opened again after a fork.
_reopening = threading.Lock()


class Opened:
    """A client of one vendor and one cash register, however it is called: what `Client` and `AsyncClient` share."""

    vendor: ClassVar[str] = ""

    def __init__(
        self,
        config: Optional[Mapping[str, object]] = None,
        *,
        logger: Optional[logging.Logger] = None,
        **options: Any,
    ) -> None:
        self._id = self._process = 0
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

    def __repr__(self) -> str:
        return f"<kassa.{type(self).__name__} {self._register} {'open' if self._id else 'closed'}>"

    def __reduce__(self) -> str:
        raise TypeError("a client belongs to its process; open one in the other process")

    def _open(self) -> None:
        opened = self._answer(self._open_native())
        self._id, self._process = opened["client"], os.getpid()
        # One that nobody closed is let go with its last reference.
        weakref.finalize(self, _native.close, self._id).atexit = False
        self._register = opened["register"]
        self._durable = opened["durable"]

    def _here(self) -> int:
        """The client's number in this process: one that is older than the process is opened again."""
        if self._process != os.getpid() and self._durable:
            with _reopening:
                if self._id and self._process != os.getpid():
                    self._open()
        return self._id

    def _let_go(self) -> None:
        used, self._id = self._id, 0
        _native.close(used)

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


class Client(Opened):
    """A client of one vendor and one cash register. Use it from as many threads as you like.

    The configuration is a dict, keyword arguments, or both (keywords win). Use one of the
    vendors' classes: they name the vendor and have a method for every operation.
    """

    def call(self, operation: str, request: Optional[Mapping[str, object]] = None) -> Any:
        """Carries out an operation by its name; the methods of the vendors' classes do this."""
        asked = asked_for(operation, request)
        return self._answer(_native.call(self._here(), *asked))

    def close(self) -> None:
        """Closes the client. Calls under way come to their end; closing twice is harmless."""
        self._let_go()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pages(
        self, operation: str, request: Optional[Mapping[str, object]], listed: str, cursor: str
    ) -> Iterator[Any]:
        pages = Pages(request, listed, cursor)
        while pages.more:
            yield from pages.of(self.call(operation, pages.request))


def asked_for(operation: str, request: Optional[Mapping[str, object]]) -> tuple[str, str]:
    """What crosses the border: the name of the operation, and the request as JSON."""
    name = str(operation).encode(errors="replace").decode()
    return name, dumped({} if request is None else request)


def _opener(vendor: str, config: object, options: Mapping[str, object]) -> Callable[[], str]:
    if config is not None and not isinstance(config, Mapping):
        message = f"must be a mapping such as a dict, not {type(config).__name__}"
        refuse("config_invalid", [violation("", "wrong_type", message)])
    given: Dict[str, object] = {**(config or {}), **options}
    if vendor and given.setdefault("vendor", vendor) != vendor:
        message = f"the configuration is for {given['vendor']!r}, not for {vendor!r}"
        refuse("config_invalid", [violation("/vendor", "wrong_value", message)])
    text = dumped(given, "config_invalid")
    return lambda: _native.open(text)


def _after_fork_in_child() -> None:
    global _reopening
    _reopening = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
