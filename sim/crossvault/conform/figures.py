"""The figures of a vault's state: where our interface has each, and the model's value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from crossvault.differential.model import Model
from crossvault.mirror import account as accounts, cash, market
from crossvault.mirror.account import AccountId
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.valuation import Metrics

ACCOUNT, POSITION, MARKET, VAULT = "account", "position", "market", "vault"

SCOPES: dict[str, tuple[str, ...]] = {
    ACCOUNT: ("account",), POSITION: ("account", "instrument", "underlying"), MARKET: ("instrument", "underlying"),
    VAULT: (),
}  # fmt: skip
"""The words that the phrase of a figure may use, by the subject of the figure."""


class FigureSubject(NamedTuple):
    """The subject of a query for a figure, and its time [unix seconds]."""

    at: int
    account: AccountId | None = None
    instrument: int = 0
    accounts: tuple[AccountId, ...] = ()

    @property
    def underlying(self) -> int:
        """The underlying of the instrument."""
        return market.underlying_of(self.instrument)


class Figure(NamedTuple):
    """One number: its name with its unit, its subject, the call of our interface that returns it, the model's value.

    is_state: whether it is stored, so that a difference in it goes on into all steps that follow.
    """

    name: str
    about: str
    usual: str
    model: Callable[[Model, FigureSubject], Any]
    is_state: bool


def _metric(name: str) -> Callable[[Model, FigureSubject], Any]:
    place = Metrics._fields.index(name)
    return lambda model, where: model.metrics([_known(where)], where.at)[0][place]


def _known(where: FigureSubject) -> AccountId:
    assert where.account is not None
    return where.account


def _cash(model: Model, where: FigureSubject) -> int:
    state = model.vault.ledger
    return cash.present(state.cash, state.holders[_known(where)].principal, now=where.at)


def _position(name: str) -> Callable[[Model, FigureSubject], Any]:
    return lambda model, where: getattr(
        accounts.entry(model.vault.ledger.holders[_known(where)], where.instrument), name
    )


def _sale(name: str) -> Callable[[Model, FigureSubject], Any]:
    return lambda model, where: getattr(model.vault.ledger.sales[_known(where)], name)


def _quotation(place: int) -> Callable[[Model, FigureSubject], Any]:
    def value(model: Model, where: FigureSubject) -> Any:
        try:
            return model.vault.quotation(where.instrument, now=where.at)[place]
        except Refusal as refused:
            return refused

    return value


def _maintenance(place: int) -> Callable[[Model, FigureSubject], Any]:
    def value(model: Model, where: FigureSubject) -> Any:
        try:
            return model.vault.maintenance(_known(where), now=where.at)[place]
        except Refusal as refused:
            return refused

    return value


def _shared(name: str) -> Callable[[Model, FigureSubject], Any]:
    return lambda model, where: getattr(model.snapshot(()).globals, name)


FIGURES = (
    Figure("cash_wad", ACCOUNT, "", _cash, True),
    Figure("size", POSITION, "", _position("size"), True),
    Figure("quote", POSITION, "", _position("quote"), True),
    Figure("equity_wad", ACCOUNT, "metrics(account).equity_wad", _metric("equity_wad"), False),
    Figure("initial_equity_wad", ACCOUNT, "metrics(account).initial_equity_wad", _metric("initial_equity_wad"), False),
    Figure("maintenance_equity_wad", ACCOUNT, "metrics(account).maintenance_equity_wad",
           _metric("maintenance_equity_wad"), False),
    Figure("initial_requirement_wad", ACCOUNT, "metrics(account).initial_requirement_wad",
           _metric("initial_requirement_wad"), False),
    Figure("maintenance_requirement_wad", ACCOUNT, "metrics(account).maintenance_requirement_wad",
           _metric("maintenance_requirement_wad"), False),
    Figure("health_wad", ACCOUNT, "metrics(account).health_wad", _metric("health_wad"), False),
    Figure("free_collateral_wad", ACCOUNT, "metrics(account).free_collateral_wad", _metric("free_collateral_wad"),
           False),
    Figure("leverage_wad", ACCOUNT, "metrics(account).leverage_wad", _metric("leverage_wad"), False),
    Figure("initial_margin_wad", ACCOUNT, "initialMargin(account)",
           lambda model, where: model.vault.initial_margin(_known(where), now=where.at), False),
    Figure("maintenance_margin_wad", ACCOUNT, "maintenance(account).marginWad", _maintenance(1), False),
    Figure("sale_started_at", ACCOUNT, "", _sale("started_at"), True),
    Figure("sale_insolvent_at", ACCOUNT, "", _sale("insolvent_at"), True),
    Figure("sale_reserved_wad", ACCOUNT, "", _sale("reserved_wad"), True),
    Figure("sale_deficit_wad", ACCOUNT, "", _sale("deficit_wad"), True),
    Figure("mark_wad", MARKET, "quotation(instrument).markWad", _quotation(0), False),
    Figure("band_wad", MARKET, "quotation(instrument).bandWad", _quotation(1), False),
    Figure("owner", VAULT, "owner()", _shared("owner"), True),
    Figure("guardian", VAULT, "guardian()", _shared("guardian"), True),
    Figure("paused", VAULT, "paused()", _shared("paused"), True),
    Figure("insurance_wad", VAULT, "", _shared("insurance_wad"), True),
    Figure("deficit_wad", VAULT, "", _shared("deficit_wad"), True),
)  # fmt: skip

BY_NAME = {each.name: each for each in FIGURES}
SNAPSHOT = Figure("snapshot", VAULT, "snapshot(ids)", lambda model, where: tuple(model.snapshot(where.accounts)), True)
"""The whole state in one call, where a vault returns it as ours does: more than all figures together."""


def about_of(figure: Figure, place: FigureSubject) -> tuple[Any, ...] | None:
    """The part of a subject that a figure is about; None where the subject lacks it."""
    alone = {ACCOUNT: (place.account,), MARKET: (place.instrument,), VAULT: ()}
    about = (place.account, place.instrument) if figure.about == POSITION else alone[figure.about]
    return about if all(about) else None
