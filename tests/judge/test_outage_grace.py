"""The grace time after an outage and the price floor, on paper: who waits, until when, and what a late bid pays.

alice holds 100 ETH bought at 2,000 and 20,000 of cash: 5,000 at 1,850 and -1,000 at 1,790.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossvault.mirror import liquidation
from crossvault.mirror.auction import Auction
from judged import breaches, written

STORY = """\
name: outage
about: an outage ends
starts: 2024-01-01T00:00:00Z
world:
  quote: {name: USDC, decimals: 6}
  auction: {buffer: 25 %, start: 90 %, knee: 50 %, fast: 20m, slow: 40m, insolvent: 20m, grace: 10m, floor: FLOOR}
  underlyings:
    ETH: {heartbeat: 3h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
prices:
  ETH: {at: {+0h: "2,000 USD", PRINTS}}
insurance: 30,000 USDC
actors:
  maker: {kind: maker, deposits: ["100,000 USDC"]}
  alice: {deposits: ["20,000 USDC"], wallet: ["5,000 USDC"], positions: {ETH-PERP: 100 ETH}}
  lin: {deposits: ["100,000 USDC"]}
steps:
"""
PAUSE = "  - {at: +30m, do: pause, by: guardian}\n  - {at: +1h 30m, do: unpause, by: governor}\n"
FALLEN, GONE = '+1h: "1,850 USD", +4h 30m: "1,850 USD"', '+1h: "1,790 USD"'


def refused(at: str, do: str, until: str) -> str:
    """A step that is refused until a number of seconds after the story's start."""
    return f"  - {{at: {at}, do: {do}, expect: {{refused: {{OutageGrace: {{account: alice, until at: {until}}}}}}}}}\n"


START, BID = "start liquidation, account: alice", "bid, account: alice, bidder: lin, fraction: 1 %"
CASES = {
    "a solvent account waits to the second": (
        FALLEN,
        PAUSE
        + refused("+1h 30m", START, "+1h 40m")
        + refused("+1h 39m 59s", START, "+1h 40m")
        + f"  - {{at: +1h 40m, do: {START}}}\n  - {{do: {BID}}}\n",
    ),
    "a bid waits after a gap of what is on sale": (
        FALLEN,
        f"  - {{at: +1h, do: {START}}}\n"
        + refused("+4h 30m", BID, "+4h 40m")
        + f"  - {{at: +4h 40m, do: {BID}}}\n",
    ),
    "an insolvent account does not": (GONE, PAUSE + f"  - {{at: +1h 30m, do: {START}}}\n  - {{do: {BID}}}\n"),
    "a declaration does not": (
        FALLEN.replace("+4h 30m", "+1h 45m: \"1,790 USD\", +4h 30m"),
        f"  - {{at: +1h, do: {START}}}\n  - {{at: +1h 30m, do: pause, by: guardian}}\n"
        "  - {at: +1h 46m, do: unpause, by: governor}\n  - {do: declare insolvent, account: alice}\n",
    ),
    "who has recovered starts anew, and is not sold": (
        GONE,
        f"  - {{at: +1h, do: {START}}}\n  - {{at: +1h 10m, do: pause, by: guardian}}\n"
        "  - {do: deposit, account: alice, amount: \"5,000 USDC\"}\n  - {at: +1h 30m, do: unpause, by: governor}\n"
        + refused("+1h 30m", BID, "+1h 40m")
        + f"  - {{do: {START}, expect: {{deficit: 0 USDC}}}}\n"
        + refused("+1h 39m 59s", BID, "+1h 40m")
        + f"  - {{at: +1h 40m, do: {BID}}}\n",
    ),
}  # fmt: skip
LATE = (
    f"  - {{at: +1h, do: {START}}}\n"
    # an hour after the start d is 0 without a floor; 6,562.5 / (6,562.5 + 5,000 * 20 %) of 5,000, a fifth paid
    '  - {at: +2h, do: bid, account: alice, bidder: lin, expect: {equity of lin: "~ 103,471.07 USDC"}}\n'
)


def story(folder: Path, prints: str, steps: str, floor: str = "0 %") -> Any:
    return written(folder, STORY.replace("PRINTS", prints).replace("FLOOR", floor) + steps)


@pytest.mark.parametrize("name", CASES)
def test_the_grace_time_is_the_owners(name: str, tmp_path: Path) -> None:
    assert breaches(story(tmp_path, *CASES[name]), "V21", "V22", "V23", "V26", "V30") == []


def test_a_late_bid_pays_the_floor(tmp_path: Path) -> None:
    assert breaches(story(tmp_path, FALLEN, LATE, "20 %"), "V21", "V22", "V23", "V28") == []


SOLD, BOUGHT = f"  - {{at: +1h 30m, do: {START}}}\n  - {{do: {BID}}}\n", f"  - {{at: +2h, do: {BID}}}\n"
PLANTS: dict[str, tuple[str, str, Any, str, Callable[..., Any]]] = {
    "no grace time": ("V30", PAUSE + SOLD, Auction, "require_grace_over", lambda *_, **__: None),
    "no floor": ("V22", f"  - {{at: +1h, do: {START}}}\n" + BOUGHT, liquidation, "discount", lambda *_: 0),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_mistake_breaks_its_rule(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number, steps, owner, attribute, planted = PLANTS[name]
    monkeypatch.setattr(owner, attribute, planted)
    assert number in {each.number for each in breaches(story(tmp_path, FALLEN, steps, "20 %"), number)}
