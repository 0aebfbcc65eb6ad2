"""Blocks that are no programs: they are parsed, and held against the library where the page says what they are."""

import configparser
import json
import re
import sqlite3
import sys
import tomllib
from collections.abc import Callable
from contextlib import closing
from typing import Any

from languages import CLIENTS
from pages import ROOT, Block
from session import Session, Wrong, stands_in

sys.path.insert(0, str(ROOT / "py/python"))

DIAGRAM = re.compile(r"(stateDiagram-v2|sequenceDiagram|flowchart|graph)\b")


def documents(text: str) -> list[Any]:
    """A block of JSON is one document or several."""
    decoder, found, rest = json.JSONDecoder(), [], text.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        found.append(document)
        rest = rest[end:].strip()
    return found


def taken(what: str, document: dict[str, Any], session: Session) -> Any:
    """Gives a document to the library: a `config` is opened, a `receipt` validated, else it is the request of an operation,
    whose answer is given back."""
    import kassa

    client = getattr(kassa, CLIENTS[session.vendor])
    session.prepare()
    try:
        config = document if what == "config" else {}
        with client({**session.config, **config, "journal": "memory:"}) as till:
            if what == "receipt":
                if violations := till.validate(document)["violations"]:
                    raise Wrong(f"the library refuses this receipt: {violations}")
            elif what != "config":
                return till.call(what, document)
    except kassa.KassaError as error:
        # That a journal which was just made does not know a receipt is no mistake of the page.
        violations = [violation for violation in error.violations if violation["code"] != "receipt_unknown"]
        if what in ("config", "receipt") or violations or error.kind == "unsupported":
            raise Wrong(f"{error.message} {violations}") from error
    return None


def json_block(block: Block, session: Session) -> None:
    what = block.notes.get("check")
    for document in documents(session.fill(block.text) if what else block.text):
        if what:
            session.answer = taken(what, document, session)


def answer(block: Block, session: Session) -> None:
    """What the request before it is answered, `...` for what is left out."""
    text = json.dumps(session.answer, ensure_ascii=False)
    if not stands_in(block.text, text):
        raise Wrong(f"the answer is {text}")


def part(block: Block, session: Session) -> None:
    """A part of a file that the tests run."""
    if block.text not in (ROOT / block.notes["part of"]).read_text("utf-8"):
        raise Wrong(f"{block.notes['part of']} has no such part")


def toml_block(block: Block, session: Session) -> None:
    tomllib.loads(block.text)


def ini_block(block: Block, session: Session) -> None:
    """A unit of systemd, or settings of PHP, which need no section."""
    reader = configparser.ConfigParser(strict=False, allow_no_value=True, delimiters="=", interpolation=None)
    sections = re.search(r"^\[", block.text, re.MULTILINE)
    reader.read_string(block.text if sections else f"[php]\n{block.text}")


def diagram(block: Block, session: Session) -> None:
    if not DIAGRAM.match(block.text):
        raise Wrong("a code host draws no such diagram")


def sql_block(block: Block, session: Session) -> None:
    """Carried out on the journal of the page."""
    session.prepare()
    with closing(sqlite3.connect(session.folder / "kassa.sqlite")) as journal:
        journal.executescript(block.text)


NOTED: dict[str, Callable[[Block, Session], None]] = {"answer": answer, "part of": part}
READ: dict[str, Callable[[Block, Session], None]] = {
    "json": json_block,
    "toml": toml_block,
    "ini": ini_block,
    "mermaid": diagram,
    "sql": sql_block,
}


def reader(block: Block) -> Callable[[Block, Session], None] | None:
    """What reads a block; nothing where it is a program."""
    noted = [read for note, read in NOTED.items() if note in block.notes]
    return noted[0] if noted else READ.get(block.language)
