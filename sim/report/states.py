"""What an account holds and how it stands, as rows that can be compared before and after a step."""

from __future__ import annotations

from typing import NamedTuple

from sim.mirror import cash, market, oracle
from sim.mirror.account import Image
from sim.mirror.lens import AccountState
from sim.mirror.valuation import Metrics
from sim.model import Model
from sim.report.figures import amount, ratio, usd, utc
from sim.side import instrument_name


class Row(NamedTuple):
    """A field of an account before and after a step, as text."""

    field: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether the step changed what is shown."""
        return self.before != self.after


def described(model: Model, state: AccountState, metrics: Metrics) -> dict[str, str]:
    """The fields of an account and what they hold now."""
    image = state.image
    found = {"cash": usd(cash.present(model.vault.ledger.cash, image.principal))}
    for asset, balance_raw in zip(model.vault.ledger.assets, image.balances, strict=True):
        if balance_raw:
            found[asset.token] = amount(balance_raw, asset.decimals)
    found |= _positions(model, image)
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


def rows(before: dict[str, str], after: dict[str, str]) -> list[Row]:
    """The fields of both descriptions, side by side."""
    return [Row(name, before.get(name, "none"), after.get(name, "none")) for name in dict.fromkeys((*before, *after))]


def _positions(model: Model, image: Image) -> dict[str, str]:
    ledger = model.vault.ledger
    found = {}
    for entry in sorted(image.entries):
        underlying = market.underlying_of(entry.instrument)
        price = ledger.prices[underlying]
        mark = oracle.mark(price.index, price.premium, ledger.risks[underlying].mark_band)
        at = usd(abs(entry.quote) * 10**18 // abs(entry.size))
        found[instrument_name(entry.instrument, ledger.names)] = f"{amount(entry.size)} from {at}, mark {usd(mark)}"
    return found
