"""The search in one process: a random pool, then steps towards a rule, then towards profit from what was found.

Each stage climbs one number. A sum of goals is flat where it matters: profit is zero until a theft is complete, and
what leads to it is the distance to a rule.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from crossvault.attack.alarm_reader import PlayState
from crossvault.attack.attack_play import AttackPlay, PlayCounts
from crossvault.attack.genes import Genes, drawn_genes, mutant
from crossvault.attack.market_draw import drawn_market
from crossvault.attack.moves import drawn_moves
from crossvault.attack.played_act import AlarmKey

POOL = 60
IDLE_PLAYS, FLAT_PLAYS = 400, 60  # in a row without a better one: once one was better than the pool, and before
_STAGES = ("debt", "profit", "shield", "sale", "sale", "lock")
MOST_PLAYS = 800  # of a stage
_CLIMBED = 0.4  # part of the markets that are climbed after their pool
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


class NextStage(NamedTuple):
    """The stage that follows another one, and whether a play has what it begins from."""

    goal: str
    is_reached: Callable[[PlayState], bool]


_NEXT: Mapping[str, NextStage] = {
    "debt": NextStage("profit", lambda state: state.keep < 0),
    "shield": NextStage("sale", lambda state: state.shielded > 1),
    "sale": NextStage("profit", lambda state: state.phase > 3),
}


class FoundAttack(NamedTuple):
    """The largest reading of an alarm in one circumstance, the market and the genes that lead to it.

    steps: accepted ones after the opening, until it. plays and cpu_secs: spent before it was first read.
    """

    alarm: str
    circumstance: str
    weakness: str
    money_wad: int
    market: int
    genes: Genes
    steps: int
    plays: int
    cpu_secs: float

    @property
    def key(self) -> AlarmKey:
        """The alarm, the circumstance and the stated weakness."""
        return AlarmKey(self.alarm, self.circumstance, self.weakness)


@dataclass(slots=True)
class GoalClimb:
    """A stage under way: its goal, the best genes and their score, and the last ones from which another may begin.

    is_flat: whether nothing was better than the first.
    """

    goal: str
    best: Genes
    score: Score
    reached: Genes | None = None
    is_flat: bool = True


class AttackSearch:
    """A search from a seed. best: the corpus, of the largest reading of each alarm and circumstance.

    play: the market under way, as its last genes left it.
    """

    play: AttackPlay

    def __init__(self, seed: int) -> None:
        self._random = Random(f"attack {seed}")
        self.counts = PlayCounts()
        self.best: dict[AlarmKey, FoundAttack] = {}
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
        self.play = play
        self.markets += 1
        pool: list[tuple[Genes, dict[str, Score]]] = []
        for _ in range(POOL):
            genes = drawn_genes(random, moves)
            if self.best and random.random() < _RECALLED:
                genes = mutant(random, random.choice(list(self.best.values())).genes, moves)
            state = play.play(genes)
            pool.append((genes, {name: goal(state) for name, goal in GOALS.items()}))
            yield self._noted(seed, genes, state)
        if random.random() > _CLIMBED:
            return
        goal = random.choice(_STAGES)
        genes, scores = max(pool, key=lambda each: each[1][goal])
        climb: GoalClimb | None = GoalClimb(goal, genes, scores[goal])
        while climb:
            yield from self._climb(play, seed, climb)
            climb = self._following(play, climb)

    def _following(self, play: AttackPlay, climb: GoalClimb) -> GoalClimb | None:
        """The climb that begins from what another one reached; None where it reached nothing."""
        if climb.reached is None:
            return None
        goal = _NEXT[climb.goal].goal
        return GoalClimb(goal, climb.reached, GOALS[goal](play.play(climb.reached)))

    def _climb(self, play: AttackPlay, seed: int, climb: GoalClimb) -> Iterator[list[FoundAttack]]:
        """Keeps each mutant that is not worse, until a number of them in a row is not better."""
        moves, following = drawn_moves(play.draw), _NEXT.get(climb.goal)
        idle = plays = 0
        while plays < MOST_PLAYS and idle < (FLAT_PLAYS if climb.is_flat else IDLE_PLAYS):
            genes = mutant(self._random, climb.best, moves)
            state = play.play(genes)
            idle, plays = idle + 1, plays + 1
            if (now := GOALS[climb.goal](state)) >= climb.score:
                if now > climb.score:
                    idle, climb.is_flat = 0, False
                climb.best, climb.score = genes, now
                if following and following.is_reached(state):
                    climb.reached = genes
            yield self._noted(seed, genes, state)

    def _noted(self, seed: int, genes: Genes, state: PlayState) -> list[FoundAttack]:
        """Takes into the corpus what a play found; returns what is new or larger."""
        found = []
        for key, (money_wad, steps, _) in state.found.items():
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
