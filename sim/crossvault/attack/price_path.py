"""The events of a drawn market in order of time: prints, misprints, pauses, and the true price at each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from crossvault.attack.market_draw import DAYS, PRINTS, WAD, MarketDraw
from crossvault.differential import doors
from crossvault.differential.step import Step
from crossvault.mirror.cash import YEAR
from crossvault.mirror.surface import Svi

START_AT = 1_700_000_000
ETH, OLD, GOLD = range(3)
FIRST_PRICES = {ETH: 2_000 * WAD, OLD: WAD, GOLD: 1_300 * WAD}
FEEDER, GUARDIAN, GOVERNOR = "feeder", "guardian", "governor"
EXPIRY_HOURS = 5
_VOL = 6 * WAD // 10
_OLD_LIVES = 5  # prints of the feed that stops
_RUNGS = 8
_CONFIRM_LATER = 120


StepsAt = Callable[[int], tuple[Step, ...]]


class MarketEvent(NamedTuple):
    """Steps of others at a moment [unix seconds], the true price of each underlying after them [wad], and a name."""

    at: int
    steps: tuple[Step, ...]
    true_wad: Mapping[int, int]
    name: str


def expiry_of(draw: MarketDraw) -> int:
    """The expiry of the future and the options [unix seconds]."""
    return START_AT + (300 * 86_400 if draw.every_secs == DAYS else EXPIRY_HOURS * 3_600)


def print_of(at: int, underlying: int, index_wad: int, premium_wad: int = 0) -> Step:
    """A print of an index price, with certainty."""
    return doors.publish_price(
        at, FEEDER, underlying=underlying, index_wad=index_wad, premium_wad=premium_wad, confidence_wad=WAD,
        published_at=at,
    )  # fmt: skip


def forward_of(at: int, draw: MarketDraw, forward_wad: int) -> Step:
    """A print of the forward of the expiry."""
    return doors.publish_forward(
        at, FEEDER, underlying=ETH, expiry=expiry_of(draw), forward_wad=forward_wad, rate_wad=0, confidence_wad=WAD,
        published_at=at,
    )  # fmt: skip


def surface_of(at: int, draw: MarketDraw) -> Step:
    """A print of the surface of the expiry, which is flat."""
    expiry = expiry_of(draw)
    secs = expiry - START_AT
    flat = Svi(_VOL * _VOL // WAD * secs // YEAR, 0, 0, 0, 0, secs, FIRST_PRICES[ETH])
    return doors.publish_surface(
        at, FEEDER, underlying=ETH, expiry=expiry, svi=flat, confidence_wad=WAD, published_at=at
    )


def premium_of(draw: MarketDraw) -> int:
    """The premium of the perp on ETH [wad]: some where there is funding."""
    return 20 * WAD if draw.has_funding else 0


def prices(draw: MarketDraw) -> list[int]:
    """The true price of ETH at each print [wad]: no move but the jump is beyond 2 %."""
    random = Random(f"prices {draw.seed}")
    found = [FIRST_PRICES[ETH]]
    for number in range(1, PRINTS + 1):
        last = found[-1]
        bps = max(-200, min(200, draw.trend_bps + random.randrange(-100, 101)))
        if draw.dead.has(number) or (draw.dead.prints and number == draw.dead.first + draw.dead.prints):
            bps = 0
        if draw.jump != "none" and number >= draw.jump_at:
            bps = _after_jump(draw, number - draw.jump_at, bps)
        found.append(last + last * bps // 10_000)
    return found


def _after_jump(draw: MarketDraw, since: int, bps: int) -> int:
    """The move of a print, from the jump on."""
    if since == 0:
        return draw.jump_pct * 100
    if draw.jump == "running" and since <= 3:
        return -1_200 if draw.jump_pct < 0 else 1_300
    if draw.jump == "rebound" and since == 2:
        return -draw.jump_pct * 65
    return bps if since > 2 else 0


def events(draw: MarketDraw) -> list[MarketEvent]:
    """All events after the opening of the market."""
    found = list(_prints(draw))
    if draw.pause.prints:
        first, prints = draw.pause
        found.append(_event(draw, found, first, 1, lambda at: (doors.pause(at, GUARDIAN),), "pause"))
        found.append(_event(draw, found, first + prints, 1, lambda at: (doors.unpause(at, GOVERNOR),), "unpause"))
    if draw.misprint != "none":
        found += _misprints(draw, found)
    return sorted(found, key=_moment)


def _moment(event: MarketEvent) -> int:
    return event.at


def _prints(draw: MarketDraw) -> Iterator[MarketEvent]:
    for number, price_wad in enumerate(prices(draw)):
        if number == 0 or draw.dead.has(number):
            continue
        at = START_AT + number * draw.every_secs
        name = "jump" if draw.jump != "none" and number == draw.jump_at else "print"
        yield MarketEvent(at, _printed(draw, at, number, price_wad), {ETH: price_wad}, name)
        if draw.confirm_secs and draw.jump in ("confirmed", "rebound") and number == draw.jump_at:
            later = at + max(_CONFIRM_LATER, draw.confirm_secs)
            if later < at + draw.every_secs:
                yield MarketEvent(later, _printed(draw, later, number, price_wad), {ETH: price_wad}, "confirmation")


def _printed(draw: MarketDraw, at: int, number: int, price_wad: int) -> tuple[Step, ...]:
    steps = [print_of(at, ETH, price_wad, premium_of(draw))]
    if draw.has_old and number <= _OLD_LIVES:
        steps.append(print_of(at, OLD, FIRST_PRICES[OLD]))
    if draw.has_bar:
        steps.append(print_of(at, GOLD, FIRST_PRICES[GOLD]))
    if draw.has_dated and at < expiry_of(draw):
        steps += [forward_of(at, draw, price_wad), surface_of(at, draw)]
    return tuple(steps)


def _event(
    draw: MarketDraw, found: list[MarketEvent], number: int, later_secs: int, steps: StepsAt, name: str
) -> MarketEvent:
    """An event some seconds after a print. steps: made for its time."""
    at = START_AT + number * draw.every_secs + later_secs
    before = [each for each in found if each.at <= at]
    true_wad = max(before, key=_moment).true_wad if before else {ETH: FIRST_PRICES[ETH]}
    return MarketEvent(at, steps(at), true_wad, name)


def _misprints(draw: MarketDraw, found: list[MarketEvent]) -> Iterator[MarketEvent]:
    """Prints that are wrong for a second."""
    before = [each for each in found if each.at <= START_AT + draw.misprint_at * draw.every_secs]
    true_wad = max(before, key=_moment).true_wad[ETH] if before else FIRST_PRICES[ETH]
    rungs = [true_wad]
    for _ in range(_RUNGS if draw.misprint == "ladder" else 1):
        rungs.append(rungs[-1] + rungs[-1] * 99 // 1_000)
    if draw.misprint == "forward" and not draw.has_dated:
        return

    def printed(prices_wad: Sequence[int]) -> StepsAt:
        if draw.misprint == "forward":
            return lambda at: (forward_of(at, draw, true_wad if prices_wad[-1] == true_wad else 3 * true_wad),)
        return lambda at: tuple(print_of(at, ETH, each, premium_of(draw)) for each in prices_wad)

    wrong, right = printed(rungs[1:]), printed(rungs[-2::-1])
    yield _event(draw, found, draw.misprint_at, 2, wrong, f"misprint: {draw.misprint}")
    yield _event(draw, found, draw.misprint_at, 3, right, "print")
