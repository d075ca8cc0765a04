"""Stories of an attack are red by the rule that tests/known_reds.yaml names, or by none: the list is strict.

The stories are those of the folder `attacks` of CROSSVAULT_CASES, and of tests/findings.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from attack_files import FINDINGS, FOLDER, KNOWN, MENDED, PARAMETER, red_rules
from crossvault.differential.story import ExpectationFailed
from crossvault.judge.table import RULES
from places import ROOT

PAGE = ROOT / "docs" / "known-weaknesses.md"
RED, UNSEEN, OUTDATED, FOUND = KNOWN["red"], KNOWN["unseen"], KNOWN["outdated"], KNOWN["findings"]
ENDING = ".scenario.yaml"
LEAST_RED = 21

needs_cases = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no attack stories in {FOLDER}")


def stories(folder: Path) -> dict[str, Path]:
    """The stories of a folder by name."""
    return {path.name.removesuffix(ENDING): path for path in sorted(folder.glob(f"*{ENDING}"))}


@needs_cases
def test_every_story_has_one_entry() -> None:
    assert sorted([*RED, *UNSEEN, *OUTDATED, *MENDED, *PARAMETER]) == sorted(stories(FOLDER))
    assert len(RED) + len(MENDED) + len(PARAMETER) >= LEAST_RED - len(OUTDATED)
    assert sorted([*FOUND, *KNOWN["mended findings"]]) == sorted(stories(FINDINGS))


@needs_cases
@pytest.mark.parametrize("name", [*RED, *PARAMETER])
def test_an_attack_is_red_by_its_rule(name: str) -> None:
    assert {**RED, **PARAMETER}[name] in red_rules(stories(FOLDER)[name])


@needs_cases
def test_an_attack_that_no_rule_sees_is_still_unseen() -> None:
    assert [name for name in UNSEEN if red_rules(stories(FOLDER)[name])] == []


@needs_cases
@pytest.mark.parametrize("name", OUTDATED)
def test_a_story_that_presets_have_left_behind_still_ends_early(name: str) -> None:
    with pytest.raises(ExpectationFailed):
        red_rules(stories(FOLDER)[name])


@pytest.mark.parametrize("name", KNOWN["mended findings"])
def test_a_mended_finding_does_not_gain_what_it_states(name: str) -> None:
    with pytest.raises(ExpectationFailed):
        red_rules(stories(FINDINGS)[name])


@needs_cases
@pytest.mark.parametrize("name", MENDED)
def test_a_mended_attack_does_not_gain_what_it_states(name: str) -> None:
    with pytest.raises(ExpectationFailed):
        red_rules(stories(FOLDER)[name])


@pytest.mark.parametrize("name", FOUND)
def test_a_finding_is_red_by_its_rule(name: str) -> None:
    assert FOUND[name] in red_rules(stories(FINDINGS)[name])


def test_the_page_describes_every_known_weakness_with_its_rule() -> None:
    parts = dict(re.findall(r"^### (\S+)\n(V\d+)\. ", PAGE.read_text(encoding="utf8"), re.MULTILINE))
    listed = {**RED, **FOUND}
    assert set(parts) == {*listed, *UNSEEN}
    assert {name: parts[name] for name in listed} == listed
    assert set(listed.values()) <= {rule.number for rule in RULES}
