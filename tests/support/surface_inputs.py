"""Surfaces one after another, for the functions that compare them."""

from random import Random
from typing import Any

from crossvault.mirror import number_errors, surface
from crossvault.mirror.fixed import WAD
from inputs import AMOUNT, CURVE, GUARD, NEAR, svi
from probing import NOW


def _near(random: Random, base: surface.Svi) -> surface.Svi:
    """A surface near another in its level and its slope, or the same, or any."""
    if random.random() < 0.2:
        return svi(random)
    part = random.choice([100, 100, random.randint(60, 140)])
    near = base._replace(a=base.a * part // 100, b=base.b * part // 100)
    return near if accepted(near) else base


def accepted(made: surface.Svi) -> bool:
    """Whether a surface is valid."""
    try:
        surface.require_valid(made)
    except number_errors.ParameterOutOfRange:
        return False
    return True


def resurfaced(random: Random) -> dict[str, Any]:
    """A surface after another: near it, near its base, near the one that waits, or any; soon or late."""
    curve, guard, heartbeat = CURVE.draw(random), GUARD.draw(random), random.choice([0, 60, 3_600])
    if random.random() < 0.8:
        guard = guard._replace(surface_move=random.choice([0, WAD // 10, WAD // 4, WAD]))
    base = _near(random, curve.svi)
    soon = [NOW - guard.confirm_secs + each for each in (-1, 0, 1, -heartbeat, -heartbeat - 1)]
    base_at, waiting_at = random.choice([*soon, NEAR.draw(random)]), random.choice([0, *soon])
    waiting = _near(random, random.choice([base, svi(random)]))
    curve.watch = surface.Watch(base, base_at, waiting, waiting_at)
    print_ = _near(random, random.choice([curve.svi, base, waiting]))
    strike = AMOUNT.draw(random) if random.random() < 0.5 else curve.svi.ref_forward
    return {"self": curve, "guard": guard, "heartbeat_secs": heartbeat, "strike_wad": strike, "svi": print_}


def waited(random: Random) -> dict[str, Any]:
    """A surface that waits, or none; lapsed or not."""
    drawn = resurfaced(random)
    secs = drawn["guard"].confirm_secs, drawn["heartbeat_secs"]
    return {"watch": drawn["self"].watch, **dict(zip(("confirm_secs", "heartbeat_secs"), secs, strict=True))}


def compared(random: Random) -> dict[str, Any]:
    """Two surfaces, mostly near each other."""
    base = svi(random)
    part = random.choice([0, WAD // 10, WAD // 4, WAD])
    return {"svi": _near(random, base), "base": base, "strike_wad": AMOUNT.draw(random), "part_wad": part}
