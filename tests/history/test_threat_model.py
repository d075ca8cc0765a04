"""The threat model: its losses are those of the stories that it cites, its rules are in the table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crossvault.history.gain_flows import RunGains
from crossvault.judge.table import RULES
from crossvault.report.figures import decimal
from crossvault.scenario import load
from gained import gained
from places import CASES, ROOT, TESTS

PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf8")
WEAK = re.findall(r"^### (\S+)$", (ROOT / "docs" / "known-weaknesses.md").read_text(encoding="utf8"), re.M)
TRUST = {path.name.split(".")[0]: path for path in (TESTS / "trust").glob("*.scenario.yaml")}
ROLES = ["owner", "guardian", "feeder", "operator", "bidder", "token", "sequencer", "trader"]
LAWS = {"V8"}  # a law with a test of its own, no row of the table
_PART = r"(?<![\d,.])(?<!of )(?P<loss>\d[\d,.]*)(?: of [^(;|]*?)? \(\[?`(?P<story>[a-z-]+)`"


def cited() -> list[tuple[str, str]]:
    """The losses that the page states, as (text of the number, story)."""
    return [(found["loss"], found["story"]) for found in re.finditer(_PART, PAGE)]


def figures(found: RunGains, places: int) -> set[str]:
    """What each gained or lost in a story, and each flow, as text."""
    amounts = [each.gain_wad for each in found.persons] + list(found.others.values())
    amounts += [each.amount_wad for each in found.flows]
    return {decimal(abs(amount), places) for amount in amounts}


def path_of(story: str) -> Path | None:
    """The file of a story; none of one that is mended, or whose folder is not there."""
    if story in TRUST:
        return TRUST[story]
    path = CASES / "attacks" / f"{story}.scenario.yaml"
    return path if story in WEAK and path.exists() else None


@pytest.mark.parametrize(("loss", "story"), cited())
def test_a_measured_loss_is_that_of_its_story(loss: str, story: str) -> None:
    if (path := path_of(story)) is None:
        pytest.skip(f"{story} is mended, or not here")
    places = len(loss.partition(".")[2])
    assert loss in figures(gained(load(str(path))).gains, places)


def test_every_story_of_trust_is_cited_and_every_role_has_a_row() -> None:
    assert len(cited()) > len(TRUST)  # beside them, what is still open
    assert {story for _, story in cited() if story in TRUST} == set(TRUST)
    assert re.findall(r"^\| (\w+) \|", PAGE, re.M)[1:] == ROLES
    assert set(re.findall(r"\bV\d+\b", PAGE)) <= {rule.number for rule in RULES} | LAWS


def test_a_loss_that_no_one_has_is_not_found() -> None:
    found = gained(load(str(TRUST["feeder-prints"]))).gains
    assert "80,000" in figures(found, 0) and "80,001" not in figures(found, 0)
