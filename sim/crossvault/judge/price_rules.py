"""V33: stored prices, indexes, funding and settlements move exactly as the accepted prints and the clock have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crossvault.judge.books import Books, CurveBook, PriceBook, TrackBook, UnderlyingBook
from crossvault.judge.bracket import Bracket
from crossvault.judge.breach import Breach
from crossvault.judge.interest import cash_indexes
from crossvault.judge.marks import WINDOW, funding_index, summed, waiting_price
from crossvault.judge.moment import Moment
from crossvault.judge.rounding import WAD
from crossvault.judge.rulebook import calls
from crossvault.judge.surface_moves import surfaces_left

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
    if held_index(was, args["index_wad"], moment.at) is None:
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


def held_index(was: UnderlyingBook, index_wad: int, at: int) -> int | None:
    """The index that a print puts in force, or None where it waits [wad].

    A move beyond maxJump waits until, confirmSecs later by the chain's clock, a second print comes: within maxJump of
    the first it is in force, beyond that and on the same side the nearer of both. A smaller move is in force as far as
    it stays within maxJump of what was in force in the last confirmSecs.
    """
    price, jump = was.price, was.guard.max_jump
    if not price.published_at or not jump:
        return index_wad
    waits = waiting_price(was, at)
    has_waited = waits != 0 and at >= price.pending_at + was.guard.confirm_secs
    if has_waited and is_near(index_wad, waits, jump):
        return index_wad
    if is_near(index_wad, price.index_wad, jump):
        lowest, highest = _extremes(price, was.guard.confirm_secs, at)
        return nearest(index_wad, (lowest, highest), jump, price.index_wad)
    if has_waited and (waits - price.index_wad) * (index_wad - price.index_wad) > 0:
        return min(waits, index_wad, key=lambda each: abs(each - price.index_wad))
    return None


def nearest(price_wad: int, bases: tuple[int, int], part_wad: int, last_wad: int) -> int:
    """The price within a part of a lowest and of a highest one; the last where no price is."""
    lowest, highest = bases
    least, most = highest - highest * part_wad // WAD, lowest + lowest * part_wad // WAD
    return min(max(price_wad, least), most) if least <= most else last_wad


def _extremes(price: PriceBook, secs: int, at: int) -> tuple[int, int]:
    """Lowest and highest index that a guard measures from: of this window, and of the former while this is young."""
    known = {price.index_wad}
    if at < price.since + 2 * secs:
        known |= {price.low, price.high}
    if at < price.since + secs:
        known |= {price.former_low, price.former_high}
    return min(known), max(known)


def _levels(was: UnderlyingBook, held_wad: int, at: int) -> dict[str, int]:
    """The lowest and highest index of this window and of the former, after another came into force."""
    price, guard = was.price, was.guard
    if not price.published_at or not guard.max_jump:
        return {}
    names = ("low", "high", "since", "former_low", "former_high")
    if not is_near(held_wad, price.index_wad, guard.max_jump):
        return dict(zip(names, (held_wad, held_wad, at, held_wad, held_wad), strict=True))
    if at < price.since + guard.confirm_secs:
        return {"low": min(price.low, held_wad), "high": max(price.high, held_wad)}
    window = min(price.index_wad, held_wad), max(price.index_wad, held_wad), at
    return dict(zip(names, (*window, *_extremes(price, guard.confirm_secs, at)), strict=True))


def printed(was: UnderlyingBook, args: Mapping[str, Any], at: int) -> PriceBook:
    """The price after a print; of one that is not in force as printed, the rest waits."""
    price, guard, index_wad = was.price, was.guard, args["index_wad"]
    held_wad = held_index(was, index_wad, at)
    waits = waiting_price(was, at)
    is_kept = waits != 0 and is_near(index_wad, waits, guard.max_jump)
    pending = (price.pending, price.pending_at) if is_kept else (index_wad, at)
    if held_wad is None:
        return price._replace(pending=pending[0], pending_at=pending[1])
    stable = held_wad
    if guard.stable_rate and price.published_at:
        most = price.stable * guard.stable_rate * (args["published_at"] - price.published_at) // WAD
        stable = price.stable + max(-most, min(most, held_wad - price.stable))
    if held_wad == index_wad:
        pending = 0, 0
    return price._replace(
        index_wad=held_wad, premium=args["premium_wad"], confidence=args["confidence_wad"],
        published_at=args["published_at"], stable=stable, pending=pending[0], pending_at=pending[1],
        cumulative=summed(price, args["published_at"]), **_levels(was, held_wad, at),
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
    given = args["rate_wad"], args["confidence_wad"], args["published_at"]
    fields = dict(zip(("rate", "confidence", "published_at"), given, strict=True))
    yield from _curve(moment, args, {**fields, **held_forward(moment, args)})


def held_forward(moment: Moment, args: Mapping[str, Any]) -> dict[str, int]:
    """The forward that a print puts in force, and the base that a guard measures from.

    As printed within maxJump of the index; else within maxJump of the last forward and of the base, which the last
    forward replaces confirmSecs after it was set.
    """
    was, listed = moment.before.curve(args["underlying"], args["expiry"]), moment.before.underlyings[args["underlying"]]
    forward, jump = args["forward_wad"], listed.guard.max_jump
    if was is None or not was.published_at or not jump:
        return {"forward": forward}
    base, base_at = was.base, was.base_at
    if moment.at >= base_at + listed.guard.confirm_secs:
        base, base_at = was.forward, moment.at
    if not is_near(forward, listed.price.index_wad, jump):
        forward = nearest(forward, (min(base, was.forward), max(base, was.forward)), jump, was.forward)
    return {"forward": forward, "base": base, "base_at": base_at}


def _surface(moment: Moment, args: Mapping[str, Any]) -> Iterator[Breach]:
    given = args["svi"], args["confidence_wad"], args["published_at"]
    fields = dict(zip(("svi", "surface_confidence", "surface_published_at"), given, strict=True))
    number, expiry = args["underlying"], args["expiry"]
    was, now = moment.before.curve(number, expiry) or _UNREAD, moment.after.curve(number, expiry)
    due = [
        {**(fields if is_held else {}), "watch": watch}
        for is_held, watch in surfaces_left(was, moment.before.underlyings[number], args["svi"], moment.at)
    ]
    fitting = [each for each in due if was._replace(**each) == now]
    yield from _curve(moment, args, (fitting or due)[0])


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
