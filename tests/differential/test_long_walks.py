"""Walks too long for every run: a campaign plays new ones on Anvil, with every invariant after every step."""

import os
from pathlib import Path

import pytest

import profiles
from crossvault.differential.step import DOORS, EXCHANGE_DOORS
from walks import orders, walk

pytestmark = pytest.mark.campaign

SEED = int(os.environ.get(profiles.SEED) or 0)
WALKS, STEPS = range(8), 20_000


@pytest.fixture
def contracts(request: pytest.FixtureRequest) -> Path | None:
    """The directory given with --contracts, or the contracts that ship."""
    given = request.config.getoption("--contracts")
    return Path(given) if given else None


@pytest.mark.parametrize("number", WALKS)
def test_a_long_walk_agrees_and_uses_every_door(number: int, contracts: Path | None) -> None:
    result = walk(SEED + number, STEPS, contracts)
    assert result.failure is None, str(result.failure)
    assert result.compared == result.steps >= STEPS
    assert set(DOORS) <= set(result.actions), set(DOORS) - set(result.actions)


@pytest.mark.parametrize("number", WALKS[:4])
def test_a_long_walk_of_orders_agrees(number: int, contracts: Path | None) -> None:
    result = orders(SEED + number, STEPS, contracts)
    assert result.failure is None, str(result.failure)
    assert result.compared == result.steps >= STEPS
    assert set(EXCHANGE_DOORS) <= set(result.actions)


@pytest.mark.parametrize("number", WALKS[:2])
def test_a_wide_world_agrees(number: int, contracts: Path | None) -> None:
    result = walk(SEED + number, 5_000, contracts, owners=400)
    assert result.failure is None, str(result.failure)
    assert result.compared == result.steps
