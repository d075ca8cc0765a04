"""What an account holds and how it stands, as rows that can be compared before and after a step."""

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

MODES = ("by standard", "by portfolio")


class FieldChange(NamedTuple):
    """A field of an account before and after a step, as text."""

    field: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether the step changed what is shown."""
        return self.before != self.after


def described(model: Model, state: AccountState, metrics: Metrics, at: int) -> dict[str, str]:
    """The fields of an account and what they hold at a time [unix seconds]."""
    image = state.image
    found = {"margin": MODES[image.mode]}
    found["cash"] = usd(cash.present(model.vault.ledger.cash, image.principal, now=at))
    for asset, balance_raw in zip(model.vault.ledger.assets, image.balances, strict=True):
        if balance_raw:
            found[asset.token] = amount(balance_raw, asset.decimals)
    names = model.vault.ledger.names
    found |= {instrument_name(entry.instrument, names): _position(model, entry, at) for entry in sorted(image.entries)}
    found["equity"] = usd(metrics.equity_wad)
    found["counts, initial"] = usd(metrics.initial_equity_wad)
    found["required, initial"] = usd(metrics.initial_requirement_wad)
    found["counts, maintenance"] = usd(metrics.maintenance_equity_wad)
    found["required, maintenance"] = usd(metrics.maintenance_requirement_wad)
    found["health"] = ratio(metrics.health_wad)
    found["leverage"] = ratio(metrics.leverage_wad)
    started_at, insolvent_at, reserved_wad, deficit_wad = state.sale
    if started_at:
        found["for sale since"] = utc(started_at)
        found["reserved cash"] = usd(reserved_wad)
    if insolvent_at:
        found["insolvent since"] = utc(insolvent_at)
        found["deficit"] = usd(deficit_wad)
    return found


def rows(before: dict[str, str], after: dict[str, str]) -> list[FieldChange]:
    """The fields of both descriptions, side by side."""
    return [
        FieldChange(name, before.get(name, "none"), after.get(name, "none"))
        for name in dict.fromkeys((*before, *after))
    ]


def _position(model: Model, entry: Entry, at: int) -> str:
    """A position: size, entry, mark, value, and what its mark or value is made of."""
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
    return text if settled or not market.is_option(kind) else text + _behind(model, entry.instrument, at)


def _behind(model: Model, instrument: int, at: int) -> str:
    """What the mark of an option is made of."""
    underlying, expiry = market.underlying_of(instrument), market.expiry_of(instrument)
    curve = valuation.curve_of(model.vault.ledger, instrument)
    forward_wad = mark(model, market.instrument_of(underlying, market.FUTURE, expiry, 0), at)
    if not curve.surface_published_at:
        return f", forward {usd(forward_wad)}"
    vol_wad = surface.vol(curve.svi, market.strike_of(instrument))
    return f", forward {usd(forward_wad)}, volatility {percent(vol_wad)}, {span(max(0, expiry - at))} left"
