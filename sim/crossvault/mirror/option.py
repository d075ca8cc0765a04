"""Price and greeks of European options: Black's formula on a forward."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from crossvault.mirror import exp, fixed, normal

YEAR = 365 * 24 * 60 * 60

_BEYOND = 100 * fixed.WAD

# A walk prices the same options again and again: checks, metrics and views of one moment, and scenarios of one price.
# Prices of 4,096 arguments (2 MB) are kept: in walks of 1,000 steps every repeated argument comes back within as many.


class OptionTerms(NamedTuple):
    """Inputs to the price of an option."""

    forward_wad: int = 0
    strike_wad: int = 0
    vol_wad: int = 0
    secs: int = 0
    discount_wad: int = 0
    is_call: bool = False


class OptionGreeks(NamedTuple):
    """Sensitivities of the price of one option."""

    delta_wad: int = 0
    gamma_wad: int = 0
    vega_wad: int = 0
    theta_wad: int = 0


def payoff(spot_wad: int, strike_wad: int, is_call: bool) -> int:
    """Payoff of an option at expiry."""
    received, paid = (spot_wad, strike_wad) if is_call else (strike_wad, spot_wad)
    return received - paid if received > paid else 0


@lru_cache(maxsize=4_096)
def discount(rate_wad: int, secs: int) -> int:
    """Discount factor: present price of one at a later time."""
    return exp.exp(-fixed.mul_div_down(rate_wad, secs, YEAR))


@lru_cache(maxsize=4_096)
def deviation(vol_wad: int, secs: int) -> int:
    """Standard deviation of the logarithm of the price at expiry."""
    return fixed.sqrt_down(fixed.mul_div_down(vol_wad * vol_wad, secs, YEAR))


@lru_cache(maxsize=4_096)
def price(terms: OptionTerms) -> int:
    """Price of one option."""
    deviation_wad = deviation(terms.vol_wad, terms.secs)
    is_priced = terms.forward_wad != 0 and terms.strike_wad != 0
    apart_wad = exp.ln(terms.forward_wad) - exp.ln(terms.strike_wad) if is_priced else 0
    found = undiscounted(terms.forward_wad, terms.strike_wad, apart_wad, deviation_wad, terms.is_call)
    return fixed.mul_div_down(found, terms.discount_wad, fixed.WAD)


@lru_cache(maxsize=4_096)
def undiscounted(forward_wad: int, strike_wad: int, apart_wad: int, deviation_wad: int, is_call: bool) -> int:
    """Undiscounted price of one option, from logarithms and a deviation that many prices share."""
    is_above = forward_wad > strike_wad
    lesser, larger = (strike_wad, forward_wad) if is_above else (forward_wad, strike_wad)
    intrinsic = larger - lesser if is_above == is_call else 0
    if deviation_wad == 0 or lesser == 0:
        return intrinsic
    distance = fixed.mul_div_down256(fixed.abs(apart_wad), fixed.WAD, deviation_wad)
    reached = normal.reach(fixed.half(deviation_wad) - distance, deviation_wad)
    return intrinsic + fixed.mul_div_down256(lesser, reached, fixed.WAD)


def greeks(terms: OptionTerms) -> OptionGreeks:
    """Sensitivities of the price of one option."""
    deviation_wad = deviation(terms.vol_wad, terms.secs)
    d = _reach(terms.forward_wad, terms.strike_wad, deviation_wad)
    if terms.forward_wad >= terms.strike_wad:
        d = deviation_wad - d
    delta = fixed.mul_div_down(normal.cdf(d if terms.is_call else -d), terms.discount_wad, fixed.WAD)
    density = fixed.mul_div_down(normal.pdf(d), terms.discount_wad, fixed.WAD)
    weight = fixed.mul_div_down(terms.forward_wad, density, fixed.WAD)
    breadth = terms.forward_wad * deviation_wad
    return OptionGreeks(
        delta_wad=delta if terms.is_call else -delta,
        gamma_wad=0 if breadth == 0 else fixed.mul_div_down(density, fixed.WAD_SQUARED, breadth),
        vega_wad=fixed.mul_div_down(weight, deviation(fixed.WAD, terms.secs), fixed.WAD),
        theta_wad=_theta(terms, weight, deviation_wad),
    )


def _reach(forward_wad: int, strike_wad: int, deviation_wad: int) -> int:
    """Distance into the money of the out-of-the-money side, in deviations."""
    if forward_wad == strike_wad:
        return fixed.mul_div_down(deviation_wad, 1, 2)
    if forward_wad == 0 or strike_wad == 0 or deviation_wad == 0:
        return -_BEYOND
    apart = fixed.abs(exp.ln(forward_wad) - exp.ln(strike_wad))
    distance = fixed.mul_div_down(apart, fixed.WAD, deviation_wad)
    return fixed.mul_div_down(deviation_wad, 1, 2) - distance


def _theta(terms: OptionTerms, weight: int, deviation_wad: int) -> int:
    """Change of the price over a year that passes."""
    if terms.secs == 0 or terms.discount_wad == 0:
        return 0
    earned = fixed.abs(exp.ln(terms.discount_wad)) * YEAR
    carry = fixed.mul_div_down(price(terms), earned, terms.secs * fixed.WAD)
    decay = fixed.mul_div_down(weight, deviation_wad * YEAR, 2 * terms.secs * fixed.WAD)
    return carry - decay
