"""Two builds that differ, and builds that name a folder, are found: of small repositories whose `make dist` writes a file."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from reproducible import compare


@pytest.fixture(autouse=True)
def no_crates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """These repositories need none."""
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "cargo"))


def compared(tmp_path: Path, recipe: str) -> dict[str, Any]:
    """What the comparison says of a repository with such a recipe."""
    repository, work = tmp_path / "repository", tmp_path / "work"
    repository.mkdir()
    work.mkdir()
    (repository / "Makefile").write_text(f"dist:\n\t@mkdir -p target/dist\n\t@{recipe} > target/dist/file\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(repository)]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "a"]):
        subprocess.run([*git, *command], check=True)
    return compare(repository, work, [])


def test_the_same_twice_is_right(tmp_path: Path) -> None:
    line = compared(tmp_path, "echo always")
    assert (line["artifacts"], line["same"], line["paths"], line["ok"]) == (1, True, {}, True)


PLACES = ["date +%N", "umask", "date +%Z", "echo $$LC_ALL", "pwd | wc -c", "echo $${CARGO_TARGET_DIR-none}"]


@pytest.mark.parametrize("recipe", PLACES)
def test_what_depends_on_the_place_is_found(tmp_path: Path, recipe: str) -> None:
    line = compared(tmp_path, recipe)
    assert (line["same"], line["differ"], line["ok"]) == (False, ["file"], False)


@pytest.mark.parametrize("recipe", ["echo $(CURDIR)/src", "echo $$HOME/.cargo"])
def test_a_folder_of_the_place_is_found(tmp_path: Path, recipe: str) -> None:
    line = compared(tmp_path, recipe)
    assert line["paths"] == {"first/file": [str(tmp_path / "work")], "second/file": [str(tmp_path / "work")]}
    assert not line["ok"]


def test_a_folder_in_what_is_packed_is_found(tmp_path: Path) -> None:
    write = f"import sys, zipfile; zipfile.ZipFile(sys.stdout.buffer, 'w', 8).writestr('a', '{Path.home()}/src ' * 9)"
    line = compared(tmp_path, f'{sys.executable} -c "{write}"')
    assert line["paths"] == {"first/file": [str(Path.home())], "second/file": [str(Path.home())]}
    assert not line["ok"]
