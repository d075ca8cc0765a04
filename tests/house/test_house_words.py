"""The words of the house: code and documentation are in plain English, without the banned verbs and their kin."""

import re
from collections.abc import Iterable
from pathlib import Path

from places import ROOT
from sourcefiles import name_of, text_of

_BANNED = (
    "told", "tells?", "says?", "said", "hears?", "heard", "asks", "asked", "whoever", "nobody", "whom",
    "stands? beside", "what an account is told",
)  # fmt: skip
_PATTERN = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(_BANNED)})(?![A-Za-z])", re.I)
_KINDS = {".py", ".md", ".sol", ".yaml"}
_KEPT = {
    ("sim/crossvault/deployment/journal.py", "tell"),  # the method of a file
    ("sim/crossvault/live/actors.py", "Whoever"),  # in a text whose signature gives the keys of actors
}
_STORIES = (
    ROOT / "sim/crossvault/scenarios"
)  # the text of a story is part of its hash, and of an attack that of its case


def banned_words(paths: Iterable[Path]) -> list[str]:
    """Lines that have a banned word, even within a name."""
    return [
        f"{name_of(path)}:{number}: {found[0]}"
        for path in paths
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if (found := _PATTERN.search(line)) and (name_of(path), found[0]) not in _KEPT
    ]


def written() -> list[Path]:
    """What people wrote: package, scripts, tests, contracts and documentation, but this file."""
    found = [ROOT / "README.md"]
    for folder in ("sim", "scripts", "tests", "contracts", "docs"):
        found += (path for path in (ROOT / folder).rglob("*") if path.suffix in _KINDS)
    found = [path for path in found if not (path.suffix == ".yaml" and path.parent in (_STORIES, _STORIES / "attacks"))]
    hidden = (path for path in found if any(part == "node_modules" or part[0] == "." for part in path.parts[1:]))
    return sorted({*found} - {*hidden, Path(__file__)})


def test_no_banned_word_is_written() -> None:
    assert banned_words(written()) == []


def test_a_banned_word_is_found_in_text_and_in_names(tmp_path: Path) -> None:
    path = tmp_path / "offender.py"
    path.write_text("told = 1\ndef what_it_says(): ...\n# Nobody knows\nessays, bold, untold, asking = 1, 2, 3, 4\n")
    assert banned_words([path]) == ["offender.py:1: told", "offender.py:2: says", "offender.py:3: Nobody"]


def foreign_folders(paths: Iterable[Path]) -> list[str]:
    """Files that name the folder beside the clone, which a user does not have."""
    return [name_of(path) for path in paths if re.search(r"\.\./shared|shared/(?:data|vectors)", text_of(path))]


def test_only_the_tests_know_the_folder_beside_the_clone() -> None:
    pages = [ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "crossvault", "pyproject.toml", ".ci/run")]
    assert foreign_folders([*written(), *(ROOT / _STORIES).glob("*.yaml"), *pages]) == []


def test_a_folder_beside_the_clone_is_found(tmp_path: Path) -> None:
    for name, text in (("one.md", "in ../shared/data"), ("two.md", "shared/vectors"), ("three.md", "a shared folder")):
        (tmp_path / name).write_text(text)
    assert sorted(foreign_folders(tmp_path.iterdir())) == ["one.md", "two.md"]
