"""The client for asyncio: the calls run on the core's own runtime, and one thread of the process tells the loops."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import threading
from typing import Any, AsyncIterator, Dict, Mapping, Optional, Tuple, TypeVar

from . import _native
from ._client import Opened, asked_for
from ._pages import Pages

_Self = TypeVar("_Self", bound="AsyncClient")

_numbers = itertools.count(1)
# Calls under way that somebody waits for, and the process whose thread tells their ends.
_waiting: Dict[int, Tuple[asyncio.AbstractEventLoop, asyncio.Future[str]]] = {}
_told_in = 0


class AsyncClient(Opened):
    """A client of one vendor and one cash register for asyncio: `Client`, and every operation is awaited.

    Cancelling ends the wait, not the sale: what was begun is brought to its end, and `status` says
    what became of it. Opening makes no connection, but opens the journal there and then, as `Client`
    does. It may be used from several loops.
    """

    async def call(self, operation: str, request: Optional[Mapping[str, object]] = None) -> Any:
        """Carries out an operation by its name; the methods of the vendors' classes do this."""
        asked = asked_for(operation, request)
        loop, number = asyncio.get_running_loop(), next(_numbers)
        answer: asyncio.Future[str] = loop.create_future()
        _waiting[number] = loop, answer
        try:
            _tell_ends()
            refused = _native.start(self._here(), *asked, number)
            return self._answer(refused or await answer)
        finally:
            _waiting.pop(number, None)

    async def aclose(self) -> None:
        """Closes the client. Calls under way come to their end; closing twice is harmless."""
        self._let_go()

    async def __aenter__(self: _Self) -> _Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _pages(
        self, operation: str, request: Optional[Mapping[str, object]], listed: str, cursor: str
    ) -> AsyncIterator[Any]:
        pages = Pages(request, listed, cursor)
        while pages.more:
            for one in pages.of(await self.call(operation, pages.request)):
                yield one


def _tell_ends() -> None:
    """Sees to the thread. It is a daemon of Python's own: the interpreter knows how to end with it."""
    global _told_in
    if _told_in != os.getpid():
        threading.Thread(target=_tell, name="kassa", daemon=True).start()
        _told_in = os.getpid()


def _tell() -> None:
    while True:
        for ended in _native.finished():
            _hear(*ended)


def _hear(number: int, envelope: str) -> None:
    # A loop that is closed waits for nothing, and keeps no other from its answer.
    with contextlib.suppress(Exception):
        loop, answer = _waiting.pop(number)
        loop.call_soon_threadsafe(_settle, answer, envelope)


def _settle(answer: asyncio.Future[str], envelope: str) -> None:
    if not answer.done():
        answer.set_result(envelope)
