"""The README and the pages of docs: short, their links lead somewhere, and their command lines work."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import start
from crossvault.commands.exits import UsageError
from crossvault.commands.parser import parse
from places import ROOT

NAMED = ("README.md", "CONTRIBUTING.md", "contracts/README.md")
PAGES = [*(ROOT / name for name in NAMED), *sorted((ROOT / "docs").glob("*.md"))]
WITHOUT_COMMAND = {"test", "setup", "doctor"}  # of the launcher: no parser of their own
LINK = re.compile(r"\]\(([^)#]+?)(?:#[^)]*)?\)")
COMMAND = re.compile(r"^ {4}(?:\$ )?(\./crossvault .*)$")


def command_lines(page: Path) -> Iterator[tuple[int, str]]:
    """The command lines of a page that start crossvault, with their line numbers."""
    for number, line in enumerate(page.read_text(encoding="utf8").splitlines(), 1):
        if found := COMMAND.match(line):
            yield number, found[1]


def understood(line: str) -> str:
    """Why the parser refuses a command line; nothing if it accepts it."""
    words = shlex.split(line, comments=True)[1:]
    if words[0] in WITHOUT_COMMAND:
        return ""
    try:
        parse(words)
    except (UsageError, SystemExit) as refused:
        return str(refused) or "refused"
    return ""


def test_the_parser_accepts_every_command_line_of_the_docs() -> None:
    found = [(page, number, line) for page in PAGES for number, line in command_lines(page)]
    assert len(found) > 15
    refused = [f"{page.name}:{number}: {line}: {why}" for page, number, line in found if (why := understood(line))]
    assert refused == []


def test_a_command_line_with_an_unknown_flag_is_refused() -> None:
    assert understood("./crossvault run black-thursday --sead 7") and understood("./crossvault ruin black-thursday")


def test_every_link_of_the_docs_leads_to_a_file() -> None:
    links = [(page, link) for page in PAGES for link in LINK.findall(page.read_text(encoding="utf8"))]
    local = [(page, link) for page, link in links if "://" not in link]
    assert len(local) > 15
    assert [f"{page.name}: {link}" for page, link in local if not (page.parent / link).exists()] == []


def test_the_readme_has_at_most_120_lines() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf8").splitlines()) <= 120


def shown(page: Path) -> Iterator[tuple[list[str], list[str]]]:
    """The commands of a page in the form `$ ./crossvault …`, each with the output that the page shows below it."""
    output: list[str] = []
    for line in page.read_text(encoding="utf8").splitlines():
        if line.startswith("    $ ./crossvault "):
            output = []
            yield shlex.split(line.removeprefix("    $ "), comments=True)[1:], output
        elif line.startswith("    "):
            output.append(line[4:])


def missing(shown_lines: list[str], printed: str) -> list[str]:
    """The shown lines that a command does not print, in order; times, speeds and hashes are those of another run."""
    timed = re.compile(r"\([\d.]+ s, [\d,]+ steps/s\)|(?<=-)[0-9a-f]{8}(?=\.jsonl)")
    left, absent = iter(timed.sub("", printed).splitlines()), []
    for line in shown_lines:
        if (
            line.strip()
            and line.strip() != "…"
            and timed.sub("", line).rstrip() not in (each.rstrip() for each in left)
        ):
            absent.append(line)
    return absent


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "least"), [("README.md", 20), ("docs/why-was-it-liquidated.md", 19), ("docs/who-gained.md", 20)]
)
def test_a_page_shows_what_its_commands_print(page: str, least: int) -> None:
    compared = 0
    for words, output in list(shown(ROOT / page)):
        if words[0] in WITHOUT_COMMAND:
            continue
        done = start(*words)
        assert done.returncode == 0, done.stderr
        assert missing(output, done.stdout) == [], words
        compared += len(output)
    assert compared > least


def test_a_line_that_a_command_does_not_print_is_missed() -> None:
    printed = "one  (1.1 s, 666 steps/s)\ntwo\nthree"
    assert missing(["one  (9.9 s, 1 steps/s)", "…", "three"], printed) == []
    assert missing(["three", "two"], printed) == ["two"] and missing(["four"], printed) == ["four"]
