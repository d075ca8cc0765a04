"""Steps that check an answer on any side: at the answer the vault does one thing, and at its neighbour another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from crossvault.differential import doors
from crossvault.differential.feeder import Feeder
from crossvault.differential.step import Step
from crossvault.mirror import market
from crossvault.mirror.account_errors import InsufficientMargin
from crossvault.mirror.liquidation_errors import NotLiquidatable
from crossvault.mirror.refusal import Refusal
from crossvault.portfolio.margin_questions import MethodAnswers
from crossvault.portfolio.solver import Change, MarginCase
from crossvault.portfolio.solver_prices import CashUntil, LiquidationBuffer, at_price, at_shock
from crossvault.portfolio.solver_trades import SolvedTrade
from crossvault.portfolio.vault_setup import CROSS, FEEDER, MAKER, OWNER

_FLOAT_RAW = 2**95  # of the maker, which takes the other side of every trade


class AnswerProbe(NamedTuple):
    """Steps whose last one is refused so, or accepted; they follow the set-up, and their state is not kept."""

    about: str
    steps: tuple[Step, ...]
    refusal: Refusal | None


class AccountSteps(NamedTuple):
    """The steps of a case: publishing moved prices, liquidating, depositing, trading."""

    case: MarginCase
    quote: str

    def liquidation(self, about: str, prices: Change, is_accepted: bool, cash_raw: int = 0) -> AnswerProbe:
        """Starts a liquidation at moved prices, after a deposit; it is refused with the buffer, or accepted."""
        account, at = self.case.account, self.case.at
        start = doors.start_liquidation(at, MAKER.owner, account=account)
        buffer_wad = LiquidationBuffer(self.case, cash_raw).least(prices)
        refusal = None if is_accepted else NotLiquidatable(account, buffer_wad)
        paid = self._paid(account.owner, doors.deposit_cash(at, account.owner, account=account, amount_raw=cash_raw))
        return AnswerProbe(about, (*(paid if cash_raw else ()), *self._published(prices), start), refusal)

    def trade(self, about: str, instrument: int, size: int, price_wad: int, refusal: Refusal | None) -> AnswerProbe:
        """Trades with a maker that has cash for it."""
        at, rich = self.case.at, doors.deposit_cash(self.case.at, MAKER.owner, account=MAKER, amount_raw=_FLOAT_RAW)
        step = doors.trade(
            at, CROSS.owner, maker=MAKER, taker=self.case.account, instrument=instrument, size=size, price_wad=price_wad
        )
        return AnswerProbe(about, (*self._paid(MAKER.owner, rich), step), refusal)

    def _paid(self, owner: str, deposit: Step) -> Iterable[Step]:
        amount_raw = deposit.args["amount_raw"]
        return doors.mint(self.case.at, OWNER, token=self.quote, to=owner, amount_raw=amount_raw), deposit

    def _published(self, prices: Change) -> list[Step]:
        """The prints of all that a change of prices moves."""
        before = self._prints()
        with self.case.trial(prices):
            return [step for step, known in zip(self._prints(), before, strict=True) if step != known]

    def _prints(self) -> list[Step]:
        """The prints that state the prices and forwards of the ledger."""
        state, at, found = self.case.state, self.case.at, []
        for number in range(len(state.risks)):
            price = state.prices[number]
            found.append(Feeder(FEEDER, price.confidence).price(at, number, price.index, price.premium))
            for expiry in state.expiries[number]:
                curve = state.curves[market.term_of(number, expiry)]
                feeder = Feeder(FEEDER, curve.confidence)
                found.append(feeder.forward(at, number, expiry, curve.forward, curve.rate))
        return found


def probes(found: MethodAnswers, quote: str) -> Iterator[AnswerProbe]:
    """The probes of the answers of one account; isolated positions are no account, and have none."""
    if found.case.method.is_isolated:
        return
    steps = AccountSteps(found.case, quote)
    for pair in found.max_sizes:
        for side, trade in zip((1, -1), pair, strict=True):
            yield from _of_trade(steps, trade, side)
    for until in found.until:
        yield from _of_cash(steps, until)
    if found.liquidation is None:
        return
    for price in found.liquidation.alone:
        now_wad = found.case.state.prices[price.underlying].index
        for place in (price.down_wad, price.up_wad):
            yield from _of_place(steps, partial(at_price, price.underlying), place, now_wad)
    numbers = [each.underlying for each in found.liquidation.alone]
    for place in found.liquidation.together:
        yield from _of_place(steps, partial(at_shock, numbers), place, 0)


def _of_trade(steps: AccountSteps, trade: SolvedTrade, side: int) -> Iterator[AnswerProbe]:
    """The answer is accepted, and one wei more has too little margin."""
    if not isinstance(trade.refusal, InsufficientMargin):
        return
    if trade.size:
        yield steps.trade("the largest trade", trade.instrument, trade.size, trade.price_wad, None)
    more = trade.size + side
    yield steps.trade("one wei more than it", trade.instrument, more, trade.price_wad, trade.refusal)


def _of_place(
    steps: AccountSteps, moved: Callable[[int], Change], place: int | None, now: int
) -> Iterator[AnswerProbe]:
    """At a place the account is liquidatable, and one wei nearer to now it is not."""
    if place is None:
        return
    yield steps.liquidation("a liquidation price", moved(place), True)
    if place != now:
        yield steps.liquidation("one wei before it", moved(place + (1 if place < now else -1)), False)


def _of_cash(steps: AccountSteps, until: CashUntil) -> Iterator[AnswerProbe]:
    """With the cash, the account is liquidatable at the stated price, and one wei nearer to now it is not.

    With one unit less it is on the way.
    """
    if until.cash_raw < 0 or until.first_wad is None or until.short_wad is None:
        return
    moved, now = partial(at_price, until.underlying), steps.case.state.prices[until.underlying].index
    nearer_wad = until.first_wad - (1 if until.price_wad > now else -1)
    yield steps.liquidation("the price that cash lasts until", moved(until.first_wad), True, until.cash_raw)
    yield steps.liquidation("one wei before it", moved(nearer_wad), False, until.cash_raw)
    if until.cash_raw:
        yield steps.liquidation("one unit less of cash", moved(until.short_wad), True, until.cash_raw - 1)
