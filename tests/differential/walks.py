"""Random walks through both sides, as the tests of steps and of broken contracts play them."""

from pathlib import Path

from sim.chain import Chain
from sim.model import Model
from sim.run import Result, run
from sim.search.generate import Walk
from sim.search.invariants import Invariants


def walk(seed: int, steps: int, contracts: Path | None = None, owners: int = 8, every: int = 1) -> Result:
    """The result of a random walk through the mirror and the contracts of a directory, with all invariants."""
    story = Walk(seed, steps, owners).story()
    model = Model(story.world)
    chain = Chain(story.world, contracts)
    invariants = Invariants(every)
    try:
        result = run(story, model, chain, guard=invariants)
    finally:
        chain.close()
    if result.failure is None:
        invariants.require_conserved(model)
    return result
