"""The spans of a market in which no bid can be made: pauses, and prices that are stale."""

from __future__ import annotations

from collections.abc import Sequence

from crossvault.attack.market_draw import MarketDraw
from crossvault.attack.price_path import ETH, START_AT, MarketEvent


def silent_spans(draw: MarketDraw, events: Sequence[MarketEvent]) -> list[tuple[int, int]]:
    """The spans, each from and until [unix seconds], apart from each other."""
    found, paused_at, last = [], 0, START_AT
    for event in events:
        prints = [step for step in event.steps if step.action == "publish_price" and step.args["underlying"] == ETH]
        if prints:
            if event.at - last > draw.heartbeat_secs:
                found.append((last + draw.heartbeat_secs, event.at))
            last = event.at
        if event.name == "pause":
            paused_at = event.at
        elif event.name == "unpause":
            found.append((paused_at, event.at))
    return _merged(found)


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for first, until in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(until, found[-1][1])
        else:
            found.append((first, until))
    return found
