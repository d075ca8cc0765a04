"""Changes of parameters that only tighten, and wait for no delay: they bind new risk and withdrawals, and sell no
account."""

from __future__ import annotations

from crossvault.mirror.collateral import HaircutTerms
from crossvault.mirror.market import MarketRisk, OptionRisk


def is_tighter_risk(was: MarketRisk, risk: MarketRisk) -> bool:
    """Whether new risk parameters only tighten."""
    is_looser = (
        risk.trade_band > was.trade_band
        or risk.initial_rate < was.initial_rate
        or risk.profit_weight > was.profit_weight
    )
    if is_looser or was == risk:
        return False
    was = was._replace(
        trade_band=risk.trade_band, initial_rate=risk.initial_rate, profit_weight=risk.profit_weight
    )  # fmt: skip
    return was == risk


def is_tighter_options(was: OptionRisk, risk: OptionRisk) -> bool:
    """Whether new risk parameters of options only tighten."""
    is_looser = (
        risk.trade_band > was.trade_band
        or risk.max_spot_rate < was.max_spot_rate
        or risk.min_spot_rate < was.min_spot_rate
    )
    is_looser = (
        is_looser
        or risk.put_initial_scale < was.put_initial_scale
        or risk.unpaired_initial < was.unpaired_initial
    )  # fmt: skip
    if is_looser or was == risk:
        return False
    was = was._replace(
        trade_band=risk.trade_band, max_spot_rate=risk.max_spot_rate, min_spot_rate=risk.min_spot_rate,
        put_initial_scale=risk.put_initial_scale, unpaired_initial=risk.unpaired_initial,
    )  # fmt: skip
    return was == risk


def is_tighter_haircut(was: HaircutTerms, terms: HaircutTerms) -> bool:
    """Whether new haircut terms only tighten."""
    if terms.haircut_initial <= was.haircut_initial:
        return False
    return was._replace(haircut_initial=terms.haircut_initial) == terms
