"""Shipped stories of attacks: each differs from the attack that was played on the vault in what is expected alone.

The attacks are those of the folder `attacks` of CROSSVAULT_CASES, of tests/findings and tests/trust. With each ships
its honest likeness.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from attack_files import FINDINGS, FOLDER, MENDED, OPEN, PARAMETER, changed, red_rules
from crossvault import scenario
from crossvault.setup import toolchain
from places import TESTS

FOLDERS = (FOLDER, FINDINGS, TESTS / "trust")
HONEST = "-honest"
SHIPPED = [name.removeprefix("attacks/") for name in scenario.attacks()]
ATTACKS = [name for name in SHIPPED if not name.endswith(HONEST)]


def attack(name: str) -> Path | None:
    """The attack as it was played, or None where its folder is not here."""
    found = [folder / f"{name}.scenario.yaml" for folder in FOLDERS]
    return next((path for path in found if path.is_file()), None)


def content(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf8"))


def shipped(name: str) -> Path:
    return toolchain.PACKAGE / "scenarios" / "attacks" / f"{name}.scenario.yaml"


def test_every_mended_attack_ships_with_its_honest_likeness() -> None:
    assert {*MENDED, *PARAMETER} <= set(ATTACKS)
    assert sorted(SHIPPED) == sorted([*ATTACKS, *(f"{name}{HONEST}" for name in ATTACKS)])


@pytest.mark.parametrize("name", ATTACKS)
def test_a_counterpart_differs_in_what_is_expected_alone(name: str) -> None:
    was = attack(name)
    if was is None:
        pytest.skip(f"the attack {name} is not in {FOLDERS[0]}")
    before, now = content(was), content(shipped(name))
    assert changed(before, now) == []
    assert before != now


@pytest.mark.parametrize("name", SHIPPED)
def test_no_rule_is_red_in_a_shipped_story(name: str) -> None:
    assert list(red_rules(f"attacks/{name}")) == [OPEN[name]] if name in OPEN else red_rules(f"attacks/{name}") == {}


@pytest.mark.parametrize("name", [name for name in SHIPPED if name.endswith(HONEST)])
def test_nothing_is_refused_in_an_honest_likeness(name: str) -> None:
    assert "refused" not in shipped(name).read_text(encoding="utf8")


def test_a_changed_step_and_a_changed_parameter_are_found() -> None:
    was = {"world": {"cap": 1}, "steps": [{"do": "trade", "price": 1, "expect": {"equity": 1}}]}
    now = {"world": {"cap": 2}, "steps": [{"do": "trade", "price": 2, "expect": {"equity": 2}}]}
    assert changed(was, was) == [] and changed(was, now) == ["/steps/0/price", "/world/cap"]
    assert changed(was, {**was, "steps": []}) == ["/steps"]
