"""A step with the state of the model around it, by which clauses decide whether the step is about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.mirror import cash, fixed, market, oracle
from crossvault.mirror.account import AccountId
from crossvault.mirror.market import MarketRisk


class ValuedPosition(NamedTuple):
    """A position of an account with the parameters and the price that it is judged by."""

    account: AccountId
    instrument: int
    size: int
    quote: int
    risk: MarketRisk
    index_wad: int
    premium: int
    confidence: int


class StateBefore(NamedTuple):
    """The state before a step: sizes of the traded instrument, auctions, and whether the vault is paused."""

    sizes: tuple[int, ...] = ()
    on_sale: bool = False
    insolvent: bool = False
    reserved_wad: int = 0
    paused: bool = False


@dataclass(slots=False)
class StepContext:
    """A step, its outcome on the model, and the model after it."""

    step: Step
    outcome: Outcome
    before: StateBefore
    model: Model

    @property
    def refused(self) -> str:
        """The name of the model's refusal, or nothing."""
        return self.outcome.refusal.name if self.outcome.refusal else ""

    @cached_property
    def held(self) -> tuple[ValuedPosition, ...]:
        """The positions of the accounts that the step names."""
        return tuple(self._held())

    @cached_property
    def borrows(self) -> bool:
        """Whether an account that the step names has less cash than nothing."""
        state, now = self.model.vault.ledger, self.step.at
        accounts = self.step.accounts()
        return any(cash.present(state.cash, state.holders[each].principal, now=now) < 0 for each in accounts)

    def changes(self) -> Iterator[tuple[int, int]]:
        """Sizes of the maker and the taker of a trade, before and after it."""
        size = self.step.args["size"]
        for before, change in zip(self.before.sizes, (-size, size), strict=True):
            yield before, before + change

    def _held(self) -> Iterator[ValuedPosition]:
        state = self.model.vault.ledger
        for account in self.step.accounts():
            for instrument in state.holders[account].instruments:
                underlying = market.underlying_of(instrument)
                position, price = state.holders[account].positions[instrument], state.prices[underlying]
                risk, printed = state.risks[underlying], (price.index, price.premium, price.confidence)
                yield ValuedPosition(account, instrument, position.size, position.quote, risk, *printed)


def before(step: Step, model: Model) -> StateBefore:
    """The state of the model before a step."""
    state = model.vault.ledger
    paused = bool(model.vault.paused)
    if step.action == "trade":
        instrument = step.args["instrument"]
        sides = (step.args["maker"], step.args["taker"])
        return StateBefore(tuple(state.holders[each].positions[instrument].size for each in sides), paused=paused)
    if "account" in step.args:
        sale = state.sales[step.args["account"]]
        return StateBefore((), sale.started_at != 0, sale.insolvent_at != 0, sale.reserved_wad, paused)
    return StateBefore(paused=paused)


def is_rising(before: int, after: int) -> bool:
    """Whether a change of size raises risk: it grows, or changes sides."""
    return abs(after) > abs(before) or before * after < 0


def size_rate(held: ValuedPosition) -> int:
    """The size term of a position [wad]."""
    return held.risk.base_rate + fixed.mul_div_up(abs(held.size), held.risk.impact_rate, held.risk.skew_scale)


def profit(held: ValuedPosition) -> int:
    """Unrealised profit of a perp at its mark [wad]."""
    mark = oracle.mark(held.index_wad, held.premium, held.risk.mark_band)
    return fixed.mul_div_floor(held.size, mark, fixed.WAD) + held.quote
