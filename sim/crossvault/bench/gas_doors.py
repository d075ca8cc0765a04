"""The gas of every door, on both sides with one portfolio: the model has the marks, and is compared at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from crossvault.bench.chain_speed import BenchFailed
from crossvault.bench.gas_chain import LIMIT, ROOM, GasChain
from crossvault.bench.gas_market import (
    ACCOUNTS,
    ALICE,
    AT,
    BOB,
    CAROL,
    DAVE,
    DAY,
    EXPIRIES,
    FAIR,
    GUARD,
    HALF,
    HEARTBEAT,
    LITTLE,
    NOTHING,
    TERMS,
    WORLD,
    forward,
    funding,
    haircuts,
    heartbeat,
    listing,
    portfolio_margin,
    price,
    prints,
    surface,
)
from crossvault.bench.gas_portfolios import GasPortfolio
from crossvault.bench.gas_profile import FunctionGas
from crossvault.differential import doors
from crossvault.differential.attempt import attempts
from crossvault.differential.model import Model
from crossvault.differential.step import CHAIN_ID, EXCHANGE, Step
from crossvault.evm.bindings import ACCEPTED, Call
from crossvault.mirror import market
from crossvault.mirror.account import PORTFOLIO, STANDARD, AccountId
from crossvault.mirror.exchange import Match, Order, Signature
from crossvault.mirror.fixed import WAD

_NEAR = LIMIT * 7 // 10  # below it a door is within the limit: refunds are at most a fifth of the gas
_GRAIN = 10_000
VIEWS: dict[str, tuple[str, dict[str, Any]]] = {
    "metrics (view)": ("metrics", {"account": ALICE}),
    "snapshot (view)": ("snapshot", {"ids": (ALICE,)}),
    "curves (view)": ("curves", {}),
}


ROWS = (
    "trade: opens the last position",
    "trade: raises",
    "trade: lowers",
    "trade: lowers, both sides fail",
    "batch: two trades",
    "batch: two trades, both sides fail",
    "fill: one match",
    "fill: one match, both sides fail",
    "cancel",
    "depositCash",
    "withdrawCash",
    "depositCollateral",
    "depositCollateral: the account fails",
    "withdrawCollateral",
    "setMode: standard",
    "setMode: portfolio",
    "startLiquidation",
    "endLiquidation",
    "bid: a part",
    "bid: with positions at stale prices",
    "declareInsolvent",
    "bid: all of an insolvent account",
    "settle: one account",
    "publishPrice: 8 open expiries",
    "publishPrice: 8 expiries settle",
    "publishForward",
    "publishSurface",
    "metrics (view)",
    "snapshot (view)",
    "curves (view)",
)


class DoorGas(NamedTuple):
    """The gas of a door: as a receipt has it, after refunds; and the limit that it needs.

    least_limit: the least gas limit of a transaction with which it goes through, rounded up to 10,000; none where it
    is far within the limit, and of views. is_within: whether it goes through at the limit of a transaction; views have
    no limit.
    """

    gas: int
    least_limit: int | None
    is_within: bool


class DoorMeasurement:
    """Both sides with one portfolio, and the gas of each door by row; the steps that were played."""

    def __init__(self, chain: GasChain, portfolio: GasPortfolio, scenarios: int, traced: str = "") -> None:
        """traced: the row whose first call is profiled."""
        self.chain, self.portfolio, self.scenarios = chain, portfolio, scenarios
        self.gas: dict[str, DoorGas] = {}
        self.profile: list[FunctionGas] = []
        self._traced = traced
        self.model = Model(WORLD)
        self.steps: list[Step] = []

    def play(self, steps: Iterable[Step]) -> list[int]:
        """Plays steps on both sides; returns the gas of each. Raises BenchFailed where one is refused."""
        given = list(steps)
        for step in given:
            if refusal := self.model.execute(step)[0]:
                raise BenchFailed(f"{step}: {refusal!r}")
        self.steps += given
        return self.chain.mine(given)

    def measure(self, row: str, step: Step) -> None:
        """Plays a step and records its gas, the most of a row."""
        found = self._found(row, step.at, self.chain.transaction(step))
        [used] = self.play([step])
        if used != found.gas:
            raise BenchFailed(f"{step} took {used} gas, and {found.gas} where it was simulated")
        if row not in self.gas or found.gas > self.gas[row].gas:
            self.gas[row] = found

    def _found(self, row: str, at: int, call: Call) -> DoorGas:
        if row == self._traced and not self.profile:
            self.profile = self.chain.profile(at, call)
        answer = self.chain.answer(at, call)
        if answer["status"] != ACCEPTED:
            raise BenchFailed(f"{row} was refused: {answer}")
        gas = int(answer["gasUsed"], 16)
        return DoorGas(gas, None, True) if gas < _NEAR or row in VIEWS else self._near(at, call, gas)

    def _near(self, at: int, call: Call, gas: int) -> DoorGas:
        """The gas of a door, with the least limit of a transaction with which it goes through."""
        low, high = gas // _GRAIN - 1, gas * 27 // 25 // _GRAIN
        while not self.chain.is_enough(at, call, high * _GRAIN):
            low, high = high, high * 5 // 4
        while high - low > 1:
            middle = (low + high) // 2
            if self.chain.is_enough(at, call, middle * _GRAIN):
                high = middle
            else:
                low = middle
        return DoorGas(gas, high * _GRAIN, self.chain.is_enough(at, call, LIMIT))

    def build(self) -> None:
        """Builds the market and the portfolio, but for its last position, and sets its margin mode."""
        self.play(listing())
        self.play(funding())
        *first, _ = self._sizes()
        for instrument, size in first:
            self.play([self._trade(AT, instrument, size)])
        if self.portfolio.mode == PORTFOLIO:
            self.play(portfolio_margin(self.scenarios))

    def measure_all(self) -> None:
        """Measures every door that moves money or prices, in an order in which none is refused."""
        self.measure("trade: opens the last position", self._trade(AT, *self._sizes()[-1]))
        self.play(prints(AT + 60, 101))
        for row, view in VIEWS.items():
            self.gas[row] = self._found(row, AT + 90, self.chain.view(*view))
        self._trades(AT + 120)
        self._money(AT + 130)
        self._prices(AT + 180)
        self._failing(AT + 240)
        self._auction(AT + 300)
        self._settlement(EXPIRIES[-1] + 1)

    def measure_sale(self) -> None:
        """Measures the doors of liquidation and settlement alone."""
        self.measure("trade: opens the last position", self._trade(AT, *self._sizes()[-1]))
        self.play(prints(AT + 60, 101))
        self._auction(AT + 300)
        self._settlement(EXPIRIES[-1] + 1)

    def _sizes(self) -> list[tuple[int, int]]:
        """Instruments with the size that the taker buys: long and short in turn, so that both sides have shorts."""
        held = enumerate(self.portfolio.instruments)
        return [(instrument, WAD if place % 4 < 2 else -WAD) for place, instrument in held]

    def _trade(self, at: int, instrument: int, size: int) -> Step:
        return doors.trade(
            at, "broker", maker=BOB, taker=ALICE, instrument=instrument, size=size, price_wad=self._mark(at, instrument)
        )

    def _mark(self, at: int, instrument: int) -> int:
        mark_wad, _ = self.model.vault.quotation(instrument, now=at)
        return max(mark_wad, 1)

    def _trades(self, at: int) -> None:
        instrument, size = self._sizes()[-1]
        self.measure("trade: raises", self._trade(at, instrument, size // 2))
        self.measure("trade: lowers", self._trade(at, instrument, -size // 2))
        first = self.portfolio.instruments[0]
        self.measure("batch: two trades", self._batch(at + 1, [(first, WAD // 100), (instrument, WAD // 100)]))
        self.measure("fill: one match", self._fill(at + 2, instrument, -size // 4))
        order = self.steps[-1].args["matches"][0].maker
        self.measure("cancel", doors.cancel(at + 3, "bob", order=order))

    def _batch(self, at: int, trades: Iterable[tuple[int, int]]) -> Step:
        calls = tuple(doors.call_of(self._trade(at, *each)) for each in trades)
        return doors.batch(at, "broker", calls=calls)

    def _fill(self, at: int, instrument: int, size: int) -> Step:
        """Two signed orders that meet at the mark, each filled by half; size: that the taker buys."""
        mark_wad = self._mark(at, instrument)
        maker = Order(BOB, instrument, -2 * size, mark_wad, at + DAY, 2 * at)
        taker = Order(ALICE, instrument, 2 * size, mark_wad, at + DAY, 2 * at + 1)
        bob, alice = (Signature(each.account.owner, each, CHAIN_ID, EXCHANGE) for each in (maker, taker))
        return doors.fill(at, "relayer", matches=(Match(maker, bob, taker, alice, abs(size)),))

    def _money(self, at: int) -> None:
        alice: dict[str, AccountId] = {"account": ALICE}
        self.measure("depositCash", doors.deposit_cash(at, "alice", **alice, amount_raw=1))
        self.measure("withdrawCash", doors.withdraw_cash(at + 1, "alice", **alice, amount_raw=1, to="alice"))
        deposit = doors.deposit_collateral(at + 2, "alice", **alice, collateral=7, amount_raw=10**18)
        self.measure("depositCollateral", deposit)
        withdrawal = doors.withdraw_collateral(at + 3, "alice", **alice, collateral=7, amount_raw=1, to="alice")
        self.measure("withdrawCollateral", withdrawal)
        if self.portfolio.mode == PORTFOLIO:
            for mode, name in ((STANDARD, "standard"), (PORTFOLIO, "portfolio")):
                self.measure(f"setMode: {name}", doors.set_mode(at + 4, "alice", **alice, mode=mode))

    def _prices(self, at: int) -> None:
        self.measure("publishPrice: 8 open expiries", price(at, 0, 101))
        self.measure("publishForward", forward(at, 0, EXPIRIES[0]))
        self.measure("publishSurface", surface(at, 0, EXPIRIES[0]))

    def _failing(self, at: int) -> None:
        """Both sides fail at higher haircuts, and may only do what does not lower their margin."""
        self.play(haircuts(at, HALF if self.portfolio.mode == PORTFOLIO else LITTLE))
        made: dict[str, Callable[[int, int], Step]] = {
            "trade: lowers, both sides fail": lambda *each: self._trade(at, *each),
            "batch: two trades, both sides fail": lambda *each: self._batch(at, [each, each]),
            "fill: one match, both sides fail": lambda *each: self._fill(at, *each),
        }
        for row, lowered in made.items():
            self.measure(row, self._accepted(lowered))
        deposit = doors.deposit_collateral(at + 1, "alice", account=ALICE, collateral=7, amount_raw=10**18)
        self.measure("depositCollateral: the account fails", deposit)
        self.play(haircuts(at + 2, FAIR))

    def _accepted(self, lowered: Callable[[int, int], Step]) -> Step:
        """The first step that lowers a position by an eighth and is accepted. Raises BenchFailed where none is."""
        for instrument, size in reversed(self._sizes()):
            step = lowered(instrument, -size // 8)
            if self.chain.is_enough(step.at, self.chain.transaction(step), ROOM):
                return step
        raise BenchFailed("all that lowers a position is refused while both sides fail")

    def _auction(self, at: int) -> None:
        """Alice's account fails at haircuts of 100 % and recovers when they are lowered."""
        turns: tuple[tuple[Any, str, Callable[..., Step]], ...] = (
            (NOTHING, "startLiquidation", doors.start_liquidation),
            (FAIR, "endLiquidation", doors.end_liquidation),
            (NOTHING, "startLiquidation", doors.start_liquidation),
        )
        for terms, row, turn in turns:
            self.play(haircuts(at, terms))
            self.measure(row, turn(at, "x", account=ALICE))
        self.measure("bid: a part", _bid(at + 60, WAD // 10))
        self.play(heartbeat(at + 61, 0, 60))
        self.measure("bid: with positions at stale prices", _bid(at + 62, WAD // 10, DAVE))
        self.play(heartbeat(at + 63, 0, HEARTBEAT))
        later = at + GUARD.confirm_secs + TERMS.fast_secs + TERMS.slow_secs
        self.play(self._ruin(later))
        self.measure("declareInsolvent", doors.declare_insolvent(later, "x", account=ALICE))
        self.measure("bid: all of an insolvent account", _bid(later + 60, WAD))
        self.play([*prints(later + 61, 101), *prints(later + 61 + GUARD.confirm_secs, 101)])

    def _ruin(self, at: int) -> list[Step]:
        """Prints at which Alice's account, less its reserved cash, is worth nothing. Raises BenchFailed for none.

        Each is printed twice, for the guard: the second time confirms the first.
        """
        for percent in range(98, 0, -2):
            twice = [*prints(at - GUARD.confirm_secs, percent), *prints(at, percent)]
            with attempts(self.model) as attempt:
                if not any(map(attempt, twice)) and self.model.vault.auction_state(ALICE, now=at).value_wad <= 0:
                    return twice
        raise BenchFailed("at no price is the account worth nothing")

    def _settlement(self, at: int) -> None:
        first, *others = prints(at, 101)
        self.measure("publishPrice: 8 expiries settle", first)
        self.play(others)
        held = self.portfolio.instruments
        for underlying, expiry in dict.fromkeys((market.underlying_of(each), market.expiry_of(each)) for each in held):
            if expiry:
                settled = doors.settle(at, "x", underlying=underlying, expiry=expiry, accounts=(BOB,))
                self.measure("settle: one account", settled)

    def differences(self) -> list[str]:
        """The accounts and shared state in which the two sides differ, after all steps."""
        at = self.steps[-1].at
        pairs = [
            ("state", self.model.snapshot(ACCOUNTS), self.chain.snapshot(ACCOUNTS)),
            ("curves", self.model.vault.curves(), self.chain.curves()),
            ("metrics", self.model.metrics(ACCOUNTS, at), self.chain.metrics(ACCOUNTS, at)),
        ]
        return [f"{name}: the model has {ours}, the chain {theirs}" for name, ours, theirs in pairs if ours != theirs]


def _bid(at: int, fraction_wad: int, bidder: AccountId = CAROL) -> Step:
    return doors.bid(at, bidder.owner, account=ALICE, bidder=bidder, fraction_wad=fraction_wad, limit_wad=2**200)
