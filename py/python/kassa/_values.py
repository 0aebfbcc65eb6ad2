"""Configurations and requests as JSON; what has no form there is told as the core tells mistakes."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import uuid
from decimal import Decimal
from typing import Dict, List, Mapping, NoReturn, Sequence, cast

from ._codes import ERROR_CODES
from .errors import error_from

# Deeper than the core reads, and more mistakes than anybody reads.
_DEEPEST, _MOST = 40, 20


def dumped(value: object, code: str = "") -> str:
    """The JSON text. Raises `InvalidError`, or the error of `code`, where there can be none."""
    try:
        text = json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
        return text
    except (TypeError, ValueError, RecursionError):
        pass  # Outside of this handler: an error's context has frames, and they have the value.
    found: List[Dict[str, str]] = []
    text = json.dumps(_copy(value, "", found))
    if found:
        refuse(code or found[0]["code"], found)
    return text


def violation(path: str, code: str, message: str) -> Dict[str, str]:
    """What is wrong at a place, as the core says it."""
    return {"path": path, "code": code, "message": message}


def refuse(code: str, found: List[Dict[str, str]]) -> NoReturn:
    """Raises the error of a code with everything that was found. Nothing was sent."""
    kind, advice = ERROR_CODES[code]
    told = {"code": code, "kind": kind, "advice": advice, "outcome": "not_registered", "violations": found}
    first = ": ".join(part for part in (found[0]["path"], found[0]["message"]) if part)
    message = first if len(found) == 1 else f"{first}, and {len(found) - 1} more"
    raise error_from({**told, "message": message, "retry_after_ms": None, "vendor": None})


def _plain(value: object) -> object:
    """What JSON has no form for, in one that it has; the core checks what comes of it."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(cast("Mapping[object, object]", value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _copy(value: object, path: str, found: List[Dict[str, str]], depth: int = 0) -> object:
    """A copy that JSON has a form for, and what had none. NaN becomes a text: the core names its place."""
    if len(found) >= _MOST:
        return None
    if depth > _DEEPEST:
        found.append(violation(path, "too_deep", "nested too deeply, or within itself"))
    elif isinstance(value, enum.Enum):
        return _copy(value.value, path, found, depth + 1)
    elif isinstance(value, dict):
        members = [(_name(name), of) for name, of in cast("Dict[object, object]", value).items()]
        return {name: _copy(of, f"{path}/{_escaped(name)}", found, depth + 1) for name, of in members}
    elif isinstance(value, (list, tuple)):
        elements = enumerate(cast("Sequence[object]", value))
        return [_copy(of, f"{path}/{index}", found, depth + 1) for index, of in elements]
    else:
        try:
            return json.loads(json.dumps(value), parse_constant=str)
        except (TypeError, ValueError):
            pass
        try:
            return _copy(_plain(value), path, found, depth + 1)
        except (TypeError, ValueError) as error:
            found.append(violation(path, "wrong_type", str(error)))
    return None


def _name(key: object) -> str:
    return key if isinstance(key, str) else str(key)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
