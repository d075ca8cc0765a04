"""Worlds that lack what the steps seem to do without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from crossvault.differential.step import Step, World, named
from crossvault.mirror import fixed
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.shrink.rewrite import leaves

PLAIN_TERMS = AuctionTerms(0, fixed.WAD, fixed.WAD, 1, 1, 1)


def plainest(world: World, steps: Sequence[Step]) -> World:
    """The world without anything that the steps seem to do without."""
    for plain in plainer(world, steps):
        world = replace(
            plain,
            tokens=tuple(each for each in world.tokens if each in plain.tokens),
            wallets=tuple(each for each in world.wallets if each in plain.wallets),
            delay_secs=min(world.delay_secs, plain.delay_secs),
            terms=plain.terms if plain.terms != world.terms else world.terms,
        )
    return world


def plainer(world: World, steps: Sequence[Step]) -> Iterator[World]:
    """Worlds that lack one thing: tokens, wallets, the delay, the auction terms."""
    texts = {value for step in steps for _, value in leaves(step) if isinstance(value, str)}
    texts |= {step.sender for step in steps} | {account.owner for account in named(steps)}
    yield replace(world, tokens=tuple(spec for spec in world.tokens if spec.name in texts | {world.quote}))
    yield replace(world, wallets=tuple(spec for spec in world.wallets if spec.name in texts))
    yield replace(world, delay_secs=0)
    yield replace(world, terms=PLAIN_TERMS)
