"""Vault and mirror in lockstep: random steps near the limits, every invariant after every step, no difference."""

from collections import Counter
from pathlib import Path

import pytest

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.differential.step import DOORS, Outcome, Step
from crossvault.evm.codec import snake
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import vault_abi
from crossvault.walks.random_walk import Walk
from walks import walk


@pytest.fixture
def contracts(request: pytest.FixtureRequest) -> Path | None:
    """The directory given with --contracts, or the contracts that ship."""
    given = request.config.getoption("--contracts")
    return Path(given) if given else None


def alone(seed: int, steps: int) -> tuple[Model, list[tuple[Step, Outcome]]]:
    """A random walk through the mirror alone, with the outcome of every step."""
    walk = Walk(seed, steps)
    model = Model(walk.world)
    return model, list(driven(walk.steps(model), model.apply))


@pytest.mark.parametrize(
    ("seed", "steps"),
    [
        pytest.param(0, 1_500, marks=pytest.mark.campaign),
        pytest.param(2, 3_000, marks=pytest.mark.campaign),
        pytest.param(1, 5_000, marks=pytest.mark.campaign),
    ],
)  # in every run the walk below
def test_v1_to_v14_hold_over_random_steps(seed: int, steps: int, contracts: Path | None) -> None:
    result = walk(seed, steps, contracts)
    assert result.failure is None, str(result.failure)
    assert result.compared == result.steps >= steps
    assert result.metrics_compared > 100


def test_doors_are_those_of_the_contract() -> None:
    abi = vault_abi(compile_contracts())
    doors = [snake(item["name"]) for item in abi if item.get("stateMutability") == "nonpayable" and "name" in item]
    assert sorted(DOORS) == sorted(doors)


@pytest.mark.slow
def test_a_walk_reaches_every_door_and_most_refusals(contracts: Path | None) -> None:
    result = walk(6, 3_500, contracts)
    assert result.failure is None, str(result.failure)
    assert result.compared == result.steps >= 3_500 and result.metrics_compared > 100
    assert set(DOORS) <= set(result.actions), set(DOORS) - set(result.actions)
    assert len(result.refusals) >= 40, sorted(result.refusals)
    assert sum(result.refusals.values()) <= result.steps * 45 // 100, result.refusals


@pytest.mark.slow
def test_a_walk_crosses_windows_and_expiries_and_settles_positions() -> None:
    model, played = alone(5, 2_000)
    names = Counter(event.name for _, outcome in played for event in outcome.events)
    assert names["ExpirySettled"] >= 5 and names["Settled"] >= 5, names
    assert names["InterestAccrued"] >= 20 and names["Bid"] >= 1 and names["Batched"] >= 20, names
    state = model.vault.ledger
    assert state.cash.supply_index > 10**27 and any(track.index for track in state.tracks.values())


@pytest.mark.parametrize(
    "owners", [pytest.param(100, marks=pytest.mark.slow), pytest.param(400, marks=pytest.mark.campaign)]
)
def test_a_wide_world_agrees_as_well(owners: int, contracts: Path | None) -> None:
    result = walk(4, 600, contracts, owners=owners)
    assert result.failure is None, str(result.failure)
    assert result.compared == result.steps
