"""Losses of other venues: contained in the shipped story, and lost with a weakened parameter or a planted fault.

docs/incidents.md has the parameters, the money and the rules that are red; those of the stories are the same.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml

from attack_files import changed, red_rules
from code_planting import planted_mirror
from crossvault import scenario
from crossvault.history.gain_flows import RunGains, label
from crossvault.history.money_book import INSURANCE
from crossvault.report.figures import decimal
from crossvault.setup import toolchain
from gained import gained
from places import ROOT, TESTS

PLANTED = TESTS / "incidents"
PLANTS = {case["id"]: case for case in yaml.safe_load((TESTS / "plants.yaml").read_text(encoding="utf8"))}
PAGE = (ROOT / "docs" / "incidents.md").read_text(encoding="utf8")
ROWS = {
    cells[0].strip("` "): [each.strip() for each in cells[1:]]
    for line in PAGE.splitlines()
    if line.startswith("| `")
    for cells in [line.strip("|").split("|")]
}
NAMES = sorted(ROWS)


def shipped(name: str) -> Path:
    return toolchain.PACKAGE / "scenarios" / f"{name}.scenario.yaml"


def weak(name: str) -> Path:
    """The story with a parameter weakened, or with a planted fault."""
    path = PLANTED / f"{name}.scenario.yaml"
    return path if path.is_file() else shipped(f"attacks/weak/{name}")


def fault(name: str) -> AbstractContextManager[Any]:
    """The planted fault that a row names, in the mirror."""
    plant = re.search(r"planted fault `(\S+)`", ROWS[name][0])
    return planted_mirror(PLANTS[plant[1]]) if plant else nullcontext()


def differences(name: str) -> list[str]:
    """Fields of the world, and of the steps but for what they expect, in which the two stories differ."""
    one, other = (yaml.safe_load(path.read_text(encoding="utf8")) for path in (shipped(f"attacks/{name}"), weak(name)))
    return [path for path in changed(one, other) if path not in ("/about", "/checks")]


def amounts(found: RunGains) -> dict[str, str]:
    """What each person and each other party gained, as text; the fund but for what the story begins with."""
    given = sum(each.amount_wad for each in found.flows if (each.payee, each.payer.name) == (INSURANCE, "governor"))
    gains = {each.name: each.gain_wad for each in found.persons} | {label(each): n for each, n in found.others.items()}
    gains[label(INSURANCE)] = found.fund_wad - given
    return {name: decimal(amount, 2) for name, amount in gains.items()}


def parties(cell: str) -> dict[str, str]:
    """Parties of a cell with their amounts."""
    return dict(re.findall(r"([a-z ]+?) ([\d,]+\.\d\d)(?:, )?", cell))


def test_every_incident_ships_with_its_loss_and_is_on_the_page() -> None:
    losses = [name.rpartition("/")[2] for name in scenario.weakened()]
    losses += [path.name.removesuffix(".scenario.yaml") for path in PLANTED.glob("*.scenario.yaml")]
    assert sorted(losses) == NAMES
    assert {f"attacks/{name}" for name in NAMES} <= set(scenario.attacks())


@pytest.mark.parametrize("name", NAMES)
def test_the_two_stories_differ_in_the_parameters_of_the_page_alone(name: str) -> None:
    found = differences(name)
    assert all(path.startswith("/world/") for path in found)
    weakened = [] if "planted fault" in ROWS[name][0] else re.findall(r"`([a-z ]+)`", ROWS[name][0])
    assert sorted(path.rpartition("/")[2] for path in found) == sorted(weakened)


@pytest.mark.parametrize("name", NAMES)
def test_the_vault_contains_it(name: str) -> None:
    found = amounts(gained(scenario.load(f"attacks/{name}")).gains)
    most = parties(ROWS[name][1])
    assert most and {party: found[party] for party in most} == most


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_happens_where_it_is_weakened(name: str) -> None:
    with fault(name):
        found = amounts(gained(scenario.load(str(weak(name)))).gains)
        red = red_rules(weak(name))
    won, lost = parties(ROWS[name][2]), parties(ROWS[name][3])
    assert won and {party: found[party] for party in won} == won
    assert lost and {party: found[party].removeprefix("-") for party in lost} == lost
    assert all(found[party].startswith("-") for party in lost)
    assert sorted(red) == sorted(re.findall(r"V\d+", ROWS[name][4]))


def test_the_planted_fault_is_what_loses() -> None:
    """Without it, the story of the fault ends at the step that the vault refuses."""
    with pytest.raises(scenario.ExpectationFailed, match="InsufficientMargin"):
        gained(scenario.load(str(PLANTED / "euler-2023.scenario.yaml")))
