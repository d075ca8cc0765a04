"""Random streams of a walk: each move of each step draws from a stream of its own, which (seed, step, move) determines.

A new kind of move changes no draw of the others: it only takes the steps at which it wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from math import log
from random import Random

DRAWS = 3  # version of how walks draw, part of the identity of a walk


class RandomStreams:
    """The streams of one seed; `_random` is the stream of the move at hand."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = self._stream("world")

    def _draw(self, *key: object) -> None:
        """Makes the stream of a step and a move (or of a part of the set-up) the one that draws."""
        self._random = self._stream(*key)

    def _stream(self, *key: object) -> Random:
        return Random(_digest(self._seed, *key))

    def _race(self, weights: Mapping[str, int], *key: object) -> str:
        """Returns one of the names, each as likely as its weight.

        Each name draws an arrival time at the rate of its weight, and the first one wins: a further name leaves the
        arrival times of the others as they are.
        """
        return min(weights, key=lambda name: -log((_digest(self._seed, *key, name) + 1) * 2.0**-64) / weights[name])


def _digest(*key: object) -> int:
    return int.from_bytes(blake2b(repr(key).encode(), digest_size=8).digest())
