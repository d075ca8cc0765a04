"""A seeded trader: now and then it adds, reduces, deposits or withdraws, sometimes more than it may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from crossvault.agents import AgentContext, AgentKind, AgentSetting
from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step, StepStream
from crossvault.differential.story import mark
from crossvault.mirror import account as accounts, fixed
from crossvault.mirror.account import AccountId

_GRAINS = 100


@dataclass(frozen=True, slots=True)
class TradingStyle:
    """How often it acts [wad], the most it trades of each instrument [wad], and the most cash it moves [raw]."""

    chance_wad: int
    sizes_wad: Mapping[int, int]
    cash_raw: int


@dataclass(frozen=True, slots=True)
class Trader:
    """An account with a trading style and a seed of its own."""

    account: AccountId
    style: TradingStyle
    maker: AccountId | None
    broker: str
    random: Random

    def act(self, model: Model, at: int) -> StepStream:
        """Does one thing, or nothing."""
        if self.random.randrange(fixed.WAD) >= self.style.chance_wad:
            return
        step = self._money(model, at) if self.random.randrange(3) == 0 else self._trade(model, at)
        if step is not None:
            yield step

    def _trade(self, model: Model, at: int) -> Step | None:
        if not self.style.sizes_wad or self.maker is None:
            return None
        instrument = self.random.choice(list(self.style.sizes_wad))
        size = self._part(self.style.sizes_wad[instrument])
        held = accounts.entry(model.vault.ledger.holders[self.account], instrument).size
        adds = self.random.randrange(2) == 0
        if not held:
            size = size if adds else -size
        elif adds:
            size = size if held > 0 else -size
        else:
            size = min(size, abs(held)) * (-1 if held > 0 else 1)
        return doors.trade(
            at,
            self.broker,
            maker=self.maker,
            taker=self.account,
            instrument=instrument,
            size=size,
            price_wad=mark(model, instrument, at),
        )

    def _money(self, model: Model, at: int) -> Step | None:
        if not self.style.cash_raw:
            return None
        owner, amount_raw = self.account.owner, self._part(self.style.cash_raw)
        if self.random.randrange(2) == 0:
            return doors.withdraw_cash(at, owner, account=self.account, amount_raw=amount_raw, to=owner)
        amount_raw = min(amount_raw, model.tokens[model.vault.ledger.cash.token].balance_of(owner))
        if amount_raw == 0:
            return None
        return doors.deposit_cash(at, owner, account=self.account, amount_raw=amount_raw)

    def _part(self, most: int) -> int:
        return max(1, most * self.random.randrange(1, _GRAINS + 1) // _GRAINS)


def _trader(post: AgentContext, settings: Mapping[str, Any]) -> Trader:
    style = TradingStyle(settings["chance"], settings["size"], settings["cash"])
    return Trader(post.account, style, post.maker, post.broker, post.random)


TRADER = AgentKind(
    key="taste",
    schema=(
        "TradingStylePart",
        "Trading style of a seeded trader: chance to act, largest size by instrument, largest transfer of cash.",
    ),
    settings=(AgentSetting("chance", "ratio"), AgentSetting("size", "sizes", {}), AgentSetting("cash", "cash", None)),
    make=_trader,
    stream="",
)
