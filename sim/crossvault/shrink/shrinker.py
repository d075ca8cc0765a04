"""A failing sequence of steps -> the smallest that still fails in the same way: calls, accounts, values, time, world.

Candidates are played on the model first, which answers most of them, then in process. No candidate is played twice, and
what two of them begin with is not played again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import permutations
from pathlib import Path

from crossvault.differential.model import Model
from crossvault.differential.step import EXCHANGE, VAULT, Outcome, Step, World, named
from crossvault.lockstep.run import Diverged
from crossvault.mirror import fixed
from crossvault.mirror.account import AccountId
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.shrink.removal import Steps, as_perps, fewer, merged, sliced, smaller
from crossvault.shrink.replay import NEAR_THE_END, Divergence, RewindableSide, ShrinkTrial, likeness
from crossvault.shrink.rewrite import leaves, people, renamed, renumbered, with_accounts
from crossvault.shrink.simplification import simpler
from crossvault.shrink.timing import sooner

Open = Callable[[World], RewindableSide]

_PEOPLE = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")


class Agrees(Exception):
    """The steps do not diverge: there is nothing to shrink."""


class _TimeUp(Exception):
    """The time for shrinking is over."""


@dataclass(frozen=True, slots=True)
class ShrinkResult:
    """What is left of a finding. finished: nothing smaller was left to try; tries and played: candidates, steps."""

    world: World
    steps: tuple[Step, ...]
    outcomes: tuple[Outcome, ...]
    finding: Divergence
    underlyings: tuple[str, ...]
    collaterals: tuple[str, ...]
    finished: bool
    interrupted: bool
    tries: int
    played: int
    seconds: float

    @property
    def accounts(self) -> tuple[AccountId, ...]:
        """The accounts that the steps name."""
        return named(self.steps)


def shrink(
    world: World,
    steps: Sequence[Step],
    contracts: Path | None = None,
    seconds: float = 30.0,
    failure: Diverged | None = None,
    opened: Open | None = None,
    tick: Callable[[int], None] = lambda steps: None,
) -> ShrinkResult:
    """The smallest story of a divergence. Raises Agrees when the steps do not diverge.

    failure: what was found, where that is known (it saves playing everything once more); opened: how to open a side;
    tick: called with the count of steps that were taken out so far.
    Ctrl-C ends it early: the result is what was found until then.
    """
    shrinker = Shrinker(world, steps, opened or _local(contracts), seconds, failure)
    shrinker.tick = tick
    try:
        shrinker.run()
    finally:
        shrinker.close()
    return shrinker.result()


def _local(contracts: Path | None) -> Open:
    from crossvault.evm.compiler import compile_contracts
    from crossvault.evm.inprocess import InProcessChain

    build = compile_contracts(contracts)
    return lambda world: InProcessChain(world, build)


class Shrinker:
    """The best so far, and the passes that make it smaller."""

    def __init__(
        self, world: World, steps: Sequence[Step], opened: Open, seconds: float, failure: Diverged | None
    ) -> None:
        self._began = time.perf_counter()
        self._ends = self._began + seconds
        self._open = opened
        self._trial = ShrinkTrial(world, opened(world))
        self._salt = b""  # what was tried in one world says nothing about another
        self._tried: dict[bytes, Divergence | None] = {}
        self._digests: dict[int, tuple[Step, bytes]] = {}
        self._first = list(steps[: failure.number] if failure else steps)
        self._failure = failure
        self.best: Steps = []
        self.tick: Callable[[int], None] = lambda steps: None
        self._finding: Divergence | None = None
        self.tries = self._played = 0
        self._finished = self._interrupted = False

    def run(self) -> None:
        """Shrinks until nothing helps, the time is over or someone interrupts. Raises Agrees."""
        try:
            self._begin()
            for _ in range(8):
                before = self._state()
                self._pass()
                if self._state() == before:
                    self._finished = True
                    return
        except _TimeUp:
            pass
        except KeyboardInterrupt:
            self._interrupted = True
        if self._finding is None:
            raise Agrees("interrupted, or out of time, before the divergence was seen again")

    def result(self) -> ShrinkResult:
        """What was found until now."""
        assert self._finding is not None
        world = self._trial.world
        outcomes = Model(world).play(self.best)  # an interrupt may have left the model of the trial anywhere
        listed = [
            (step.action, step.args) for step, outcome in zip(self.best, outcomes, strict=True) if not outcome.refusal
        ]
        return ShrinkResult(
            world=world,
            steps=tuple(self.best),
            outcomes=tuple(outcomes),
            finding=self._finding,
            underlyings=tuple(args["name"] for action, args in listed if action == "list_underlying"),
            collaterals=tuple(args["token"] for action, args in listed if action == "list_collateral"),
            finished=self._finished,
            interrupted=self._interrupted,
            tries=self.tries,
            played=self._played + self._trial.played,
            seconds=time.perf_counter() - self._began,
        )

    def close(self) -> None:
        """Frees the side."""
        self._trial.side.close()

    def attempt(self, steps: Sequence[Step]) -> Steps | None:
        """The steps up to the one that fails, when they fail as wanted, and then they are the best so far."""
        if time.perf_counter() > self._ends:
            raise _TimeUp
        key = self._key(steps)
        if self._finding is not None and key == self._key(self.best):
            return None
        if key not in self._tried:
            self.tries += 1
            self._tried[key] = self._trial.find(steps)
        finding = self._tried[key]
        if finding is None:
            return None
        return self._keep(steps, finding)

    def _begin(self) -> None:
        """Sees the divergence: all of the steps when it is not known yet, else what they are sliced to."""
        steps = self._first
        if self._failure is not None:
            outcome = self._trial.outcomes(steps)[-1]
            self._trial.wanted = likeness(steps[-1], outcome, self._failure.found)
            if self._trial.wanted.is_told:
                steps = self._first_told(steps)
        else:
            finding = self._trial.find(steps)
            if finding is None:
                raise Agrees("the steps do not diverge: there is nothing to shrink")
            self._trial.wanted = finding.likeness
            steps = self._keep(steps, finding)
        sliced(steps, self._trial.outcomes(steps), self.attempt)
        if self._finding is None and self.attempt(steps) is None:
            raise Agrees("the steps do not diverge in the way that was asked for")

    def _first_told(self, steps: Steps) -> Steps:
        """The steps up to where what accounts are told differs first, which the hunt noticed a few steps later."""
        wanted, self._trial.wanted = self._trial.wanted, None
        finding = self._trial.find(steps, told_from=max(0, len(steps) - NEAR_THE_END))
        self._trial.wanted = finding.likeness if finding else wanted
        return self._keep(steps, finding) if finding else steps

    def _keep(self, steps: Sequence[Step], finding: Divergence) -> Steps:
        self.best, self._finding = list(steps[: finding.place + 1]), finding
        self.tick(len(self._first) - len(self.best))
        return self.best

    def _cut(self) -> None:
        """Ends the steps where the sides differ first, were it in what accounts are told."""
        finding = self._trial.find(self.best, told_from=0)
        if finding:
            self._keep(self.best, finding)

    def _pass(self) -> None:
        """Every way to make it smaller, once."""
        self._cut()
        fewer(self.best, self.attempt)
        smaller(self.best, self.attempt)
        as_perps(self.best, self.attempt)
        for kind in ("collateral", "underlying"):
            merged(self.best, kind, self.attempt, renumbered)
        self._merge_accounts()
        self._merge_people()
        self._simplify_world()
        fewer(self.best, self.attempt)
        sooner(self.best, self._trial.world.starts_at, self.attempt)
        simpler(self.best, self.attempt)
        self._rename()

    def _merge_accounts(self) -> None:
        """One account in the place of two, wherever the story allows it."""
        for old, new in permutations(reversed(named(self.best)), 2):
            if old in named(self.best) and new in named(self.best):
                self.attempt(with_accounts(self.best, {old: new}))
        for account in named(self.best):
            if account.number:
                self.attempt(with_accounts(self.best, {account: AccountId(account.owner)}))

    def _merge_people(self) -> None:
        """One person in the place of two, with two accounts if it must be; the owner of the vault is one of them."""
        world = self._trial.world
        signers = {spec.name: spec.signer for spec in world.wallets}
        tokens = {VAULT, EXCHANGE, *(spec.name for spec in world.tokens)}
        for old, new in permutations(people(self.best), 2):
            known = people(self.best)
            if old in known and new in known and old != world.owner and not {old, new} & tokens and new not in signers:
                both = {old: new} | ({signers[old]: new} if old in signers else {})
                self.attempt(renamed(self.best, both)) or self.attempt(renamed(self._moved(old, new), both))

    def _moved(self, old: str, new: str) -> Steps:
        """The steps with the accounts of one person as further accounts of another."""
        accounts = named(self.best)
        first = 1 + max((each.number for each in accounts if each.owner == new), default=-1)
        theirs = [each for each in accounts if each.owner == old]
        moved = {each: AccountId(new, first + place) for place, each in enumerate(theirs)}
        return with_accounts(self.best, moved)

    def _simplify_world(self) -> None:
        """No tokens, wallets or waiting that the story does without."""
        if not self._try_world(_plainest(self._trial.world, self.best)):
            for world in _plainer(self._trial.world, self.best):
                self._try_world(world)

    def _try_world(self, world: World) -> bool:
        """Takes the steps to another world, if they fail there, too."""
        if world == self._trial.world:
            return True
        trial = ShrinkTrial(world, self._open(world), self._trial.wanted)
        finding = trial.find(self.best)
        self.tries += 1
        if finding is None:
            self._played += trial.played
            trial.side.close()
            return False
        self._played += self._trial.played
        self._trial.side.close()
        self._trial, self._salt = trial, repr(world).encode()
        self._keep(self.best, finding)
        return True

    def _rename(self) -> None:
        """People of a story have names."""
        owners = [each for each in people(self.best) if any(each == account.owner for account in named(self.best))]
        owners = [each for each in owners if each != self._trial.world.owner]
        taken = {*people(self.best), self._trial.world.owner} - set(owners)
        fresh = [name for name in _PEOPLE if name not in taken]
        wallets = {spec.name for spec in self._trial.world.wallets}
        names = dict(zip(owners, fresh, strict=False))
        if names and not wallets & set(owners) and any(old != new for old, new in names.items()):
            self.attempt(renamed(self.best, names))

    def _state(self) -> tuple[World, bytes]:
        return self._trial.world, self._key(self.best)

    def _key(self, steps: Sequence[Step]) -> bytes:
        return b"".join((self._salt, *map(self._digest, steps)))

    def _digest(self, step: Step) -> bytes:
        known = self._digests.get(id(step))
        if known is None:  # the step is kept: its id is not given to another one
            known = self._digests[id(step)] = step, blake2b(repr(step).encode(), digest_size=12).digest()
        return known[1]


def _plainest(world: World, steps: Sequence[Step]) -> World:
    """The world with all that the steps seem to do without taken away."""
    for plainer in _plainer(world, steps):
        world = replace(
            plainer,
            tokens=tuple(each for each in world.tokens if each in plainer.tokens),
            wallets=tuple(each for each in world.wallets if each in plainer.wallets),
            delay_secs=min(world.delay_secs, plainer.delay_secs),
            terms=plainer.terms if plainer.terms != world.terms else world.terms,
        )
    return world


def _plainer(world: World, steps: Sequence[Step]) -> Iterator[World]:
    """Worlds that lack one thing."""
    texts = {value for step in steps for _, value in leaves(step) if isinstance(value, str)}
    texts |= {step.sender for step in steps} | {account.owner for account in named(steps)}
    yield replace(world, tokens=tuple(spec for spec in world.tokens if spec.name in texts | {world.quote}))
    yield replace(world, wallets=tuple(spec for spec in world.wallets if spec.name in texts))
    yield replace(world, delay_secs=0)
    yield replace(world, terms=AuctionTerms(0, fixed.WAD, fixed.WAD, 1, 1, 1))
