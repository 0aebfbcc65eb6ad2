"""The documentation as a site: the pages of the repository as they are, in the order of docs/index.md. `make docs` builds it."""

import posixpath
import re
import sys
from pathlib import Path

from docutils import nodes
from pygments.lexers import TextLexer
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/docs"))

from pages import Page  # noqa: E402

INDEX = "docs/index.md"
SECTIONS = Page(ROOT / INDEX).sections()

project = "Kassa"
release = re.findall(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text("utf-8"), re.MULTILINE)[0]
extensions = ["myst_parser"]
root_doc = "README"
# What the index names, and nothing else that lies in the repository.
include_patterns = [INDEX, *(path for pages in SECTIONS.values() for _, path in pages)]
exclude_patterns = ["target", "**/node_modules", ".*"]
# Anchors as a code host makes them.
myst_heading_anchors = 6
# Protocol sheets quote what was sent, whole or not.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = f"Kassa {release}"
html_extra_path = ["root"]
html_copy_source = html_show_copyright = html_show_sphinx = False


def contents(app: Sphinx, page: str, source: list[str]) -> None:
    """The navigation: the sections of the index."""
    if page != root_doc:
        return
    for section, pages in SECTIONS.items():
        listed = [(title, path.removesuffix(".md")) for title, path in pages if path != f"{root_doc}.md"]
        if section == next(iter(SECTIONS)):
            listed.insert(0, ("All pages", INDEX.removesuffix(".md")))
        entries = "\n".join(f"{title} </{path}>" for title, path in listed)
        source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {section}\n\n{entries}\n```\n"


def folders(app: Sphinx, page: nodes.document) -> None:
    """A link to a folder of the repository: on the site its name alone."""
    for link in list(page.findall(pending_xref)):
        path = ROOT / posixpath.dirname(app.env.docname) / link["reftarget"]
        if link["reftype"] == "myst" and path.is_dir():
            link.replace_self(link.children)


def setup(app: Sphinx) -> None:
    # A diagram is shown as its text: what draws it would have to be loaded.
    app.add_lexer("mermaid", TextLexer)
    app.connect("source-read", contents)
    app.connect("doctree-read", folders)
