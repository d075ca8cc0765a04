"""Hypothesis' stateful engine on our contracts: rules as a careful user would write them, against the same model.

It is given the set-up of a walk for nothing, and both sides go back to its end before each example. The rules draw from
the state of the model what a call needs to be accepted (what is free, what is held, what can be priced), as ours do.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import NamedTuple

import hypothesis
from hypothesis import HealthCheck, Phase, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from crossvault.bench.planted import digits
from crossvault.differential import doors
from crossvault.differential.feeder import Feeder
from crossvault.differential.full_undo_log import FullUndoLog
from crossvault.differential.model import Model
from crossvault.differential.step import Step
from crossvault.evm.artifacts import Build
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.inprocess_run import InProcessRun
from crossvault.lockstep.run import Diverged
from crossvault.mirror import account as accounts, market
from crossvault.mirror.account import PORTFOLIO, STANDARD, AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.walks.base import BROKER, COLLATERALS, FEEDER, STRANGER, USUAL_PRICES, WAD
from crossvault.walks.random_walk import Walk
from crossvault.walks.variety import WalkParameters

OWNERS = 3
EXAMPLE_STEPS = 50  # Hypothesis' own default
UNBOUNDED = 2**255 - 1

_PEOPLE = strategies.integers(0, OWNERS)
_PERCENT = strategies.integers(0, 100)
_SHARE = strategies.integers(0, WAD)
_NUDGE = strategies.integers(-1, 1)
_CASH = strategies.integers(1, 10**11)
_SIDE = strategies.sampled_from((1, -1))
_MARKET = strategies.integers(0, 1)


class SearchTimeUp(BaseException):
    """The time is over. Not an Exception: Hypothesis would treat that as a failure of the machine."""


class SearchResult(NamedTuple):
    """Result of a search: seconds of the processor; calls: without the set-up; digits: of the longest value."""

    found: bool
    first_secs: float
    secs: float
    finished: bool
    calls: int
    digits: int
    field: str
    played: int


class SearchTrial:
    """Both sides after the set-up, to which they reset; the played steps and the best failure."""

    def __init__(self, build: Build, seconds: float) -> None:
        """seconds: of the processor, from here on."""
        self.began = time.process_time()
        self.walk = Walk(0, 0, variety=WalkParameters(OWNERS))
        story = self.walk.story()
        self._memory = FullUndoLog()
        self.model, self.side = Model(story.world, self._memory), InProcessChain(story.world, build)
        for step in story.steps(self.model):
            self.model.apply(step)
            self.side.apply(step)
            self.at = step.at
        self._marks = len(self._memory.kept), self.side.mark()
        self._ends = self.began + seconds
        self.played, self.is_over = 0, False
        self.first_secs = 0.0
        self.best: list[Step] = []
        self.failure: Diverged | None = None

    def fresh(self) -> InProcessRun:
        """Resets both sides to the state after the set-up."""
        self._memory.back(self._marks[0])
        self.side.back(self._marks[1])
        return InProcessRun(self.model, self.side)

    def play(self, run: InProcessRun, steps: list[Step]) -> None:
        """Plays the last step on both sides. Raises Diverged, SearchTimeUp."""
        if time.process_time() > self._ends:
            self.is_over = True
            raise SearchTimeUp
        self.played += 1
        try:
            run.apply(steps[-1])
        except Diverged as diverged:
            self.first_secs = self.first_secs or time.process_time() - self.began
            if not self.best or len(steps) <= len(self.best):
                self.best, self.failure = list(steps), diverged
            raise


class DoorRules(RuleBasedStateMachine):
    """The doors of the vault, with arguments in the ranges of our walks."""

    trial: SearchTrial

    def __init__(self) -> None:
        super().__init__()
        self.run, self.at = self.trial.fresh(), self.trial.at
        self.model, self.steps = self.trial.model, list[Step]()
        self.accounts = self.trial.walk.accounts
        self.buyers = self.trial.walk.buyers

    def _play(self, step: Step) -> None:
        self.steps.append(step)
        self.trial.play(self.run, self.steps)

    def _free(self, account: AccountId) -> int:
        [metrics] = self.model.metrics([account], self.at)
        return metrics.free_collateral_wad

    def _for_sale(self) -> list[AccountId]:
        return [each for each in self.accounts if self.model.vault.ledger.sales[each].started_at]

    @rule(who=_PEOPLE, amount=_CASH)
    def deposit_cash(self, who: int, amount: int) -> None:
        account = self.accounts[who]
        self._play(doors.deposit_cash(self.at, account.owner, account=account, amount_raw=amount))

    @rule(who=_PEOPLE, percent=_PERCENT, nudge=_NUDGE)
    def withdraw_cash(self, who: int, percent: int, nudge: int) -> None:
        account = self.accounts[who]
        amount = max(0, self._free(account) // 10**12 * percent // 100 + nudge)
        self._play(doors.withdraw_cash(self.at, account.owner, account=account, amount_raw=amount, to=account.owner))

    @rule(who=_PEOPLE, kind=strategies.integers(0, len(COLLATERALS) - 1), amount=strategies.integers(1, 10**20))
    def deposit_collateral(self, who: int, kind: int, amount: int) -> None:
        account = self.accounts[who]
        self._play(
            doors.deposit_collateral(self.at, account.owner, account=account, collateral=kind, amount_raw=amount)
        )

    @rule(who=_PEOPLE, kind=strategies.integers(0, len(COLLATERALS) - 1), percent=_PERCENT)
    def withdraw_collateral(self, who: int, kind: int, percent: int) -> None:
        account = self.accounts[who]
        amount = self.model.vault.ledger.holders[account].balances[kind] * percent // 100
        to = account.owner
        self._play(doors.withdraw_collateral(self.at, to, account=account, collateral=kind, amount_raw=amount, to=to))

    @rule(maker=_PEOPLE, taker=_PEOPLE, underlying=_MARKET, share=_SHARE, side=_SIDE, percent=_PERCENT)
    def trade_perp(self, maker: int, taker: int, underlying: int, share: int, side: int, percent: int) -> None:
        self._trade(maker, taker, market.perp(underlying), side * share, percent)

    @rule(
        maker=_PEOPLE, taker=_PEOPLE, term=strategies.integers(0, 5), call=strategies.booleans(),
        strike=strategies.integers(5, 15), share=_SHARE, side=_SIDE, percent=_PERCENT,
    )  # fmt: skip
    def trade_option(
        self, maker: int, taker: int, term: int, call: bool, strike: int, share: int, side: int, percent: int
    ) -> None:
        known = [(u, expiry) for u in (0, 1) for expiry in self.model.vault.ledger.expiries[u]]
        if known:
            underlying, expiry = known[term % len(known)]
            kind = market.CALL if call else market.PUT
            wad = USUAL_PRICES[underlying] // 10 * strike
            self._trade(maker, taker, market.instrument_of(underlying, kind, expiry, wad), side * share, percent)

    @rule(maker=_PEOPLE, taker=_PEOPLE, which=strategies.integers(0, 3), percent=strategies.integers(1, 200))
    def close(self, maker: int, taker: int, which: int, percent: int) -> None:
        """Closes a part of the taker's position, all of it, or more."""
        holder = self.model.vault.ledger.holders[self.accounts[taker]]
        if accounts.instruments(holder):
            instrument = accounts.instruments(holder)[which % len(accounts.instruments(holder))]
            size = accounts.entry(holder, instrument).size
            self._deal(maker, taker, instrument, -size * percent // 100, 50)

    def _trade(self, maker: int, taker: int, instrument: int, share: int, percent: int) -> None:
        """Trades a size of up to ten times the smaller free collateral of the two."""
        free = min(self._free(self.accounts[maker]), self._free(self.accounts[taker]))
        index = self.model.vault.ledger.prices[market.underlying_of(instrument)].index
        self._deal(maker, taker, instrument, 10 * free * share // max(1, index), percent)

    def _deal(self, maker: int, taker: int, instrument: int, size: int, percent: int) -> None:
        try:
            mark, band = self.model.vault.quotation(instrument, now=self.at)
        except Refusal:
            return
        low = max(1, mark - band)
        self._play(doors.trade(
            self.at, BROKER, maker=self.accounts[maker], taker=self.accounts[taker], instrument=instrument, size=size,
            price_wad=low + (mark + band - low) * percent // 100,
        ))  # fmt: skip

    @rule(underlying=strategies.integers(0, 2), percent=strategies.integers(-40, 60), odd=strategies.integers(0, 10**6))
    def move_price(self, underlying: int, percent: int, odd: int) -> None:
        index = self.model.vault.ledger.prices[underlying].index
        self._print(underlying, max(1, index * (100 + percent) // 100 + odd))

    def _print(self, underlying: int, index: int) -> None:
        self._play(Feeder(FEEDER).price(self.at, underlying, index))

    @rule(secs=strategies.integers(1, 7_200), printed=strategies.booleans())
    def wait(self, secs: int, printed: bool) -> None:
        """Advances time; mostly republishes the same prices, which would be stale otherwise."""
        self.at += secs
        if printed:
            for underlying in (0, 1, 2):
                self._print(underlying, self.model.vault.ledger.prices[underlying].index)

    @rule(who=_PEOPLE, portfolio=strategies.booleans())
    def set_mode(self, who: int, portfolio: bool) -> None:
        account = self.accounts[who]
        self._play(doors.set_mode(self.at, account.owner, account=account, mode=PORTFOLIO if portfolio else STANDARD))

    @rule(who=_PEOPLE)
    def start_liquidation(self, who: int) -> None:
        self._play(doors.start_liquidation(self.at, STRANGER, account=self.accounts[who]))

    @precondition(lambda self: self._for_sale())
    @rule(which=_PEOPLE, buyer=_MARKET, fraction=strategies.integers(1, 10))
    def bid(self, which: int, buyer: int, fraction: int) -> None:
        account, bidder = self._for_sale()[which % len(self._for_sale())], self.buyers[buyer]
        self._play(doors.bid(
            self.at, bidder.owner, account=account, bidder=bidder, fraction_wad=fraction * WAD // 10,
            limit_wad=UNBOUNDED,
        ))  # fmt: skip

    @precondition(lambda self: self._for_sale())
    @rule(which=_PEOPLE, declared=strategies.booleans())
    def end(self, which: int, declared: bool) -> None:
        account = self._for_sale()[which % len(self._for_sale())]
        end = doors.declare_insolvent if declared else doors.end_liquidation
        self._play(end(self.at, STRANGER, account=account))

    @rule(who=_PEOPLE, amount=_CASH)
    def fund_insurance(self, who: int, amount: int) -> None:
        self._play(doors.fund_insurance(self.at, self.accounts[who].owner, amount_raw=amount))


def search(build: Build, seconds: float, seed: int = 0) -> SearchResult:
    """Runs Hypothesis on contracts for some processor seconds."""
    trial = SearchTrial(build, seconds)
    machine: type[DoorRules] = hypothesis.seed(seed)(type("Machine", (DoorRules,), {"trial": trial}))
    chosen = settings(
        max_examples=10**6,
        stateful_step_count=EXAMPLE_STEPS,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    with suppress(SearchTimeUp, Diverged, hypothesis.errors.Flaky):  # the trial has the findings
        run_state_machine_as_test(machine, settings=chosen)
    secs = time.process_time() - trial.began
    field = trial.failure.found[0].field if trial.failure else ""
    return SearchResult(
        bool(trial.best),
        trial.first_secs,
        secs,
        not trial.is_over,
        len(trial.best),
        digits(trial.best),
        field,
        trial.played,
    )
