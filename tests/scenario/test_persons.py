"""Persons of a scenario: owners that belong together, and what a file may not write."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossvault.commands.run import judge
from crossvault.scenario import load
from small_scenarios import HEAD, PRICES, problems, scenario_file

ACTORS = (
    "actors: {maker: {kind: maker}, alice: {person: mallory}, alice/1: {person: mallory}, bob: {person: mallory}}\n"
)


def test_persons_are_those_that_a_file_names(tmp_path: Path) -> None:
    story = load(scenario_file(tmp_path, HEAD + PRICES + ACTORS))
    assert story.persons == {"alice": "mallory", "bob": "mallory"}
    assert judge(story, (), "default").persons == story.persons


@pytest.mark.parametrize(
    ("actors", "problem"),
    [
        (
            "alice: {person: mallory}, alice/1: {person: eve}",
            "alice.person: alice belongs to 'eve' in another account: expected one person of an owner",
        ),
        (
            "alice: {person: bob}, bob: {person: eve}",
            "alice.person: 'bob' belongs to 'eve' itself: write 'eve'",
        ),
        ("alice: {person: 7}", "alice.person: "),
        ("alice: {persons: bob}", "alice.persons: "),
    ],
)
def test_a_person_is_one(tmp_path: Path, actors: str, problem: str) -> None:
    found = problems(scenario_file(tmp_path, f"{HEAD}{PRICES}actors: {{{actors}}}\n"))
    assert f"actors.{problem}" in found[0]
