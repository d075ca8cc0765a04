"""A story: a world, and steps that follow from what the model says of the steps before."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from sim.mirror import oracle
from sim.mirror.market import underlying_of
from sim.model import Model
from sim.side import Outcome, Step, World


class ExpectationFailed(Exception):
    """A story went otherwise than its file says: `file:line: field: expected ..., came ...`."""


@dataclass(frozen=True, slots=True)
class Story:
    """A scenario, ready to be played.

    hash: over the file, the data that it reads, the overrides and the seed. expected_steps: an estimate.
    steps: yields steps for a model that executes each before it sends the outcome; raises ExpectationFailed.
    """

    name: str
    about: str
    seed: int
    hash: str
    world: World
    underlyings: tuple[str, ...]
    collaterals: tuple[str, ...]
    expected_steps: int
    steps: Callable[[Model], Generator[Step, Outcome, None]]


def mark(model: Model, instrument: int) -> int:
    """The mark of a perp as the model has it now [wad]."""
    underlying = underlying_of(instrument)
    price = model.vault.ledger.prices[underlying]
    return oracle.mark(price.index, price.premium, model.vault.ledger.risks[underlying].mark_band)
