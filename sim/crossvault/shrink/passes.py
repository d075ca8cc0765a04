"""The passes of the shrinker, in their order: the name of each, what gets smaller by it, and how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from crossvault.differential.step import Step, World
from crossvault.shrink.merging import merge_accounts, merge_listings, merge_people, name_people
from crossvault.shrink.minimum import check_minimal
from crossvault.shrink.perpetuals import substitute_perps
from crossvault.shrink.plain_world import WITHOUT, plainest
from crossvault.shrink.removal import Steps, remove_calls, unwrap_lists
from crossvault.shrink.simplification import simplify_values
from crossvault.shrink.timing import shorten_waits


class Reduction(Protocol):
    """The best candidate so far, and the ways to try another one."""

    best: Steps

    @property
    def world(self) -> World:
        """The world of the best."""
        ...

    def attempt(self, steps: Sequence[Step]) -> Steps | None:
        """Plays other steps; returns them, as the new best, when they fail as wanted."""
        ...

    def enter(self, world: World) -> bool:
        """Plays the best in another world, which is kept when they fail there as wanted."""
        ...

    def cut(self) -> None:
        """Ends the best where the sides differ first."""
        ...


class Pass(NamedTuple):
    """A way to make a story smaller. lessens: what gets smaller; run: changes the best, attempt by attempt."""

    name: str
    lessens: str
    run: Callable[[Reduction], object]


def _plain_world(now: Reduction) -> None:
    if not now.enter(plainest(now.world, now.best)):
        for without in WITHOUT:  # each from the world as it is by then
            now.enter(without(now.world, now.best))


PASSES = (
    Pass("cut", "calls after the first difference", lambda now: now.cut()),
    Pass("remove calls", "calls", lambda now: remove_calls(now.best, now.attempt)),
    Pass("unwrap lists", "batches, entries of lists", lambda now: unwrap_lists(now.best, now.attempt)),
    Pass("substitute perps", "kinds of instruments", lambda now: substitute_perps(now.best, now.attempt)),
    Pass("merge collaterals", "collaterals", lambda now: merge_listings(now.best, "collateral", now.attempt)),
    Pass("merge underlyings", "underlyings", lambda now: merge_listings(now.best, "underlying", now.attempt)),
    Pass("merge accounts", "accounts", lambda now: merge_accounts(now.best, now.attempt)),
    Pass("merge people", "people", lambda now: merge_people(now.best, now.world, now.attempt)),
    Pass("plain world", "tokens, wallets, delay, auction terms", _plain_world),
    Pass("remove calls again", "calls", lambda now: remove_calls(now.best, now.attempt)),
    Pass("shorten waits", "times", lambda now: shorten_waits(now.best, now.world.starts_at, now.attempt)),
    Pass("simplify values", "digits of values", lambda now: simplify_values(now.best, now.attempt)),
    Pass("check minimal", "calls or digits, one alone", lambda now: check_minimal(now.best, now.attempt)),
    Pass("name people", "nothing: the usual names", lambda now: name_people(now.best, now.world, now.attempt)),
)
