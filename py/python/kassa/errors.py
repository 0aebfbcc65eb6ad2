"""The exceptions: one class for every kind of error, all of them `KassaError`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Type, cast

from ._codes import ERROR_CODES as ERROR_CODES

if TYPE_CHECKING:
    from . import types as t

_FIELDS = ("code", "kind", "message", "advice", "outcome", "retry_after_ms", "violations", "vendor")


class KassaError(Exception):
    """What went wrong, whether the sale is on record (`outcome`), what to do next (`advice`)."""

    code: str
    """Stable code, one of `ERROR_CODES`."""
    kind: str
    """Family of the code: the class of the exception."""
    message: str
    """What happened, for a person."""
    advice: str
    """What to do next."""
    outcome: t.Outcome
    """Whether the sale is on record: `not_registered`, `registered` or `unknown`."""
    retry_after_ms: Optional[int]
    """When it makes sense to try again, in milliseconds from now."""
    violations: List[t.Violation]
    """Everything that is wrong with the request."""
    vendor: Optional[t.VendorFault]
    """What the vendor said."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error)
        for name in _FIELDS:
            setattr(self, name, error[name])

    def __str__(self) -> str:
        return f"{self.code}: {self.message} ({self.advice})"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def to_dict(self) -> t.ErrorBody:
        """The error as a dict with the names of the attributes, ready for JSON."""
        return cast("t.ErrorBody", {name: getattr(self, name) for name in _FIELDS})


def error_from(error: Mapping[str, Any]) -> KassaError:
    """The exception of an envelope's error: `InDoubtError` for the kind `in_doubt`."""
    name = error["kind"].title().replace("_", "") + "Error"
    of: Type[KassaError] = globals().get(name, KassaError)
    return of(error)


class ConfigError(KassaError, ValueError, TypeError):
    """The configuration cannot be used as it is. Python's own words for it are bases too."""


class InvalidError(KassaError, ValueError, TypeError):
    """The request is wrong; `violations` names everything that is. Python's own words for it are bases too."""


class UnsupportedError(KassaError):
    """This vendor cannot do it; `capabilities` says so beforehand."""


class ConflictError(KassaError):
    """The same id was used before with other content."""


class AuthError(KassaError):
    """The vendor does not accept the credentials."""


class RefusedError(KassaError):
    """The vendor or its cash register refused the document for good."""


class NotReadyError(KassaError):
    """The cash register has to be made ready first: its shift, its paper, its drawer. Nothing came on record."""


class BusyError(KassaError):
    """Somebody else is working on the same cash register or document, or the time was too short; nothing was sent."""


class LimitedError(KassaError):
    """The vendor asks to slow down."""


class UnreachableError(KassaError):
    """The vendor could not be reached or did not answer; nothing came on record through the call."""


class InDoubtError(KassaError):
    """Something was sent and it is not known what became of it."""


class ProtocolError(KassaError):
    """The vendor answered something that its protocol does not know."""


class JournalError(KassaError):
    """The journal could not be read or written."""


class ClosedError(KassaError):
    """The client is closed."""


class ForkedError(KassaError):
    """The client was opened before a fork and is used after it."""


class InternalError(KassaError):
    """A defect of this library."""
