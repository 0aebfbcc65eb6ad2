"""Runs every block of code of README and `docs`, as the README of this folder says; the last line is one of JSON.

`blocks.py` runs all, `blocks.py docs/php.md README.md` those of two pages; `--without rust,c` leaves languages out.
"""

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from languages import CLIENTS, LANGUAGES
from pages import Block, Page, tracked
from programs import Program, build_rust, run
from reading import reader
from session import Session, Wrong

AT_A_TIME = 2
SHOWN = {"text": "it is text"}


@dataclass
class Result:
    blocks: int = 0
    run: int = 0
    not_run: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)


@dataclass
class Work:
    """What is to be done for a page: its programs in their order, then what is only read."""

    page: Page
    folder: Path
    result: Result
    programs: list[Program] = field(default_factory=list)
    read: list[tuple[Block, Session, Callable[[Block, Session], None]]] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    # The folder that the programs of a vendor share, and each language's program that the next block goes on with.
    shared: dict[str, Session] = field(default_factory=dict)
    current: dict[tuple[str, str], Program] = field(default_factory=dict)

    def session(self, vendor: str, fresh: bool = False) -> Session:
        if not fresh and vendor in self.shared:
            return self.shared[vendor]
        name = f"{re.sub('[^a-z]', '-', self.page.name.lower())}-{len(self.sessions)}"
        made = Session(self.folder / name, vendor)
        self.sessions.append(made)
        return made if fresh else self.shared.setdefault(vendor, made)

    def add(self, block: Block) -> None:
        """A block that runs: it begins a program of its language, or goes on with it."""
        at = block.language, block.vendor
        if "fresh" in block.notes or at not in self.current:
            self.current[at] = Program(self.session(block.vendor, "fresh" in block.notes), [])
            self.programs.append(self.current[at])
        self.current[at].blocks.append(block)


def reason(block: Block, without: list[str]) -> str | None:
    """Why a block is not run."""
    if "not run" in block.notes:
        return block.notes["not run"] or "it does not say why"
    if block.notes.keys() & {"output", "answer"}:
        return None
    return SHOWN.get(block.language) or (f"`{block.language}` was left out" if block.language in without else None)


def plan(page: Page, folder: Path, without: list[str] = []) -> Work:
    """Sorts the blocks of a page."""
    work = Work(page, folder, Result())
    last: Program | None = None
    for block in page.blocks():
        work.result.blocks += 1
        if why := reason(block, without):
            work.result.not_run[why] += 1
        elif block.vendor not in CLIENTS:
            work.result.failed.append(f"{block.place}: there is no vendor `{block.vendor}`")
        elif "output" in block.notes and last is not None:
            last.shown.append(block)
        elif read := reader(block):
            work.read.append((block, work.session(block.vendor), read))
        elif block.language in LANGUAGES:
            work.add(block)
            last = work.current[block.language, block.vendor]
        else:
            what = f"nothing runs `{block.language}`" if block.language else "it has no language"
            work.result.failed.append(f"{block.place}: {what}; if it is not to be run, say why: <!-- not run: ... -->")
    return work


def do(work: Work) -> None:
    """Runs the programs of a page and reads the rest of its blocks."""
    try:
        for program in work.programs:
            with failing(work, program.blocks[0]):
                program.session.prepare()
                run(program)
                work.result.run += len(program.blocks) + len(program.shown)
        for block, session, read in work.read:
            with failing(work, block):
                read(block, session)
                work.result.run += 1
    finally:
        for session in work.sessions:
            session.close()


@contextmanager
def failing(work: Work, block: Block) -> Iterator[None]:
    """Whatever goes wrong with a block is told with its place, and the next one is taken."""
    try:
        yield
    except Exception as error:
        placed = isinstance(error, Wrong) and str(error).startswith(f"{work.page.name}:")
        work.result.failed.append(str(error) if placed else f"{block.place}: {error}")


def run_pages(pages: list[Page], without: list[str] = [], say: Callable[[str], None] = lambda line: None) -> Result:
    """All blocks of the pages."""
    total = Result()
    with tempfile.TemporaryDirectory() as folder:
        works = [plan(page, Path(folder), without) for page in pages]
        rust = [program for work in works for program in work.programs if program.language == "rust"]
        try:
            if rust:
                build_rust(rust)
        except Wrong as wrong:
            total.failed.append(str(wrong))
            for work in works:
                work.programs = [program for program in work.programs if program.language != "rust"]
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            for work, _ in zip(works, pool.map(do, works)):
                say(f"{work.page.name}: {work.result.run} of {work.result.blocks}, {len(work.result.failed)} failed")
    for work in works:
        total.blocks += work.result.blocks
        total.run += work.result.run
        total.not_run += work.result.not_run
        total.failed += work.result.failed
    return total


def pages_with_blocks() -> list[Page]:
    """README and `docs`. The protocol sheets quote what was sent."""
    return [page for page in tracked() if page.name == "README.md" or re.match("docs/(?!protocol/)", page.name)]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pages", nargs="*")
    parser.add_argument("--without", default="", help="languages that are left out, with commas")
    asked = parser.parse_args()
    pages = [page for page in pages_with_blocks() if not asked.pages or page.name in asked.pages]
    if unknown := set(asked.pages) - {page.name for page in pages}:
        parser.error(f"no page of README and docs: {', '.join(sorted(unknown))}")
    result = run_pages(pages, asked.without.split(","), print)
    for failed in result.failed:
        print(f"FAILED {failed}")
    counts = {"blocks": result.blocks, "blocks_run": result.run, "blocks_not_run": dict(result.not_run)}
    print(json.dumps({**counts, "ok": not result.failed}, ensure_ascii=False))
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
