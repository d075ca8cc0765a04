"""Profit of an account in one underlying in each scenario of portfolio margin, within the stated errors of prices."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.bracket import Bracket
from crossvault.judge.decimals import FIFTY, UNIT, Uncertain, ceiled, floored, value_of_time, vol_of_strike
from crossvault.judge.marks import payoff
from crossvault.judge.rounding import WAD, YEAR, ceiling
from crossvault.judge.shocks import ABSOLUTE, LINEAR, STILL, shocked_vol, static_discounts, vol_shape

if TYPE_CHECKING:
    from crossvault.judge.books import Books, CurveBook
    from crossvault.judge.exposures import ValuedAccount, ValuedFuture, ValuedOption
    from crossvault.mirror.portfolio import PortfolioRisk
    from crossvault.mirror.shock import Scenario

_STEEPEST = Decimal("0.4")
_PRICE_ERROR = Decimal("1e-17")
_WEI = Decimal("1e-18")
_UNDISCOUNTED = Bracket(WAD, WAD)


class ScenarioProfits(NamedTuple):
    """Profit of one underlying in each scenario, and its loss from basis moves of forwards, not positive [wad]."""

    profits: tuple[Bracket, ...]
    basis: Bracket


def scenario_profits(books: Books, held: ValuedAccount, number: int) -> ScenarioProfits:
    """damp * (net * shock + collateral * shock + sum over expiries of the change of value), rounded down."""
    scenarios, risk = books.rules.scenarios, books.underlyings[number].model
    exposure = held.exposures.get(number)
    floating, hedged = exposure.floating if exposure else 0, hedge_wad(held, number)
    exact = [hedged * each.spot_shock + floating * each.spot_shock // WAD for each in scenarios]
    changes, basis = [Bracket.of(each) for each in exact], Bracket(0, 0)
    dated = by_expiry(held, number)
    futures = [each for each in held.futures if each.underlying == number]
    for expiry in {**dated, **dict.fromkeys(each.expiry for each in futures)}:
        curve = books.curve(number, expiry)
        assert curve is not None
        options, linear = dated.get(expiry, []), [each for each in futures if each.expiry == expiry]
        term = PricedTerm(curve, options, linear, risk)
        if options:
            changes = [sum_.plus(term.change(each)) for sum_, each in zip(changes, scenarios, strict=True)]
        basis = basis.plus(term.basis())
    damped = [scaled(each, int(scenario.dampening)) for each, scenario in zip(changes, scenarios, strict=True)]
    return ScenarioProfits(tuple(damped), basis)


def hedge_wad(held: ValuedAccount, number: int) -> int:
    """Collateral that an underlying prices, up to its cap [wad]."""
    return sum(
        min(each.value_wad, each.book.terms.cap_wad) for each in held.collateral if each.book.underlying == number
    )


def by_expiry(held: ValuedAccount, number: int) -> dict[int, list[ValuedOption]]:
    """The options of an account on an underlying, by expiry."""
    found: dict[int, list[ValuedOption]] = {}
    for option in held.options:
        if option.underlying == number:
            found.setdefault(option.expiry, []).append(option)
    return found


def scaled(value: Bracket, factor_wad: int) -> Bracket:
    """A product of three wads with a factor that is not negative, rounded down [wad]."""
    return Bracket(value.low * factor_wad // WAD**2, value.high * factor_wad // WAD**2)


class PricedTerm:
    """The options and futures of one expiry, options priced at a shocked forward and shocked vols."""

    def __init__(
        self, curve: CurveBook, options: Sequence[ValuedOption], futures: Sequence[ValuedFuture], risk: PortfolioRisk
    ) -> None:
        first = options[0] if options else futures[0]
        self._future_size = sum(each.size for each in futures)
        self._curve, self._options, self._risk, self._secs = curve, options, risk, first.secs
        self._fixed, self._floating = first.fixed, first.forward - first.fixed
        self._discount = discount(curve.rate, first.secs)
        self._now = Bracket(0, 0)
        for each in options:
            self._now = self._now.plus(sized(each.size, each.mark))

    def change(self, scenario: Scenario) -> Bracket:
        """value * static discount - value; the loss of its magnitude where vols are skewed [wad * wad]."""
        owned, owed = static_discounts(self._risk.rate, self._curve.rate, self._secs, self._discount)
        value = self.value(int(scenario.spot_shock), int(scenario.mode))
        low = value.low * (owned.low if value.low > 0 else owed.high) // WAD
        high = value.high * (owned.high if value.high > 0 else owed.low) // WAD
        change = Bracket(low, high).minus(self._now)
        if scenario.mode not in (LINEAR, ABSOLUTE) or change.high <= 0:
            return change
        return Bracket(-change.high, -change.low) if change.low > 0 else Bracket(min(change.low, -change.high), 0)

    def basis(self) -> Bracket:
        """min(value(up) - value, value(down) - value, 0) * (add + year * T), rounded down [wad].

        Of options and futures together: a future changes by its size times the move of the forward.
        """
        risk = self._risk.basis
        up, down = (self._moved_apart(int(each)) for each in (risk.up_shock, risk.down_shock))
        change = Bracket(min(up.low, down.low), min(up.high, down.high))
        rate = risk.add_rate + ceiling(risk.year_rate * self._secs, YEAR)
        return scaled(Bracket(min(0, change.low), min(0, change.high)), rate)

    def _moved_apart(self, shock: int) -> Bracket:
        """Change of options and futures where the forward alone moves [wad * wad]."""
        move = self._floating * (WAD + shock) // WAD - self._floating
        return self.value(shock, STILL).minus(self._now).plus(Bracket.of(self._future_size * move))

    def value(self, spot_shock: int, mode: int) -> Bracket:
        """Sum of size * price after shocks, before the static discount [wad * wad]."""
        forward = self._fixed + self._floating * (WAD + spot_shock) // WAD
        total = Bracket(0, 0)
        shape = vol_shape(self._risk.vol, self._risk.skew, self._secs)
        for option in self._options:
            apart = log_ratio(max(1, option.strike), max(1, self._fixed + self._floating))
            vol = shocked_vol(shape, vol_of_strike(self._curve.svi, option.strike), apart, mode)
            price = undiscounted(forward, option.strike, vol, self._secs, option.is_call)
            paid = Bracket(price.low * self._discount.low // WAD, price.high * self._discount.high // WAD)
            total = total.plus(sized(option.size, paid))
        return total


def sized(size: int, price: Bracket) -> Bracket:
    """size * price, exact [wad * wad]."""
    low, high = size * price.low, size * price.high
    return Bracket(low, high) if size >= 0 else Bracket(high, low)


@lru_cache(maxsize=8192)
def discount(rate_wad: int, secs: int) -> Bracket:
    """Present price of one at an expiry, e^(-rate * T), within its stated error of 2e-18 [wad]."""
    if rate_wad == 0 or secs <= 0:
        return _UNDISCOUNTED
    years = FIFTY.divide(Decimal(secs), Decimal(YEAR))
    exact = FIFTY.multiply(FIFTY.exp(FIFTY.multiply(FIFTY.divide(Decimal(-rate_wad), UNIT), years)), UNIT)
    return Bracket(max(0, floored(exact) - 2), min(WAD, ceiled(exact) + 2))


@lru_cache(maxsize=16384)
def undiscounted(forward: int, strike: int, vol: Uncertain, secs: int, is_call: bool) -> Bracket:
    """Black's price before its discount, within the errors of its vol and of the price itself [wad]."""
    inner = payoff(forward, strike, is_call)
    root = FIFTY.sqrt(FIFTY.divide(Decimal(max(0, secs)), Decimal(YEAR)))
    deviation, error = FIFTY.multiply(vol.value, root), FIFTY.fma(vol.error, root, _WEI)
    if deviation == 0 and vol.error == 0:
        return Bracket.of(inner)
    smaller = Decimal(min(forward, strike))
    whole = FIFTY.add(Decimal(inner), value_of_time(forward, strike, deviation))
    off = FIFTY.fma(smaller, FIFTY.fma(_STEEPEST, error, _PRICE_ERROR), Decimal(2))
    return Bracket(max(inner, ceiled(FIFTY.subtract(whole, off))), max(inner, floored(FIFTY.add(whole, off))))


@lru_cache(maxsize=8192)
def log_ratio(numerator: int, divisor: int) -> Decimal:
    """Natural logarithm of a quotient."""
    return FIFTY.ln(FIFTY.divide(Decimal(numerator), Decimal(divisor)))
