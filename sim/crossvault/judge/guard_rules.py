"""V33 beyond the letter of the specification: what the guard of a price lets through, and funding of a dead feed."""

from __future__ import annotations

from collections.abc import Iterator

from crossvault.judge.breach import Breach
from crossvault.judge.marks import PERP, funding_index
from crossvault.judge.moment import Moment
from crossvault.judge.price_rules import is_near
from crossvault.judge.rounding import RAY
from crossvault.judge.rulebook import IndexLevel, standing
from crossvault.judge.surface_moves import is_close

_PRINTS = frozenset({"publish_price", "publish_forward", "publish_surface"})
_ACCRUING = frozenset({"publish_price", "enact_risk"})


def is_listed_underlying(moment: Moment) -> bool:
    """Whether the underlying of a step is listed before it."""
    return bool(0 <= moment.step.args["underlying"] < len(moment.before.underlyings))


def guarded(moment: Moment) -> Iterator[Breach]:
    """V33: a guarded price moves beyond maxJump only after its confirmation time, however many prints it takes.

    Moves that pass one by one are limited together, so that a ladder of them needs its time; so are forwards. A surface
    moves beyond surfaceMove only after that time.
    """
    if not moment.accepted or moment.step.action not in _PRINTS or not is_listed_underlying(moment):
        return
    if moment.step.action == "publish_price":
        yield from _ladder(moment)
    elif moment.step.action == "publish_forward":
        yield from _unguarded_forward(moment)
    else:
        yield from _unguarded_surface(moment)


def _ladder(moment: Moment) -> Iterator[Breach]:
    number = moment.step.args["underlying"]
    was, now = moment.before.underlyings[number], moment.after.underlyings[number]
    guard, index_wad = was.guard, now.price.index_wad
    if (
        not (guard.max_jump and guard.confirm_secs and was.price.published_at)
        or now.price.index_wad == was.price.index_wad
    ):
        return
    if not is_near(index_wad, was.price.index_wad, guard.max_jump):  # a jump, which has waited
        return
    levels = standing(moment.rulebook.levels.get(number, ()), moment.at - guard.confirm_secs)
    for level in (*levels, IndexLevel(was.price.published_at, was.price.index_wad)):
        if not is_near(index_wad, level.index_wad, guard.max_jump):
            yield Breach(
                f"{was.name} moved from {level.index_wad} at {level.since} to {index_wad} at {moment.at}: more than"
                f" maxJump {guard.max_jump}, within {guard.confirm_secs} s"
            )
            return


def _unguarded_forward(moment: Moment) -> Iterator[Breach]:
    """A forward that leaves both its last print and the guarded index by more than maxJump, at once."""
    args = moment.step.args
    listed = moment.before.underlyings[args["underlying"]]
    was, now = (each.curve(args["underlying"], args["expiry"]) for each in (moment.before, moment.after))
    jump = listed.guard.max_jump
    if not jump or was is None or now is None or not was.forward:
        return
    forward_wad = now.forward
    if not is_near(forward_wad, was.forward, jump) and not is_near(forward_wad, listed.price.index_wad, jump):
        yield Breach(
            f"the forward of {listed.name} moved from {was.forward} to {forward_wad} in one print, more than maxJump"
            f" {jump}, and its index is {listed.price.index_wad}"
        )


def _unguarded_surface(moment: Moment) -> Iterator[Breach]:
    """A surface that leaves the last one by more than surfaceMove though no print has waited for confirmSecs."""
    args = moment.step.args
    listed = moment.before.underlyings[args["underlying"]]
    was, now = (each.curve(args["underlying"], args["expiry"]) for each in (moment.before, moment.after))
    part, secs = listed.guard.surface_move, listed.guard.confirm_secs
    if not part or was is None or now is None or not was.surface_published_at or now.svi == was.svi:
        return
    waits_at = was.watch[3]
    if waits_at and moment.at >= waits_at + secs:
        return
    strike_wad = was.forward if was.published_at else listed.price.index_wad
    if is_close(now.svi, was.svi, strike_wad, part) is False:
        yield Breach(
            f"the surface of {listed.name} moved from {was.svi} to {now.svi} in one print, more than surfaceMove {part}"
        )


def live_funding(moment: Moment) -> Iterator[Breach]:
    """V33: no funding is paid for a time in which the feed was dead: there was no price to close the position at."""
    if not moment.accepted or moment.step.action not in _ACCRUING or not is_listed_underlying(moment):
        return
    number = moment.step.args["underlying"]
    was, now = moment.before.underlyings[number], moment.after.underlyings[number]
    dead_from = max(was.track.updated_at, was.price.published_at + was.risk.heartbeat_secs)
    if now.track.updated_at != moment.at or dead_from >= moment.at:
        return
    grown_ray = now.track.index_ray - funding_index(was, dead_from)
    perp = (number << 144) + (PERP << 136)
    held = sum(
        each.size for book in moment.before.accounts.values() for each in book.positions
        if each.instrument == perp and each.size > 0
    )  # fmt: skip
    if grown_ray and held:
        secs = moment.at - dead_from
        yield Breach(
            f"{was.name} had no fresh price for {secs} s, and its longs pay {grown_ray} ray a unit for them",
            abs(grown_ray) * held // RAY,
        )
