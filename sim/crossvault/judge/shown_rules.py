"""V37: greeks and scenario vectors that the vault shows equal the judge's, within the stated errors."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from crossvault.judge.bracket import Bracket
from crossvault.judge.breach import Breach
from crossvault.judge.decimals import FIFTY, NONE, UNIT, normal, vol_of_strike
from crossvault.judge.exposures import ValuedOption, valued
from crossvault.judge.portfolio_value import portfolio_losses
from crossvault.judge.rounding import YEAR

if TYPE_CHECKING:
    from crossvault.judge.books import Books
    from crossvault.judge.moment import Moment
    from crossvault.mirror.account import AccountId

SHARE = 60  # one of so many steps shows the figures of the accounts that it names
_DISTANCE = Decimal("6e-18")  # stated error of delta and density: 5e-18 * (1 + 1 / s), and the rounding of each factor
_LOGARITHM, _EXPONENTIAL = (
    Decimal("2e-18"),
    (Decimal("1e-18"), Decimal("3e-20")),
)  # stated errors; the second: fixed, and of the value


class Sensitivities(NamedTuple):
    """Delta, gamma, vega and theta of the positions on one underlying [wad], and the largest error of each."""

    delta: Decimal = NONE
    gamma: Decimal = NONE
    vega: Decimal = NONE
    theta: Decimal = NONE


def shown_greeks(moment: Moment) -> Iterator[Breach]:
    """Greeks by underlying: those of perps and futures are their sizes, those of options Black's derivatives."""
    for account in moment.touched:
        if not any(each.instrument >> 136 & 0xFF > 2 for each in moment.after.account(account).positions):
            continue
        shown = moment.model.vault.greeks(account, now=moment.at)
        judged = account_greeks(moment.after, account, moment.at)
        for number, (exact, error) in judged.items():
            for name, ours, off in zip(Sensitivities._fields, exact, error, strict=True):
                theirs = Decimal(getattr(shown[number], f"{name}_wad"))
                if abs(theirs - ours) > off:
                    yield Breach(f"{name} of {account} is shown as {theirs}, judged {ours:.3f} within {off:.3f}")


def account_greeks(books: Books, account: AccountId, at: int) -> dict[int, tuple[Sensitivities, Sensitivities]]:
    """Greeks of an account by underlying, and their largest errors [wad]."""
    held = valued(books, books.account(account), at)
    found = {number: (Sensitivities(Decimal(each.size)), Sensitivities()) for number, each in held.exposures.items()}
    for option in held.options:
        exact, error = found[option.underlying]
        unit, off = option_greeks(books, option)
        size = FIFTY.divide(Decimal(option.size), UNIT)
        found[option.underlying] = (
            Sensitivities(*(FIFTY.fma(one, size, total) for one, total in zip(unit, exact, strict=True))),
            Sensitivities(*(FIFTY.fma(one, abs(size), total + 2) for one, total in zip(off, error, strict=True))),
        )
    return found


def option_greeks(books: Books, option: ValuedOption) -> tuple[Sensitivities, Sensitivities]:
    """Derivatives of the price of one option [wad], and their errors.

    delta, gamma: to the forward; vega: per 1.00 of vol; theta: per year that passes, forward, vol and rate as they are.
    """
    curve = books.curve(option.underlying, option.expiry)
    assert curve is not None
    vol, forward, strike = vol_of_strike(curve.svi, option.strike), Decimal(option.forward), Decimal(option.strike)
    years = FIFTY.divide(Decimal(option.secs), Decimal(YEAR))
    root, rate = FIFTY.sqrt(years), FIFTY.divide(Decimal(curve.rate), UNIT)
    deviation = FIFTY.multiply(vol.value, root)
    discount = FIFTY.exp(FIFTY.multiply(-rate, years))
    if not deviation or not forward or not strike:
        return Sensitivities(), Sensitivities(*(Decimal("Infinity"),) * 4)  # at its ends an option has no derivative
    d = FIFTY.divide(FIFTY.ln(FIFTY.divide(forward, strike)), deviation) + FIFTY.divide(deviation, Decimal(2))
    near, height = normal(d)
    delta = FIFTY.multiply(discount, near if option.is_call else near - 1)
    gamma = FIFTY.divide(FIFTY.multiply(discount, height), FIFTY.multiply(forward, deviation))
    vega = FIFTY.multiply(FIFTY.multiply(discount, forward), FIFTY.multiply(height, root))
    decay = FIFTY.divide(FIFTY.multiply(vega, vol.value), 2 * years)
    mark = FIFTY.divide(Decimal(option.mark.low + option.mark.high), Decimal(2))
    exact = Sensitivities(delta * UNIT, gamma * UNIT * UNIT, vega, FIFTY.multiply(rate, mark) - decay)
    off = _DISTANCE * (1 + FIFTY.divide(Decimal(1), deviation)) + vol.error / deviation
    wide = 8 + FIFTY.multiply(forward, off)
    fixed, share = _EXPONENTIAL
    carried = FIFTY.divide(
        _LOGARITHM + FIFTY.divide(fixed, discount) + share, years
    )  # r is read off the discount: -ln(D) / T
    return exact, Sensitivities(
        off * UNIT + 8,
        off * UNIT * UNIT / (forward * deviation) * 8 + 8,
        wide * root * 8 + 8,
        wide * vol.value / root * 8 + 8 + Decimal(option.mark.high - option.mark.low) * (1 + rate) + mark * carried,
    )


def shown_scenarios(moment: Moment) -> Iterator[Breach]:
    """Profits by underlying and scenario, and losses from basis moves, of accounts in portfolio mode."""
    books = moment.after
    for account in moment.touched:
        if not books.account(account).mode or not books.rules.scenarios:
            continue
        table, _ = moment.model.vault.scenarios(account, now=moment.at)
        held = valued(books, books.account(account), moment.at)
        for number, judged in portfolio_losses(books, held).profits.items():
            shown_all = (*table.profits_wad[number], table.basis_wad[number])
            for place, (bracket, shown) in enumerate(zip((*judged.profits, judged.basis), shown_all, strict=True)):
                if not bracket.holds(shown):
                    yield Breach(_outside(f"profit {place} of {account} in underlying {number}", shown, bracket))


def _outside(name: str, shown: int, bracket: Bracket) -> str:
    return f"{name} is shown as {shown}, judged {bracket.low} to {bracket.high}"
