"""The built site: every link of every page leads somewhere in it, and nothing is loaded from elsewhere."""

import re
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Elements that load what they name; others only lead there.
LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src", "object": "data"}


@dataclass
class Html(HTMLParser):
    """Where a page leads, what it loads, and the places in it."""

    ids: set[str] = field(default_factory=set)
    targets: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.update(given[name] for name in ("id", "name") if name in given)
        loads = LOADS.get(tag)
        if loads in given and given.get("rel") not in ("index", "search", "next", "prev", "canonical"):
            self.targets.append((given[loads], True))
        elif tag == "a" and "href" in given:
            self.targets.append((given["href"], False))


def read(file: Path) -> Html:
    page = Html()
    page.feed(file.read_text("utf-8"))
    return page


def dead(folder: Path) -> list[str]:
    """A line for each link that leads nowhere and each thing that is loaded from elsewhere."""
    pages = {file: read(file) for file in sorted(folder.rglob("*.html"))}
    found = []
    for file, page in pages.items():
        for target, loads in page.targets:
            parts = urlsplit(target)
            if parts.scheme == "data" or (parts.scheme and not loads):
                continue
            path = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if parts.scheme or parts.netloc:
                what = "is loaded from elsewhere"
            elif not path.is_file():
                what = "is not there"
            elif parts.fragment and path in pages and unquote(parts.fragment) not in pages[path].ids:
                what = "has no such place"
            else:
                continue
            found.append(f"{file.relative_to(folder)}: `{target}` {what}")
    for style in sorted(folder.rglob("*.css")):
        loaded = re.findall(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")]+)", style.read_text("utf-8"))
        found += [f"{style.relative_to(folder)}: `{target}` is loaded from elsewhere" for target in loaded]
    return found


if __name__ == "__main__":
    wrong = dead(Path(sys.argv[1]).resolve())
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)
