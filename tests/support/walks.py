"""Random walks through both sides, as the tests of steps and of broken contracts play them."""

from pathlib import Path

from crossvault.differential.model import Model
from crossvault.differential.story import Story
from crossvault.evm.chain import Chain
from crossvault.judge.judge import Judge
from crossvault.lockstep.run import RunResult, run
from crossvault.walks.order_moves import OrderWalk
from crossvault.walks.random_walk import Walk


def walk(seed: int, steps: int, contracts: Path | None = None, owners: int = 8) -> RunResult:
    """The result of a random walk through the mirror and the contracts of a directory, with all invariants."""
    return played(Walk(seed, steps, owners).story(), contracts, Judge())


def orders(seed: int, steps: int, contracts: Path | None = None) -> RunResult:
    """The result of a random walk of signed orders, with all invariants."""
    return played(OrderWalk(seed, steps).story(), contracts, Judge())


def played(story: Story, contracts: Path | None, judge: Judge) -> RunResult:
    """The result of a story on both sides."""
    model = Model(story.world)
    chain = Chain(story.world, contracts)
    try:
        result = run(story, model, chain, guard=judge)
    finally:
        chain.close()
    if result.failure is None:
        judge.finish()
    return result
