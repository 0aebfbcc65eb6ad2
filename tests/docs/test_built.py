"""A site that leads nowhere, or loads something from elsewhere, is found."""

from pathlib import Path

import pytest
from built import dead


@pytest.mark.parametrize(
    ("html", "wrong"),
    [
        ('<a href="b.html#here">b</a> <a href="https://shop.example">s</a> <a href="#top" id="top">t</a>', 0),
        ('<a href="nowhere.html">b</a>', 1),
        ('<a href="b.html#nowhere">b</a>', 1),
        ('<a href="#nowhere">b</a>', 1),
        ('<script src="https://elsewhere.example/a.js"></script>', 1),
        ('<link rel="stylesheet" href="//elsewhere.example/a.css">', 1),
        ('<img src="data:image/png;base64,AA=="> <img src="nowhere.png">', 1),
        ('<link rel="stylesheet" href="a.css">', 0),
    ],
)
def test_links_of_the_site(tmp_path: Path, html: str, wrong: int) -> None:
    (tmp_path / "a.html").write_text(html, "utf-8")
    (tmp_path / "b.html").write_text('<p id="here">', "utf-8")
    (tmp_path / "a.css").write_text("a { background: url(a.png) }", "utf-8")
    assert len(dead(tmp_path)) == wrong


def test_fonts_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("@import 'https://elsewhere.example/a.css'; a { src: url(\"//elsewhere.example/f\") }", "utf-8")
    assert len(dead(tmp_path)) == 2
