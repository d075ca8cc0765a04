"""Moves of a surface under a guard: what a print leaves in force and what waits, by stored fields and the clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from crossvault.judge.elementary import BITS
from crossvault.judge.option_value import implied_vol
from crossvault.judge.rounding import WAD, YEAR

if TYPE_CHECKING:
    from crossvault.judge.books import CurveBook, UnderlyingBook
    from crossvault.mirror.surface import Svi

NONE = (0,) * 7  # no surface
BOTH = (True, False)


def surfaces_left(was: CurveBook, listed: UnderlyingBook, svi: Svi, at: int) -> Iterator[tuple[bool, tuple[Any, ...]]]:
    """Whether a print is in force, and the surfaces that it leaves; several where vols are too near a limit.

    In force within surfaceMove of the last surface and of the base, which the last one replaces confirmSecs after it
    was set; beyond, confirmSecs or more after a print that it is within surfaceMove of, and that has not lapsed.
    """
    guard, (base, base_at, waits, waits_at) = listed.guard, was.watch
    if not was.surface_published_at or not guard.surface_move:
        yield True, (NONE, 0, NONE, 0) if waits_at else was.watch
        return
    if at >= base_at + guard.confirm_secs:
        base, base_at = was.svi, at
    strike_wad = was.forward if was.published_at else listed.price.index_wad
    for is_small in _answers(is_close(svi, each, strike_wad, guard.surface_move) for each in (was.svi, base)):
        if is_small:
            yield True, (base, base_at, NONE, 0)
            continue
        is_over = not waits_at or at > waits_at + guard.confirm_secs + listed.options.heartbeat_secs
        agrees = (False,) if is_over else _answers([is_close(svi, waits, strike_wad, guard.surface_move)])
        for is_same in agrees:
            if is_same and at >= waits_at + guard.confirm_secs:
                yield True, (svi, at, NONE, 0)
            else:
                yield False, (base, base_at, waits, waits_at) if is_same else (base, base_at, svi, at)


def _answers(parts: Any) -> tuple[bool, ...]:
    """What all of some questions may be answered with."""
    known = set(parts)
    if False in known:
        return (False,)
    return BOTH if None in known else (True,)


def is_close(svi: Svi, base: Svi, strike_wad: int, part_wad: int) -> bool | None:
    """Whether vol at a strike and both wings are within a part of another's; None where the error of vols decides."""
    for sign in (1, -1):
        wing, other = ((each.b * (WAD + sign * each.rho) * YEAR) // (WAD * each.ref_secs) for each in (svi, base))
        if abs(wing - other) > other * part_wad // WAD:
            return False
    (vol, error), (old, old_error) = implied_vol(svi, strike_wad), implied_vol(base, strike_wad)
    wei = (1 << BITS) // WAD + 1
    apart, slack = abs(vol - old), error + old_error + 2 * wei
    if (apart + slack) * WAD <= (old - old_error - 2 * wei) * part_wad:
        return True
    if (apart - slack) * WAD > (old + old_error + 2 * wei) * part_wad:
        return False
    return None
