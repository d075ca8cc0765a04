"""Formulas computed with fifty digits, written from the specification and not from the code."""

from typing import Any

from mpmath import exp, log, mp, mpf, ncdf, npdf, sqrt

from crossvault.mirror.fixed import WAD
from crossvault.mirror.option import YEAR, OptionTerms
from crossvault.mirror.surface import Svi

DIGITS = 50


def real(wad: int) -> Any:
    """Wad as a number."""
    return mpf(wad) / WAD


def mills(x: Any) -> Any:
    return ncdf(-x) / npdf(x)


def black(terms: OptionTerms) -> Any:
    """Black's formula, in wads: D * (F * N(d1) - K * N(d2)), or of a put D * (K * N(-d2) - F * N(-d1))."""
    forward, strike = real(terms.forward_wad), real(terms.strike_wad)
    return WAD * real(terms.discount_wad) * undiscounted(forward, strike, deviation(terms), terms.is_call)


def deviation(terms: OptionTerms) -> Any:
    return real(terms.vol_wad) * sqrt(mpf(terms.secs) / YEAR)


def undiscounted(forward: Any, strike: Any, spread: Any, is_call: bool) -> Any:
    sign = 1 if is_call else -1
    if not (forward and strike and spread):
        return max(sign * (forward - strike), mpf(0))
    upper = log(forward / strike) / spread + spread / 2
    price = sign * (forward * ncdf(sign * upper) - strike * ncdf(sign * (upper - spread)))
    return price if price > 0 else mpf(0)


def derivatives(terms: OptionTerms) -> tuple[Any, Any, Any, Any]:
    """Delta, gamma, vega and theta as derivatives of the formula itself, taken numerically."""
    strike, years = real(terms.strike_wad), mpf(terms.secs) / YEAR
    rate = -log(real(terms.discount_wad)) / years

    def price(forward: Any, vol: Any, time: Any) -> Any:
        return exp(-rate * time) * undiscounted(forward, strike, vol * sqrt(time), terms.is_call)

    forward, vol = real(terms.forward_wad), real(terms.vol_wad)
    with mp.workdps(2 * DIGITS):
        delta = mp.diff(lambda f: price(f, vol, years), forward)
        gamma = mp.diff(lambda f: price(f, vol, years), forward, 2)
        vega = mp.diff(lambda v: price(forward, v, years), vol)
        return delta, gamma, vega, -mp.diff(lambda t: price(forward, vol, t), years)


def variance(svi: Svi, strike_wad: int) -> Any:
    """a + b * (rho * (k - m) + sqrt((k - m)^2 + sigma^2)) with k = ln(K / F)."""
    a, b, rho, m, sigma = (real(each) for each in svi[:5])
    away = log(mpf(strike_wad) / svi.ref_forward) - m
    return a + b * (rho * away + sqrt(away**2 + sigma**2))
