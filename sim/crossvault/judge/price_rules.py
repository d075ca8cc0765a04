"""V33: stored prices, indexes, funding and settlements move exactly as the accepted prints and the clock have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crossvault.judge.books import Books, CurveBook, PriceBook, TrackBook, UnderlyingBook
from crossvault.judge.bracket import Bracket
from crossvault.judge.breach import Breach
from crossvault.judge.interest import cash_indexes
from crossvault.judge.marks import WINDOW, funding_index, summed
from crossvault.judge.moment import Moment
from crossvault.judge.rounding import WAD
from crossvault.judge.rulebook import calls

_UNREAD = CurveBook(0, 0, 0, 0, 0, 0, 0, (0,) * 7, 0, 0)  # type: ignore[arg-type]  # equal to a surface of zeros
_ACCRUING = frozenset({"deposit_cash", "withdraw_cash", "trade", "settle", "bid", "enact_interest", "fill"})
"""Doors that accrue interest, as cash moves or its curve changes."""


def as_printed(moment: Moment) -> Iterator[Breach]:
    """V33 of prices, funding, expiries and interest."""
    yield from _interest(moment)
    step, before, after = moment.step, moment.before, moment.after
    if moment.accepted and step.action in _MOVES:
        if step.args["underlying"] >= len(before.underlyings):  # V26 has what is not listed
            return
        yield from _MOVES[step.action](moment, step.args)
        return
    if after.underlyings != before.underlyings:
        for was, now in zip(before.underlyings, after.underlyings, strict=False):
            if was.price != now.price or was.track != now.track or was.expiries != now.expiries:
                yield Breach(f"{now.name} moved without a print: {was.price}, {was.track}; {now.price}, {now.track}")
    if after.curves != before.curves:
        yield from _same_curves(before, after, ())


def _same_curves(before: Books, after: Books, but: tuple[int, ...]) -> Iterator[Breach]:
    """Curves that changed though no print was for them; one that is read for the first time is empty."""
    for term, now in after.curves.items():
        was = before.curves.get(term)
        if term not in but and was != now and (was is not None or now.listed_at or now.published_at):
            yield Breach(f"expiry {term} moved without a print: {was}, now {now}")


def _others(moment: Moment, underlying: int) -> Iterator[Breach]:
    """Underlyings that a step moved besides its own."""
    for number, (was, now) in enumerate(zip(moment.before.underlyings, moment.after.underlyings, strict=False)):
        if number != underlying and (was.price != now.price or was.track != now.track or was.expiries != now.expiries):
            yield Breach(f"{now.name} moved by a print of another underlying")


def _expected(name: str, stored: Any, due: Any) -> Iterator[Breach]:
    if stored != due:
        yield Breach(f"{name} is stored as {stored}, the prints make it {due}")


def _price(moment: Moment, args: Mapping[str, Any]) -> Iterator[Breach]:
    """A print of an index: it waits, or it takes the place of the last."""
    number = args["underlying"]
    was, now = moment.before.underlyings[number], moment.after.underlyings[number]
    price = printed(was, args, moment.at)
    yield from _expected(f"the price of {was.name}", now.price, price)
    yield from _others(moment, number)
    if price.pending:
        yield from _expected(f"the funding of {was.name}", now.track, was.track)
        yield from _same_curves(moment.before, moment.after, ())
        return
    yield from _expected(f"the funding of {was.name}", now.track, TrackBook(funding_index(was, moment.at), moment.at))
    terms = {(number << 40) + expiry: expiry for expiry in was.expiries}
    for term, expiry in terms.items():
        due = observed(moment.before.curves[term], was.price, expiry, args["published_at"])
        yield from _expected(f"expiry {expiry} of {was.name}", moment.after.curves[term], due)
    left = {expiry for term, expiry in terms.items() if not moment.after.curves[term].settlement}
    yield from _expected(f"open expiries of {was.name}", set(now.expiries), left)
    yield from _same_curves(moment.before, moment.after, tuple(terms))


def printed(was: UnderlyingBook, args: Mapping[str, Any], at: int) -> PriceBook:
    """The price after a print.

    A move beyond maxJump waits, and changes nothing else, until a second print within maxJump of it comes confirmSecs
    later by the chain's clock; another one beyond both takes its place in waiting.
    """
    price, guard, index_wad = was.price, was.guard, args["index_wad"]
    is_first = not price.published_at
    if not is_first and guard.max_jump and not is_near(index_wad, price.index_wad, guard.max_jump):
        if not price.pending or not is_near(index_wad, price.pending, guard.max_jump):
            return price._replace(pending=index_wad, pending_at=at)
        if at < price.pending_at + guard.confirm_secs:
            return price
    elapsed = args["published_at"] - price.published_at
    stable = index_wad
    if guard.stable_rate and not is_first:
        most = price.stable * guard.stable_rate * elapsed // WAD
        stable = price.stable + max(-most, min(most, index_wad - price.stable))
    return PriceBook(
        index_wad, args["premium_wad"], args["confidence_wad"], args["published_at"], stable, 0, 0,
        summed(price, args["published_at"]),
    )  # fmt: skip


def is_near(price_wad: int, base_wad: int, part_wad: int) -> bool:
    """Whether a price is within a part of another, rounded down."""
    return abs(price_wad - base_wad) <= base_wad * part_wad // WAD


def observed(curve: CurveBook, price: PriceBook, expiry: int, published_at: int) -> CurveBook:
    """An open expiry after a print: its window's start is fixed by the first print in it, its settlement by the last.

    settlement = (index * time up to the expiry - index * time up to the start) / 30 min, rounded down; the price is the
    one before the print, which held until then.
    """
    opens_at = expiry - WINDOW
    begun = curve.start_cumulative
    if not begun and published_at >= opens_at:
        begun = summed(price, opens_at)
    settlement = (summed(price, expiry) - begun) // WINDOW if published_at >= expiry else 0
    return curve._replace(start_cumulative=begun, settlement=settlement)


def _forward(moment: Moment, args: Mapping[str, Any]) -> Iterator[Breach]:
    given = args["forward_wad"], args["rate_wad"], args["confidence_wad"], args["published_at"]
    fields = dict(zip(("forward", "rate", "confidence", "published_at"), given, strict=True))
    yield from _curve(moment, args, fields)


def _surface(moment: Moment, args: Mapping[str, Any]) -> Iterator[Breach]:
    given = args["svi"], args["confidence_wad"], args["published_at"]
    yield from _curve(
        moment, args, dict(zip(("svi", "surface_confidence", "surface_published_at"), given, strict=True))
    )


def _open(moment: Moment, args: Mapping[str, Any]) -> Iterator[Breach]:
    yield from _curve(moment, args, {"listed_at": moment.at})


def _curve(moment: Moment, args: Mapping[str, Any], fields: Mapping[str, Any]) -> Iterator[Breach]:
    """A step that sets some fields of one expiry, and nothing else of prices."""
    number, expiry = args["underlying"], args["expiry"]
    was, now = moment.before.curve(number, expiry) or _UNREAD, moment.after.curve(number, expiry)
    yield from _expected(f"expiry {expiry}", now, was._replace(**fields))
    yield from _same_curves(moment.before, moment.after, ((number << 40) + expiry,))
    yield from _others(moment, number)
    before, after = moment.before.underlyings[number], moment.after.underlyings[number]
    yield from _expected(f"the price of {before.name}", (after.price, after.track), (before.price, before.track))
    expiries = {*before.expiries, expiry} if "listed_at" in fields else {*before.expiries}
    yield from _expected(f"open expiries of {before.name}", {*after.expiries}, expiries)


def _risk(moment: Moment, args: Mapping[str, Any]) -> Iterator[Breach]:
    """New risk parameters: funding accrues by the old ones up to now."""
    was, now = moment.before.underlyings[args["underlying"]], moment.after.underlyings[args["underlying"]]
    due = was.price, TrackBook(funding_index(was, moment.at), moment.at), was.expiries
    yield from _expected(f"the price and funding of {was.name}", (now.price, now.track, now.expiries), due)
    yield from _others(moment, args["underlying"])
    yield from _same_curves(moment.before, moment.after, ())


_MOVES = {
    "publish_price": _price, "publish_forward": _forward, "publish_surface": _surface, "open_expiry": _open,
    "enact_risk": _risk,
}  # fmt: skip


def _interest(moment: Moment) -> Iterator[Breach]:
    """Indexes of interest: accrued up to now by what moves cash, and else as they were."""
    before, after = moment.before.cash, moment.after.cash
    if before.accrued_at == moment.at and before == after:
        return
    accrues = moment.accepted and any(action in _ACCRUING for action, _ in calls(moment.step))
    if not accrues or before.accrued_at == moment.at:
        was, now = ((each.accrued_at, each.supply_index, each.borrow_index) for each in (before, after))
        if was != now:
            yield Breach(f"interest moved without cash: accrued at and indexes were {was}, are {now}")
        return
    if after.accrued_at != moment.at:
        yield Breach(f"interest is accrued up to {after.accrued_at}, cash moved at {moment.at}")
    supply, borrow = Bracket.of(before.supply_index), Bracket.of(before.borrow_index)
    if before.total_borrow:
        supply, borrow = cash_indexes(before, moment.at)
    if not supply.holds(after.supply_index) or not borrow.holds(after.borrow_index):
        yield Breach(f"indexes of interest are {after.supply_index}, {after.borrow_index}; due are {supply}, {borrow}")
