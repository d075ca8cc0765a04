"""Arguments of what prints do: a price or forward after another, under a guard, before, in and after a window."""

from random import Random
from typing import Any

from crossvault.mirror import (
    oracle,
)
from crossvault.mirror.fixed import CAP, WAD
from inputs import (
    AMOUNT,
    CURVE,
    GUARD,
    PREMIUM,
    PRICE,
    RATIO,
    SECS,
)  # fmt: skip
from probing import NOW, Integer


def draw_reprint(random: Random) -> dict[str, Any]:
    """A price after another: near it, near the pending one, or anywhere; soon or late."""
    price = PRICE.draw(random)
    base = random.choice([price.index, price.pending])
    index = base * random.randint(80, 120) // 100 if random.random() < 0.7 else AMOUNT.draw(random)
    guard = GUARD.draw(random)
    if random.random() < 0.7:
        guard = guard._replace(max_jump=random.choice([0, WAD // 20, WAD // 5]))
    soon = NOW - guard.confirm_secs + random.randint(-1, 1)
    heartbeat = random.choice([0, 60, 3_600])
    price.pending_at = random.choice([soon, soon, soon - heartbeat, price.pending_at])
    price.since = random.choice([soon, soon - guard.confirm_secs, NOW - 1, price.since])
    if random.random() < 0.7:
        near = [max(1, price.index * random.randint(85, 115) // 100) for _ in range(4)]
        price.low, price.high, price.former_low, price.former_high = (min(each, CAP) for each in near)
    return {"self": price, "guard": guard, "heartbeat_secs": heartbeat, "index_wad": min(max(index, 1), CAP)}


def draw_guarded(random: Random, *names: str) -> dict[str, Any]:
    """Some of the values of a print under a guard, in order; what is held is the print, what waits the pending one."""
    drawn = draw_reprint(random)
    drawn["held_wad"], drawn["waiting_wad"] = drawn["index_wad"], random.choice([0, drawn["self"].pending])
    drawn["confirm_secs"] = drawn["guard"].confirm_secs
    return {name: drawn[name] for name in names}


def draw_reforwarded(random: Random) -> dict[str, Any]:
    """A forward after another: near it, near its base, near the index, or anywhere; soon or late."""
    drawn, curve = draw_reprint(random), CURVE.draw(random)
    guard, index = drawn["guard"], drawn["index_wad"]
    curve.base_at = random.choice([NOW - guard.confirm_secs + random.randint(-1, 1), curve.base_at])
    if random.random() < 0.7:
        curve.base = max(1, min(CAP, curve.forward * random.randint(85, 115) // 100))
    forward = random.choice([curve.forward, curve.base, index]) * random.randint(80, 120) // 100
    return {"self": curve, "guard": guard, "index_wad": index, "forward_wad": min(max(forward, 1), CAP)}


def draw_replaced(random: Random) -> dict[str, Any]:
    price = PRICE.draw(random)
    at = price.published_at + random.choice([0, 1, 60, SECS.draw(random), 2**40])
    drawn = {"index_wad": Integer(1, CAP), "premium_wad": PREMIUM, "confidence_wad": RATIO}
    rate = random.choice([0, WAD // 86_400, RATIO.draw(random)])
    values = {name: each.draw(random) for name, each in drawn.items()}
    return {"self": price, "stable_rate_wad": rate, **values, "published_at": at}


def draw_later(random: Random) -> dict[str, Any]:
    price = PRICE.draw(random)
    return {"self": price, "until_at": price.published_at + random.choice([0, 1, SECS.draw(random), 2**63])}


def draw_window(random: Random, at: int) -> dict[str, Any]:
    """An expiry whose window has begun, will begin or is over at a time, and the last price before that."""
    expiry = at + random.choice([-600, -1, 0, 1, 600, oracle.WINDOW - 1, oracle.WINDOW, oracle.WINDOW + 1, 10**6])
    price, curve = PRICE.draw(random), CURVE.draw(random)
    start_at = expiry - oracle.WINDOW
    price.published_at = min(at, expiry) - random.choice([0, 1, 59, 1000, oracle.WINDOW, 86_400])
    since = price.published_at - start_at
    curve.start_cumulative = curve.settlement = 0
    if since > 0:  # a price in the window has recorded its start
        curve.start_cumulative = Integer(1, 2**150).draw(random)
        price.cumulative = curve.start_cumulative + random.randint(0, CAP) * since
    return {"self": curve, "price": price, "expiry": expiry}


def draw_observed(random: Random) -> dict[str, Any]:
    at = NOW + random.randint(-60, 60)
    return {**draw_window(random, at), "published_at": at}
