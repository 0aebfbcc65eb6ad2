"""The pages of the repository, and what stands on them: headings, links, blocks of code, comments that say how to treat them."""

import re
import subprocess
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
COMMENT = re.compile(r"<!--\s*(.*?)\s*-->", re.DOTALL)
TARGET = re.compile(r"<(?:a|img)\s[^>]*?(?:href|src)=[\"']([^\"']*)", re.IGNORECASE)
NAMED = re.compile(r"<a\s[^>]*?(?:id|name)=[\"']([^\"']*)", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """A block of code: `line` is that of its first line on the page, `notes` what its info string and comments say of it."""

    page: "Page"
    line: int
    language: str
    notes: dict[str, str]
    vendor: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True)
class Link:
    line: int
    target: str


@cache
def files() -> frozenset[str]:
    """Every file that is tracked, or will be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return frozenset(name for name in listed if name and (ROOT / name).is_file())


def tracked() -> list["Page"]:
    return [Page(ROOT / name) for name in sorted(files()) if name.endswith(".md")]


def slug(heading: str) -> str:
    """The anchor that a code host makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def note(comment: str) -> tuple[str, str]:
    """`not run: it needs systemd` as its name and what it says."""
    name, _, value = comment.partition(":")
    return name.strip(), value.strip()


class Page:
    """A page of Markdown, named by its path in the repository."""

    def __init__(self, path: Path, root: Path = ROOT):
        self.path, self.root = path, root
        self.name = path.relative_to(root).as_posix()

    @cached_property
    def tokens(self) -> list[Token]:
        return MARKDOWN.parse(self.path.read_text("utf-8"))

    @cached_property
    def anchors(self) -> set[str]:
        anchors: set[str] = set()
        heading = False
        for token in self.tokens:
            if heading:
                first = slug("".join(child.content for child in token.children or [] if child.type in ("text", "code_inline")))
                again = (f"{first}-{number}" for number in range(1, len(self.tokens)))
                anchors.add(first if first not in anchors else next(name for name in again if name not in anchors))
            heading = token.type == "heading_open"
            for part in [token, *(token.children or [])]:
                anchors.update(NAMED.findall(part.content) if part.type.startswith("html") else [])
        return anchors

    def links(self) -> list[Link]:
        found = []
        for token in self.tokens:
            line = token.map[0] + 1 if token.map else 0
            for part in [token, *(token.children or [])]:
                targets = [part.attrs.get("href"), part.attrs.get("src")]
                targets += TARGET.findall(part.content) if part.type in ("html_block", "html_inline") else []
                found += [Link(line, str(target)) for target in targets if target is not None]
        return found

    def sections(self) -> dict[str, list[tuple[str, str]]]:
        """Of an index: under each heading of the second level the pages that it links to, with the text of the link."""
        found: dict[str, list[tuple[str, str]]] = {}
        section = None
        for before, token in zip(self.tokens, self.tokens[1:]):
            if before.type == "heading_open":
                section = token.content if before.tag == "h2" else None
            children = (token.children or []) if section is not None else []
            for opening, text in zip(children, children[1:]):
                target = str(opening.attrs.get("href", "")) if opening.type == "link_open" else ""
                if target.endswith(".md") and "://" not in target:
                    path = (self.path.parent / unquote(target)).resolve()
                    found.setdefault(section or "", []).append((text.content, path.relative_to(self.root).as_posix()))
        return found

    def notes(self) -> dict[str, str]:
        """What the comments of the page say, wherever they stand."""
        return dict(note(comment) for token in self.tokens if token.type == "html_block" for comment in COMMENT.findall(token.content))

    def blocks(self) -> list[Block]:
        found: list[Block] = []
        notes: dict[str, str] = {}
        vendor = "modulkassa"
        for token in self.tokens:
            if token.type == "html_block":
                notes |= dict(note(comment) for comment in COMMENT.findall(token.content))
                vendor = notes.get("vendor", vendor)
                continue
            if token.type in ("fence", "code_block"):
                language, _, said = token.info.strip().partition(" ")
                given = dict([note(said)] if ":" in said else [(word, "") for word in said.split()])
                begin = token.map[0] + (2 if token.type == "fence" else 1) if token.map else 0
                found.append(Block(self, begin, language, notes | given, vendor, token.content))
            notes = {}
        return found
