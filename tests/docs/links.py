"""Links that lead nowhere: of each page the relative ones and their anchors; of addresses elsewhere the form alone."""

import posixpath
import re
import sys
from urllib.parse import unquote, urlsplit

from pages import Page, files, tracked

# What an address elsewhere looks like. None is called: the tests need no network.
FORMS = {
    "https": re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(:\d+)?(/[^\s<>\"]*)?(#[^\s<>\"]*)?"),
    "http": re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?(/[^\s<>\"]*)?"),
    "mailto": re.compile(r"mailto:[^\s@]+@[a-z0-9.-]+\.[a-z]{2,}"),
}


def wrong(page: Page, target: str, pages: dict[str, Page], known: frozenset[str]) -> str | None:
    """What is wrong with where a link of a page leads; None where nothing is."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        form = FORMS.get(parts.scheme)
        return None if form and form.fullmatch(target) else "is no address that a reader can open"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page.name), unquote(parts.path))) if parts.path else page.name
    if path.startswith(("..", "/")):
        return "leads out of the repository"
    if path not in known and not any(name.startswith(f"{path}/") for name in known):
        return "leads to a file that is not there"
    if not parts.fragment:
        return None
    if path not in pages:
        return "has an anchor, and leads to no page"
    return None if unquote(parts.fragment) in pages[path].anchors else f"leads to {path}, which has no such heading"


def dead(pages: list[Page], known: frozenset[str]) -> list[str]:
    """A line for each link that leads nowhere."""
    by_name = {page.name: page for page in pages}
    return [
        f"{page.name}:{link.line}: `{link.target}` {what}"
        for page in pages
        for link in page.links()
        if (what := wrong(page, link.target, by_name, known)) is not None
    ]


if __name__ == "__main__":
    found = dead(tracked(), files())
    print("\n".join(found))
    sys.exit(1 if found else 0)
