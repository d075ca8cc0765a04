"""Movement of a surface that a guard lets through."""

from __future__ import annotations

from crossvault.mirror import oracle, surface
from crossvault.mirror.oracle import Curve, PriceGuard
from crossvault.mirror.surface import Svi, Watch


def confirm(self: Curve, guard: PriceGuard, heartbeat_secs: int, strike_wad: int, svi: Svi, *, now: int) -> bool:
    """Whether a print of a surface is in force; else it waits for a second one."""
    watch = self.watch
    if self.surface_published_at == 0 or guard.surface_move == 0:
        if watch.waiting_at != 0:
            self.watch = Watch()
        return True
    last, part_wad = self.svi, guard.surface_move
    if now >= watch.base_at + guard.confirm_secs:
        watch = watch._replace(base=last, base_at=now)
    is_held = is_near(svi, last, strike_wad, part_wad) and is_near(svi, watch.base, strike_wad, part_wad)
    is_kept = not is_held and is_waiting(watch, guard.confirm_secs, heartbeat_secs, now=now)
    is_kept = is_kept and is_near(svi, watch.waiting, strike_wad, part_wad)
    if is_kept and now >= watch.waiting_at + guard.confirm_secs:
        watch, is_held = watch._replace(base=svi, base_at=now), True
    if is_held:
        watch = watch._replace(waiting=Svi(), waiting_at=0)
    elif not is_kept:
        watch = watch._replace(waiting=svi, waiting_at=now)
    self.watch = watch
    return is_held


def is_waiting(watch: Watch, confirm_secs: int, heartbeat_secs: int, *, now: int) -> bool:
    """Whether a surface waits for a second print."""
    return watch.waiting_at != 0 and now <= watch.waiting_at + confirm_secs + heartbeat_secs


def is_near(svi: Svi, base: Svi, strike_wad: int, part_wad: int) -> bool:
    """Whether two surfaces are within a part of the second of each other."""
    return (
        oracle.is_near(surface.vol(svi, strike_wad), surface.vol(base, strike_wad), part_wad)
        and oracle.is_near(surface.slope(svi, False), surface.slope(base, False), part_wad)
        and oracle.is_near(surface.slope(svi, True), surface.slope(base, True), part_wad)
    )
