"""Links that lead nowhere are found, each kind of them; the repository has none."""

from pathlib import Path

import pytest
from links import dead
from pages import Page, files, slug, tracked

OTHER = "# Other\n\n## What's `new`, and what is not?\n\n## Twice\n\n## Twice\n\n<a id=\"named\"></a>\n"


def found(folder: Path, text: str) -> list[str]:
    (folder / "docs").mkdir()
    (folder / "docs/page.md").write_text(f"# Page\n\n{text}\n", "utf-8")
    (folder / "docs/other.md").write_text(OTHER, "utf-8")
    pages = [Page(folder / name, folder) for name in ("docs/page.md", "docs/other.md")]
    return dead(pages, frozenset(["docs/page.md", "docs/other.md", "examples/sale.py", "README.md"]))


def test_the_repository_has_no_dead_link() -> None:
    assert dead(tracked(), files()) == []


def test_every_page_is_in_the_index_once() -> None:
    pages = [page.name for page in tracked() if page.name.startswith("docs/") or "/" not in page.name]
    listed = [name for pages in Page(Path(__file__).parents[2] / "docs/index.md").sections().values() for _, name in pages]
    assert len(listed) == len(set(listed)), "a page is there twice"
    assert sorted(set(pages) - set(listed) - {"docs/index.md"}) == []


@pytest.mark.parametrize(
    "link",
    [
        "[a](other.md)", "[a](other.md#whats-new-and-what-is-not)", "[a](other.md#twice-1)", "[a](other.md#named)", "[a](#page)",
        "[a](../README.md)", "[a](../examples)", "[a](../examples/sale.py)", "![a](../examples/sale.py)", "<https://shop.example/a>",
        "[a][b]\n\n[b]: other.md", "`[a](nowhere.md)`", "```\n[a](nowhere.md)\n```", "[a](http://127.0.0.1:8000/)",
    ],
)
def test_what_leads_somewhere(tmp_path: Path, link: str) -> None:
    assert found(tmp_path, link) == []


@pytest.mark.parametrize(
    "link",
    [
        "[a](nowhere.md)", "[a](Other.md)", "[a](other.md#twice-2)", "[a](#nowhere)", "[a](../../README.md)", "[a](/docs/other.md)",
        "[a](../examples/sale.py#top)", "![a](picture.svg)", "[a](https://shop)", "[a](ftp://shop.example)", "[a](http://shop.example)",
        "[a][b]\n\n[b]: nowhere.md", '<a href="nowhere.md">a</a>', "| a |\n|---|\n| [a](nowhere.md) |",
    ],
)
def test_what_leads_nowhere(tmp_path: Path, link: str) -> None:
    [line] = found(tmp_path, link)
    assert line.startswith("docs/page.md:")


def test_a_heading_has_the_anchor_of_a_code_host() -> None:
    assert slug("What's `new`, and_what is-not?") == "whats-new-and_what-is-not"
    assert slug("Счёт № 1") == "счёт--1"
