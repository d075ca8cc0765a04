"""The search in one process: a random pool, then steps towards a rule, then towards profit from what was found.

Each stage climbs one number. A sum of goals is flat where it matters: profit is zero until a theft is complete, and
what leads to it is the distance to a rule.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import NamedTuple

from crossvault.attack.attack_play import AttackPlay, PlayCounts, PlayState
from crossvault.attack.genes import Genes, drawn_genes, mutant
from crossvault.attack.market_draw import drawn_market
from crossvault.attack.moves import drawn_moves

POOL = 60
IDLE_PLAYS, FLAT_PLAYS = 400, 100  # in a row without a better one: from a first step on, and before it
_RECALLED = 0.3  # part of a pool that begins from what other markets found
Score = tuple[float, ...]

GOALS: Mapping[str, Callable[[PlayState], Score]] = {
    "debt": lambda state: (-state.keep,),
    "profit": lambda state: (state.best_wad,),
    "shield": lambda state: (state.shielded, -state.near),
    "sale": lambda state: (state.phase, state.best_wad),
    "lock": lambda state: (state.lock, -state.worth),
}
"""The numbers that a stage climbs, one at a time; a pair counts in its second number where the first is equal."""

_REACHED: Mapping[str, Callable[[PlayState], bool]] = {
    "debt": lambda state: state.keep < 0,
    "profit": lambda state: False,
    "shield": lambda state: state.shielded > 1,
    "sale": lambda state: state.phase > 3,
    "lock": lambda state: False,
}
"""Whether a stage has found what the next one, for profit, begins from."""


class FoundAttack(NamedTuple):
    """The largest reading of an alarm in one circumstance, the market and the genes that lead to it.

    steps: accepted ones after the opening, until it. plays and cpu_secs: spent before it was first read.
    """

    alarm: str
    circumstance: str
    money_wad: int
    market: int
    genes: Genes
    steps: int
    plays: int
    cpu_secs: float

    @property
    def key(self) -> tuple[str, str]:
        """The alarm and the circumstance."""
        return self.alarm, self.circumstance


class AttackSearch:
    """A search from a seed. best: the corpus, of the largest reading of each alarm and circumstance."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"attack {seed}")
        self.counts = PlayCounts()
        self.best: dict[tuple[str, str], FoundAttack] = {}
        self._began = time.process_time()
        self.markets = 0

    def run(self) -> Iterator[list[FoundAttack]]:
        """Searches without end, and yields after each play what it found that is new or larger than before."""
        while True:
            yield from self._market()

    def _market(self) -> Iterator[list[FoundAttack]]:
        """One market: a pool, and a climb from the best of it."""
        random = self._random
        seed = random.randrange(2**48)
        draw = drawn_market(seed)
        play, moves = AttackPlay(draw, self.counts), drawn_moves(draw)
        self.markets += 1
        pool: list[tuple[Genes, dict[str, Score]]] = []
        for _ in range(POOL):
            genes = drawn_genes(random, moves)
            if self.best and random.random() < _RECALLED:
                genes = mutant(random, random.choice(list(self.best.values())).genes, moves)
            state = play.play(genes)
            pool.append((genes, {name: goal(state) for name, goal in GOALS.items()}))
            yield self._noted(seed, genes, state)
        goal = random.choice(list(GOALS))
        genes, scores = max(pool, key=lambda each: each[1][goal])
        reached: list[Genes] = []
        yield from self._climb(play, seed, (genes, scores[goal]), goal, reached)
        if reached:
            state = play.play(reached[0])
            yield from self._climb(play, seed, (reached[0], GOALS["profit"](state)), "profit", [])

    def _climb(
        self, play: AttackPlay, seed: int, start: tuple[Genes, Score], goal: str, reached: list[Genes]
    ) -> Iterator[list[FoundAttack]]:
        """Keeps each mutant that is not worse by a goal, until a number of them in a row is not better.

        reached: gets the last genes where the next stage can begin.
        """
        moves = drawn_moves(play.draw)
        (best, score), idle, patience = start, 0, FLAT_PLAYS
        while idle < patience:
            genes = mutant(self._random, best, moves)
            state = play.play(genes)
            idle += 1
            if (now := GOALS[goal](state)) >= score:
                if now > score:
                    idle, patience = 0, IDLE_PLAYS if _REACHED[goal](state) else FLAT_PLAYS
                best, score = genes, now
                if _REACHED[goal](state):
                    reached[:] = [genes]
            yield self._noted(seed, genes, state)

    def _noted(self, seed: int, genes: Genes, state: PlayState) -> list[FoundAttack]:
        """Takes into the corpus what a play found; returns what is new or larger."""
        found = []
        for key, (money_wad, steps) in state.found.items():
            known = self.best.get(key)
            if known and money_wad <= known.money_wad:
                continue
            spent = (known.plays, known.cpu_secs) if known else (self.counts.plays, self.cpu_secs)
            self.best[key] = FoundAttack(*key, money_wad, seed, genes, steps, *spent)
            found.append(self.best[key])
        return found

    @property
    def cpu_secs(self) -> float:
        """Processor time since the search began."""
        return time.process_time() - self._began
