"""Random walks through both sides, as the tests of steps and of broken contracts play them."""

from pathlib import Path

from crossvault.differential.model import Model
from crossvault.differential.story import Story
from crossvault.evm.chain import Chain
from crossvault.lockstep.invariants import Invariants
from crossvault.lockstep.run import RunResult, run
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.random_walk import Walk


def walk(seed: int, steps: int, contracts: Path | None = None, owners: int = 8, every: int = 1) -> RunResult:
    """The result of a random walk through the mirror and the contracts of a directory, with all invariants."""
    return played(Walk(seed, steps, owners).story(), contracts, Invariants(every))


def orders(seed: int, steps: int, contracts: Path | None = None) -> RunResult:
    """The result of a random walk of signed orders, with all invariants."""
    return played(OrderWalk(seed, steps).story(), contracts, Invariants())


def played(story: Story, contracts: Path | None, invariants: Invariants) -> RunResult:
    """The result of a story on both sides."""
    model = Model(story.world)
    chain = Chain(story.world, contracts)
    try:
        result = run(story, model, chain, guard=invariants)
    finally:
        chain.close()
    if result.failure is None:
        invariants.require_conserved(model)
    return result
