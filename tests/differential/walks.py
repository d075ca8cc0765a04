"""Random walks through both sides, as the tests of steps and of broken contracts play them."""

from pathlib import Path

from sim.chain import Chain
from sim.model import Model
from sim.run import Result, run
from sim.search.generate import Walk
from sim.search.invariants import Invariants
from sim.search.orders import Orders
from sim.story import Story


def walk(seed: int, steps: int, contracts: Path | None = None, owners: int = 8, every: int = 1) -> Result:
    """The result of a random walk through the mirror and the contracts of a directory, with all invariants."""
    return played(Walk(seed, steps, owners).story(), contracts, Invariants(every))


def orders(seed: int, steps: int, contracts: Path | None = None) -> Result:
    """The result of a random walk of signed orders, with all invariants."""
    return played(Orders(seed, steps).story(), contracts, Invariants())


def played(story: Story, contracts: Path | None, invariants: Invariants) -> Result:
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
