"""V14 and V27: a trade is of a listed instrument before its end, and within its band of the mark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from crossvault.differential.step import Step
from crossvault.judge.books import Books, UnderlyingBook
from crossvault.judge.bracket import Bracket
from crossvault.judge.breach import Breach
from crossvault.judge.marks import CALL, FUTURE, PERP, PUT, decoded, forward_parts, perp_mark
from crossvault.judge.moment import Moment
from crossvault.judge.option_value import option_mark
from crossvault.judge.rounding import WAD
from crossvault.judge.rulebook import calls

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

_FLOOR_PARTS = 1_000  # of the index: how far from its mark any option may trade


class Deal(NamedTuple):
    """A trade that a step makes; the size is the taker's, at a price for one whole unit [wad]."""

    maker: AccountId
    taker: AccountId
    instrument: int
    size: int
    price_wad: int


def fill_price(pair: Any) -> int:
    """The price of a fill: half the sum of the limits of its two orders, rounded down [wad]."""
    return int(pair.maker.limit_wad + pair.taker.limit_wad) // 2


def deals(step: Step) -> Iterator[Deal]:
    """The trades of a step, in their order: its own, those of its batch, or those of the orders that it fills."""
    if step.action == "fill":
        for pair in step.args["matches"]:
            size = pair.size_wad if pair.taker.size > 0 else -pair.size_wad
            maker, taker = pair.maker.account, pair.taker.account
            yield Deal(maker, taker, pair.taker.instrument, size, fill_price(pair))
        return
    for action, args in calls(step):
        if action == "trade":
            yield Deal(args["maker"], args["taker"], args["instrument"], args["size"], args["price_wad"])


def alive(moment: Moment) -> Iterator[Breach]:
    """V14: nothing trades from its expiry on."""
    if not moment.accepted:
        return
    for deal in deals(moment.step):
        expiry = decoded(deal.instrument)[2]
        if expiry and moment.at >= expiry:
            yield Breach(f"instrument {deal.instrument} trades at {moment.at}, it ended at {expiry}")


def within_band(moment: Moment) -> Iterator[Breach]:
    """V27: the instrument of a trade is listed, and its price is within the band of the mark."""
    if not moment.accepted:
        return
    for deal in deals(moment.step):
        if not is_listed(moment, deal.instrument):
            yield Breach(f"instrument {deal.instrument} trades and is not listed")
            continue
        mark, band = quotation(moment.before, deal.instrument, moment.at)
        if not mark.low - band.high <= deal.price_wad <= mark.high + band.high:
            yield Breach(
                f"a trade at {deal.price_wad}, the mark is {mark.low} to {mark.high} and its band {band.high}",
                _outside(deal, mark, band.high), (deal.maker, deal.taker),
            )  # fmt: skip


def _outside(deal: Deal, mark: Bracket, band: int) -> int:
    """What a trade moves beyond its band [wad]."""
    beyond = max(deal.price_wad - mark.high - band, mark.low - band - deal.price_wad)
    return abs(deal.size) * beyond // WAD


def is_listed(moment: Moment, instrument: int) -> bool:
    """Whether an instrument is the perp of a listed underlying, or of an expiry that was opened for it."""
    underlying, kind, expiry, strike = decoded(instrument)
    book = moment.rulebook
    if not 0 <= underlying < len(book.underlyings):
        return False
    if kind == PERP:
        return not expiry and not strike
    if (underlying, expiry) not in book.expiries:
        return False
    if kind == FUTURE:
        return not strike
    return kind in (CALL, PUT) and bool(strike) and ("options", underlying) in book.parameters


def quotation(books: Books, instrument: int, at: int) -> tuple[Bracket, Bracket]:
    """Mark of a listed instrument at a time, and the widest distance of a trade from it, rounded down [wad]."""
    underlying, kind, expiry, strike = decoded(instrument)
    listed = books.underlyings[underlying]
    if kind == PERP:
        mark = perp_mark(listed)
        return Bracket.of(mark), Bracket.of(mark * listed.risk.trade_band // WAD)
    curve = books.curve(underlying, expiry)
    if curve is None:
        return Bracket.of(0), Bracket.of(0)
    forward_wad = sum(forward_parts(curve, listed.price, expiry, at))
    if kind == FUTURE:
        return Bracket.of(forward_wad), Bracket.of(forward_wad * listed.risk.trade_band // WAD)
    worth = option_mark(curve.svi, forward_wad, strike, curve.rate, expiry - at, kind == CALL)
    return worth, option_band(listed, worth)


def option_band(listed: UnderlyingBook, mark: Bracket) -> Bracket:
    """Widest distance of a trade in an option from its mark: a part of the index, or of the mark and a floor [wad]."""
    widest = listed.price.index_wad * listed.options.trade_band // WAD
    part = listed.options.value_band
    if not part:
        return Bracket.of(widest)
    floor = listed.price.index_wad // _FLOOR_PARTS
    low, high = (min(widest, each * part // WAD + floor) for each in (mark.low, mark.high))
    return Bracket(low, high)
