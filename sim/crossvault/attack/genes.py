"""Genes: moves with numbers that are read relative to the state in which they are played, so that they outlive it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

NUMBERS = 6
DEPOSIT = "deposit"
_SHORTEST, _LONGEST, _MOST = 4, 14, 24


class Gene(NamedTuple):
    """A move, and numbers in [0, 1) for what it leaves open."""

    move: str
    numbers: tuple[float, ...]


Genes = tuple[Gene, ...]


def drawn_genes(random: Random, moves: Sequence[str]) -> Genes:
    """A sequence of genes, of which the first mostly pay in. moves: as often as they are to be drawn."""
    paid = tuple(
        Gene(DEPOSIT, (place, random.random(), *(random.random() for _ in range(NUMBERS - 2))))
        for place in (0.1, 0.5, 0.9)
        if random.random() < 0.6
    )
    return paid + tuple(_gene(random, moves) for _ in range(random.randrange(_SHORTEST, _LONGEST + 1)))


def mutant(random: Random, genes: Genes, moves: Sequence[str]) -> Genes:
    """A sequence near another: one to three changes."""
    found = list(genes)
    for _ in range(random.choice((1, 1, 2, 3))):
        _change(random, found, moves)
    return tuple(found[:_MOST])


def _change(random: Random, found: list[Gene], moves: Sequence[str]) -> None:
    kind = random.random()
    place = random.randrange(len(found) + 1)
    if kind < 0.35 or not found:
        found.insert(place, _gene(random, moves))
        return
    place = min(place, len(found) - 1)
    if kind < 0.5 and len(found) > 1:
        del found[place]
    elif kind < 0.65:
        found[place] = _gene(random, moves)
    elif kind < 0.75:
        other = random.randrange(len(found))
        found[place], found[other] = found[other], found[place]
    elif kind < 0.82:
        found.insert(place, found[place])
    else:
        found[place] = found[place]._replace(numbers=_nudged(random, found[place].numbers))


def _nudged(random: Random, numbers: tuple[float, ...]) -> tuple[float, ...]:
    """One of the numbers drawn anew, or moved a little."""
    place, found = random.randrange(len(numbers)), list(numbers)
    near = found[place] + random.gauss(0, 0.08)
    found[place] = random.random() if random.random() < 0.5 or not 0 <= near < 1 else near
    return tuple(found)


def _gene(random: Random, moves: Sequence[str]) -> Gene:
    return Gene(random.choice(moves), tuple(random.random() for _ in range(NUMBERS)))


def chosen(number: float, choices: Sequence[object]) -> int:
    """The place of a choice by a number in [0, 1)."""
    return min(len(choices) - 1, int(number * len(choices)))
