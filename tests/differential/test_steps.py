"""Whole vaults in lockstep: random steps near the limits, every invariant after every step, no difference anywhere."""

from pathlib import Path

import pytest
from walks import walk

from sim.codec import snake
from sim.compiler import compile_contracts
from sim.deploy import vault_abi
from sim.side import DOORS


@pytest.fixture
def contracts(request: pytest.FixtureRequest) -> Path | None:
    """The directory given with --contracts, or the contracts that ship."""
    given = request.config.getoption("--contracts")
    return Path(given) if given else None


@pytest.mark.parametrize(("seed", "steps"), [(0, 5_000), (1, 2_000), (2, 2_000)])
def test_v1_to_v10_hold_over_random_steps(seed: int, steps: int, contracts: Path | None) -> None:
    result = walk(seed, steps, contracts)
    assert result.failure is None, str(result.failure)
    assert result.compared == result.steps >= steps
    assert result.metrics_compared > 100


def test_doors_are_those_of_the_contract() -> None:
    abi = vault_abi(compile_contracts())
    doors = [snake(item["name"]) for item in abi if item.get("stateMutability") == "nonpayable" and "name" in item]
    assert sorted(DOORS) == sorted(doors)


def test_a_walk_reaches_every_door_and_most_refusals(contracts: Path | None) -> None:
    result = walk(3, 3_000, contracts)
    assert result.failure is None, str(result.failure)
    assert set(DOORS) <= set(result.actions), set(DOORS) - set(result.actions)
    assert len(result.refusals) >= 30, sorted(result.refusals)


def test_a_wide_world_agrees_as_well(contracts: Path | None) -> None:
    result = walk(4, 600, contracts, owners=400, every=200)
    assert result.failure is None, str(result.failure)
    assert result.compared == result.steps
