"""The kinds of known attacks as a search may find them: a detector for each, for its measurement only.

The search knows none of them: it has alarms by rules, and these read which story one of its finds is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from crossvault.attack.market_draw import WAD, MarketDraw
from crossvault.attack.market_opening import BAR, COALITION, LIQUIDATOR, OLDT, PRICED_BY, old_secs
from crossvault.attack.price_path import START_AT
from crossvault.differential.step import Step


class Found(NamedTuple):
    """A reading of an alarm, its circumstance, the market, the accepted steps until it, and its money [wad]."""

    alarm: str
    circumstance: str
    draw: MarketDraw
    steps: Sequence[Step]
    money_wad: int = 0

    def has(self, *words: str) -> bool:
        """Whether the circumstance has all of some words."""
        return all(word in self.circumstance for word in words)

    @property
    def is_calm(self) -> bool:
        """Whether the last print is the true price."""
        return not self.has("waits") and not self.has("misprint")

    def deposits(self, collateral: int) -> bool:
        """Whether the coalition paid in a collateral."""
        return any(step.action == "deposit_collateral" and step.args["collateral"] == collateral for step in self.steps)

    @property
    def deposits_stale(self) -> bool:
        """Whether the coalition paid in the collateral of the feed that stops after it had."""
        printed_at = START_AT  # in the opening
        for step in self.steps:
            if step.action == "publish_price" and step.args["underlying"] == PRICED_BY[OLDT]:
                printed_at = step.args["published_at"]
            is_deposit = step.action == "deposit_collateral" and step.args["collateral"] == OLDT
            if is_deposit and step.at - printed_at > old_secs(self.draw):
                return True
        return False

    @property
    def within_jump(self) -> bool:
        """Whether a last trade gains no more than what the guard lets a price be wrong by: a tenth of its notional."""
        last = self.steps[-1]
        return last.action == "trade" and self.money_wad <= abs(last.args["size"]) * last.args["price_wad"] // WAD // 10

    @property
    def is_declared(self) -> bool:
        """Whether the account of the last bid was declared insolvent."""
        account = self.steps[-1].args.get("account")
        return any(step.action == "declare_insolvent" and step.args["account"] == account for step in self.steps)

    @property
    def shuts_out(self) -> bool:
        """Whether the account of the last bid named the liquidator its operator."""
        account = self.steps[-1].args.get("account")
        return account in COALITION and any(
            step.action == "set_operator" and step.args["operator"] == LIQUIDATOR.owner
            and step.args["account"] == account and step.args["allowed"]
            for step in self.steps
        )  # fmt: skip


def _edge(found: Found) -> bool:
    return found.alarm in ("debt", "profit") and found.circumstance.startswith("trade")


def _gained(found: Found, *words: str) -> bool:
    return found.alarm == "profit" and found.has(*words)


KINDS: Mapping[str, Callable[[Found], bool]] = {
    "close-into-debt": lambda f: _edge(f) and f.is_calm and not f.has("could not be liquidated"),
    "shipped-preset": lambda f: _edge(f) and f.is_calm and f.has("could not be liquidated") and f.draw.rates != "plain",
    "guard-bypassed": lambda f: _edge(f) and f.has("misprint (spike, with a guard)") and not f.within_jump,
    "stale-dust-shield": lambda f: f.alarm == "shield" and f.has("StalePrice") and f.deposits_stale,
    "dust-of-a-dead-feed": lambda f: f.alarm == "shield" and f.has("StalePrice") and not f.deposits_stale,
    "operator-shield": lambda f: (
        _gained(f, "bid, for its own account") and f.is_calm and f.shuts_out and f.draw.order != "no liquidator"
    ),
    "guard-free-option": lambda f: _gained(f, "withdraw cash, while a print waits, as a loan"),
    "guard-twin": lambda f: _gained(f, "trade, while a print waits") and f.draw.misprint == "none",
    "misprint-within-max-jump": lambda f: (
        f.alarm == "profit"
        and f.draw.misprint != "none"
        and f.within_jump
        and f.has("trade")
        and (f.has("with a guard") or f.has("while a print waits"))
    ),
    "guard-ladder": lambda f: (
        (_gained(f, "misprint (ladder, with a guard)") or _gained(f, "misprint (forward"))
        and f.draw.confirm_secs != 0
        and not f.within_jump
    ),
    "jump-exit": lambda f: _gained(f, "withdraw cash, while a print waits, with a position"),
    "clock-through-pause": lambda f: (
        _gained(f, "bid, for a stranger, after time without bids") and not f.draw.dead.prints
    ),
    "clock-through-stale": lambda f: (
        _gained(f, "bid, for a stranger, after time without bids") and not f.draw.pause.prints
    ),
    "recovered-confiscated": lambda f: _gained(f, "bid, for a stranger, worth something") and not f.is_declared,
    "payout-solvent": lambda f: _gained(f, "bid, for a stranger, worth something") and f.is_declared,
    "cent-stops-all": lambda f: f.alarm == "lock",
    "run-before-note": lambda f: f.alarm == "hole" and f.has("before the note"),
    "phantom-insurance": lambda f: f.alarm == "hole" and f.has("unpaid interest"),
    "profit-paid-by-lenders": lambda f: f.alarm == "drain",
    "dead-feed-funding": lambda f: f.alarm == "idle",
    "caps-per-account": lambda f: f.alarm == "split",
    "operator-is-custodian": lambda f: _gained(f, "withdraw cash", "as operator"),
    "close-in-pause": lambda f: f.alarm == "paused",
    "zero-decimals": lambda f: _gained(f, "bid, for its own account, by others") and f.deposits(BAR),
}
"""By the name of its story; `basis-of-futures` has none: no alarm compares an account with its synthetic equal."""
