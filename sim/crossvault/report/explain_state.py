"""Holdings and margin of an account, as rows that can be compared before and after a step."""

from __future__ import annotations

from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.differential.step import instrument_name
from crossvault.differential.story import mark
from crossvault.mirror import cash, fixed, funding, ledger, market, surface, valuation
from crossvault.mirror.account import Entry
from crossvault.mirror.lens import AccountState
from crossvault.mirror.valuation import Metrics
from crossvault.report.figures import amount, percent, ratio, span, usd, utc
from crossvault.report.margin_terms import account_terms, term

MODES = ("standard", "portfolio")


class FieldChange(NamedTuple):
    """A field of an account before and after a step, as text."""

    field: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether the shown text changed."""
        return self.before != self.after


def description(model: Model, state: AccountState, metrics: Metrics, at: int) -> dict[str, str]:
    """The fields of an account and their values as text, at a time [unix seconds]."""
    image = state.image
    found = {"margin mode": MODES[image.mode]}
    found["cash"] = usd(cash.present(model.vault.ledger.cash, image.principal, now=at))
    for asset, balance_raw in zip(model.vault.ledger.assets, image.balances, strict=True):
        if balance_raw:
            found[asset.token] = amount(balance_raw, asset.decimals)
    names = model.vault.ledger.names
    found |= {instrument_name(entry.instrument, names): _position(model, entry, at) for entry in sorted(image.entries)}
    amounts = account_terms(metrics)._asdict()
    found |= {term(name): ratio(wad) if name == "health_wad" else usd(wad) for name, wad in amounts.items()}
    found["leverage"] = ratio(metrics.leverage_wad)
    started_at, insolvent_at, _, reserved_wad, deficit_wad = state.sale
    if started_at:
        found["for sale since"] = utc(started_at)
        found["reserved cash"] = usd(reserved_wad)
    if insolvent_at:
        found["insolvent since"] = utc(insolvent_at)
        found["deficit"] = usd(deficit_wad)
    return found


def rows(before: dict[str, str], after: dict[str, str]) -> list[FieldChange]:
    """The fields of both descriptions, before and after."""
    return [
        FieldChange(name, before.get(name, "none"), after.get(name, "none"))
        for name in dict.fromkeys((*before, *after))
    ]


def _position(model: Model, entry: Entry, at: int) -> str:
    """A position: size, entry, mark, value, and the inputs of its mark."""
    state, kind = model.vault.ledger, market.kind_of(entry.instrument)
    grown = ledger.funding_index(state, entry.instrument, now=at) - entry.funding_index
    received, mark_wad = funding.payment(entry.size, grown), mark(model, entry.instrument, at)
    value_wad = fixed.mul_div_floor(entry.size, mark_wad, fixed.WAD) + entry.quote + received
    text = amount(entry.size)
    if not market.is_option(kind):
        text += f" from {usd(abs(entry.quote) * fixed.WAD // abs(entry.size))}"
    settled = kind != market.PERP and valuation.curve_of(state, entry.instrument).settlement
    text += f", {'settles at' if settled else 'mark'} {usd(mark_wad)}, value {usd(value_wad)}"
    if received:
        text += f", funding due {usd(received)}"
    return text if settled or not market.is_option(kind) else text + _inputs(model, entry.instrument, at)


def _inputs(model: Model, instrument: int, at: int) -> str:
    """The inputs of the mark of an option."""
    underlying, expiry = market.underlying_of(instrument), market.expiry_of(instrument)
    curve = valuation.curve_of(model.vault.ledger, instrument)
    forward_wad = mark(model, market.instrument_of(underlying, market.FUTURE, expiry, 0), at)
    if not curve.surface_published_at:
        return f", forward {usd(forward_wad)}"
    vol_wad = surface.vol(curve.svi, market.strike_of(instrument))
    return f", forward {usd(forward_wad)}, volatility {percent(vol_wad)}, {span(max(0, expiry - at))} left"
