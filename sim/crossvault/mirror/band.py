"""Prices at which an instrument may be traded."""

from __future__ import annotations

from crossvault.mirror import fixed, ledger, market, oracle, valuation
from crossvault.mirror.ledger import State
from crossvault.mirror.margin import Book
from crossvault.mirror.standard import Exposure

VALUE_FLOOR = 10**15


def quotation(self: State, instrument: int, *, now: int) -> tuple[int, int]:
    """Mark price of an instrument, and the widest distance of a trade from it."""
    ledger.require_traded(self, instrument, now=now)
    underlying = market.underlying_of(instrument)
    valued = Book(cash_wad=0, holdings=[], exposures=[Exposure() for _ in self.risks], lines=[])
    exposure = valuation.load(self, valued, underlying, now=now)
    kind = market.kind_of(instrument)
    if market.is_option(kind):
        valued.lines = [valuation.option_line(self, valued, instrument, 0, now=now)]
        valuation.mark_options(self, valued.lines)
        mark_wad = valued.lines[0].mark_wad
        band_wad = option_band(exposure, mark_wad)
    else:
        if kind == market.PERP:
            mark_wad = oracle.mark(exposure.index_wad, self.prices[underlying].premium, exposure.risk.mark_band)
        else:
            mark_wad, _ = valuation.forward(self, valued, instrument, now=now)
        band_wad = fixed.mul_div_down(mark_wad, exposure.risk.trade_band, fixed.WAD)
    valuation.require_fresh(valued)
    return mark_wad, band_wad


def option_band(exposure: Exposure, mark_wad: int) -> int:
    """Widest distance of a trade in an option from its mark."""
    band_wad = fixed.mul_div_down(exposure.index_wad, exposure.option_risk.trade_band, fixed.WAD)
    value_band = exposure.option_risk.value_band
    if value_band == 0:
        return band_wad
    floor_wad = fixed.mul_div_down(exposure.index_wad, VALUE_FLOOR, fixed.WAD)
    return fixed.min(band_wad, fixed.mul_div_down(mark_wad, value_band, fixed.WAD) + floor_wad)
