"""Worlds that lack what the steps seem to do without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from crossvault.differential.step import Step, World, named
from crossvault.mirror import fixed
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.shrink.rewrite import leaves

PLAIN_TERMS = AuctionTerms(0, fixed.WAD, fixed.WAD, 1, 1, 1)


def plainest(world: World, steps: Sequence[Step]) -> World:
    """The world without anything that the steps seem to do without."""
    for without in WITHOUT:
        world = without(world, steps)
    return world


def _without_tokens(world: World, steps: Sequence[Step]) -> World:
    named_ones = _texts(steps) | {world.quote}
    return replace(world, tokens=tuple(spec for spec in world.tokens if spec.name in named_ones))


def _without_wallets(world: World, steps: Sequence[Step]) -> World:
    return replace(world, wallets=tuple(spec for spec in world.wallets if spec.name in _texts(steps)))


def _without_delay(world: World, steps: Sequence[Step]) -> World:
    return replace(world, delay_secs=0)


def _without_terms(world: World, steps: Sequence[Step]) -> World:
    return replace(world, terms=PLAIN_TERMS)


def _texts(steps: Sequence[Step]) -> set[str]:
    """Everything that the steps name."""
    texts = {value for step in steps for _, value in leaves(step) if isinstance(value, str)}
    return texts | {step.sender for step in steps} | {account.owner for account in named(steps)}


WITHOUT: tuple[Callable[[World, Sequence[Step]], World], ...] = (
    _without_tokens, _without_wallets, _without_delay, _without_terms,
)  # fmt: skip
"""Each takes one thing from a world: tokens, wallets, the delay, the auction terms."""
