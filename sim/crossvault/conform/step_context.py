"""A step with the state of the model around it, by which clauses decide whether the step is about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.mirror import cash, fixed, market, oracle
from crossvault.mirror.account import AccountId, entry, instruments
from crossvault.mirror.market import MarketRisk
from crossvault.mirror.refusal import Refusal


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
    stable_wad: int


class StateBefore(NamedTuple):
    """The state before a step.

    sizes: of the traded instrument, maker and taker. on_sale, sale_started_at, insolvent, reserved_wad: of the
    account that the step
    names. funded: whether a perp of an account has funding to pay or to receive. published: the last price of the
    underlying that the step names. accrued_at: the last accrual of interest [unix seconds].
    """

    sizes: tuple[int, ...] = ()
    on_sale: bool = False
    sale_started_at: int = 0
    insolvent: bool = False
    reserved_wad: int = 0
    paused: bool = False
    funded: bool = False
    published: tuple[int, ...] = ()
    accrued_at: int = 0


@dataclass(slots=False)
class StepContext:
    """A step, its outcome on the model, the model after it, and the accounts that are looked at."""

    step: Step
    outcome: Outcome
    before: StateBefore
    model: Model
    accounts: tuple[AccountId, ...]

    @property
    def refused(self) -> str:
        """The name of the model's refusal, or nothing."""
        return self.outcome.refusal.name if self.outcome.refusal else ""

    @property
    def refusal(self) -> Refusal | None:
        """The model's refusal, if there is one."""
        return self.outcome.refusal

    @cached_property
    def held(self) -> tuple[ValuedPosition, ...]:
        """The positions of the accounts."""
        return tuple(self._held())

    @cached_property
    def kinds(self) -> frozenset[int]:
        """The kinds of the instruments that the accounts hold."""
        return frozenset(market.kind_of(each.instrument) for each in self.held)

    @cached_property
    def borrows(self) -> bool:
        """Whether one of the accounts has less cash than nothing."""
        state, now = self.model.vault.ledger, self.step.at
        return any(cash.present(state.cash, state.holders[each].principal, now=now) < 0 for each in self.accounts)

    def changes(self) -> Iterator[tuple[int, int]]:
        """Sizes of the maker and the taker of a trade, before and after it."""
        size = self.step.args["size"]
        for before, change in zip(self.before.sizes, (-size, size), strict=True):
            yield before, before + change

    def _held(self) -> Iterator[ValuedPosition]:
        state = self.model.vault.ledger
        for account in self.accounts:
            for instrument in instruments(state.holders[account]):
                underlying = market.underlying_of(instrument)
                position, price = entry(state.holders[account], instrument), state.prices[underlying]
                printed = (price.index, price.premium, price.confidence, price.stable)
                risk = state.risks[underlying]
                yield ValuedPosition(account, instrument, position.size, position.quote, risk, *printed)


def before(step: Step, model: Model, accounts: tuple[AccountId, ...]) -> StateBefore:
    """The state of the model before a step. accounts: those that are looked at."""
    state = model.vault.ledger
    found = StateBefore(
        paused=bool(model.vault.paused), funded=_is_funded(step, model, accounts), accrued_at=state.cash.accrued_at
    )
    if step.action == "trade":
        instrument = step.args["instrument"]
        sides = (step.args["maker"], step.args["taker"])
        return found._replace(sizes=tuple(entry(state.holders[each], instrument).size for each in sides))
    if step.action == "publish_price" and step.args["underlying"] < len(state.risks):
        return found._replace(published=state.prices[step.args["underlying"]].values())
    if "account" in step.args:
        sale = state.sales[step.args["account"]]
        return found._replace(
            on_sale=sale.started_at != 0,
            sale_started_at=sale.started_at,
            insolvent=sale.insolvent_at != 0,
            reserved_wad=sale.reserved_wad,
        )
    return found


def _is_funded(step: Step, model: Model, accounts: tuple[AccountId, ...]) -> bool:
    """Whether a perp of an account has funding to pay or to receive at a step."""
    state = model.vault.ledger
    for account in accounts:
        holder = state.holders[account]
        for instrument in instruments(holder):
            if market.kind_of(instrument) == market.PERP:
                position, track = entry(holder, instrument), state.tracks[market.underlying_of(instrument)]
                risk, price = (
                    state.risks[market.underlying_of(instrument)],
                    state.prices[market.underlying_of(instrument)],
                )
                grows = risk.funding_cap and (risk.funding_base or price.premium) and track.updated_at < step.at
                if position.size and (grows or position.funding_index != track.index):
                    return True
    return False


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
