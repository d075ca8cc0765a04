"""Published cases of options: values and greeks of QuantLib and Haug, vols and marks of Derive."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

from mpmath import exp, log, mp, mpf, ncdf, sqrt

from crossvault.mirror import option, surface
from crossvault.mirror.fixed import WAD
from crossvault.mirror.option import YEAR, OptionGreeks, OptionTerms
from published import Case, wad

GROUPS = ("european_values", "european_greeks", "black_calculator", "digital", "barrier")
UNBUILT = {"digital": "there are no digital options", "barrier": "there are no barrier options"}
DIGITS = 50
NEAR = Fraction(1, 10**12)  # of the forward
PRINTED = Fraction(6, 10**5)  # greeks are printed with four decimals
DERIVE = Fraction(1, 10**12)  # they pass through floats
NARROW = 0.4  # logarithm of strike over forward within which no published surface is flat

Row = dict[str, Any]


def has_options(content: Any) -> bool:
    return isinstance(content, dict) and any(group in content for group in GROUPS)


def option_cases(content: dict[str, Any]) -> Iterator[Case]:
    """The cases of a file of option values, group by group."""
    for group in GROUPS:
        for number, row in enumerate(content.get(group, [])):
            name = f"{group}-{number}"
            if group in UNBUILT:
                yield Case(name, None, UNBUILT[group])
            elif group == "european_greeks":
                known = row["greek"] in GREEKS
                yield Case(f"{name}-{row['greek']}", partial(greek, row) if known else None, "no such greek")
            else:
                yield Case(name, partial(value, row))


# values


def number(value: Any) -> mpf:
    """A decimal of a file with all digits of the arithmetic."""
    return mpf(str(value))


def exact_terms(row: Row) -> tuple[mpf, mpf, mpf]:
    """Forward, discount and deviation: F = S * e^((r - q) t), D = e^(-r t), s = vol * sqrt(t)."""
    if "forward" in row:
        return number(row["forward"]), number(row["discount"]), number(row["stdDev"])
    r, q, t = number(row["r"]), number(row["q"]), mpf(secs(row)) / YEAR
    return number(row["spot"]) * exp((r - q) * t), exp(-r * t), number(row["vol"]) * sqrt(t)


def secs(row: Row) -> int:
    """Time to expiry; a deviation that is given is that of one year."""
    return round(Fraction(str(row.get("t", 1))) * YEAR)


def terms(row: Row) -> OptionTerms:
    """Inputs of the mirror, correct to half a wei."""
    forward, discount, _ = exact_terms(row)
    vol = wad(row["vol"] if "vol" in row else row["stdDev"])
    strike, call = wad(row["strike"]), row["type"] == "call"
    return OptionTerms(int(mp.nint(forward * WAD)), strike, vol, secs(row), int(mp.nint(discount * WAD)), call)


def black(row: Row) -> mpf:
    """Black's formula with all digits of the arithmetic."""
    forward, discount, deviation = exact_terms(row)
    strike, sign = number(row["strike"]), 1 if row["type"] == "call" else -1
    if deviation == 0:
        return discount * max(sign * (forward - strike), mpf(0))
    upper = log(forward / strike) / deviation + deviation / 2
    lower = upper - deviation
    return discount * sign * (forward * ncdf(sign * upper) - strike * ncdf(sign * lower))


def value(row: Row) -> None:
    with mp.workdps(DIGITS):
        inputs, wanted = terms(row), black(row) * WAD
        ours = option.price(inputs)
        assert abs(ours - wanted) <= NEAR * inputs.forward_wad
    assert abs(Fraction(ours, WAD) - Fraction(str(row["value"]))) <= Fraction(str(row["tol"]))


# greeks: the published ones are with respect to spot, those of the mirror to the forward F = S * e^((r - q) t)


def spot_delta(found: OptionGreeks, price: mpf, row: Row) -> mpf:
    return growth(row) * found.delta_wad / WAD


def elasticity(found: OptionGreeks, price: mpf, row: Row) -> mpf:
    return spot_delta(found, price, row) * number(row["spot"]) / price


def spot_gamma(found: OptionGreeks, price: mpf, row: Row) -> mpf:
    return growth(row) ** 2 * found.gamma_wad / WAD


def vega(found: OptionGreeks, price: mpf, row: Row) -> mpf:
    return mpf(found.vega_wad) / WAD


def spot_theta(found: OptionGreeks, price: mpf, row: Row) -> mpf:
    """At a constant spot the forward falls by r - q of itself in a year."""
    carry = number(row["r"]) - number(row["q"])
    return mpf(found.theta_wad) / WAD - carry * exact_terms(row)[0] * found.delta_wad / WAD


def theta_of_a_day(found: OptionGreeks, price: mpf, row: Row) -> mpf:
    return spot_theta(found, price, row) / 365


def rho(found: OptionGreeks, price: mpf, row: Row) -> mpf:
    """A rate discounts the price and lifts the forward, for all the time."""
    t = mpf(secs(row)) / YEAR
    return t * (exact_terms(row)[0] * found.delta_wad / WAD - price)


def dividend_rho(found: OptionGreeks, price: mpf, row: Row) -> mpf:
    return -mpf(secs(row)) / YEAR * exact_terms(row)[0] * found.delta_wad / WAD


GREEKS: dict[str, Callable[[OptionGreeks, mpf, Row], mpf]] = {
    "delta": spot_delta,
    "elasticity": elasticity,
    "gamma": spot_gamma,
    "vega": vega,
    "theta": spot_theta,
    "thetaPerDay": theta_of_a_day,
    "rho": rho,
    "dividendRho": dividend_rho,
}


def growth(row: Row) -> mpf:
    """Forward over spot."""
    return exact_terms(row)[0] / number(row["spot"])


def greek(row: Row) -> None:
    with mp.workdps(DIGITS):
        inputs = terms(row)
        price = mpf(option.price(inputs)) / WAD
        ours = GREEKS[row["greek"]](option.greeks(inputs), price, row)
        assert abs(ours - number(row["value"])) <= PRINTED


# Derive's marks


def mark_cases(scenario: dict[str, Any], result: dict[str, Any]) -> Iterator[Case]:
    """Vol and discount of every option of a published portfolio, and the value of each expiry."""
    feeds = {feed["FeedExpiry"]: feed for feed in scenario["OptionFeeds"]}
    for number, row in enumerate(scenario["Options"]):
        check = partial(mark_vol, row, feeds[row["Expiry"]]) if abs(row["k"]) <= NARROW else None
        yield Case(f"vol-{number}", check, "their surface is flat beyond some k that the file does not give")
        yield Case(f"discount-{number}", partial(mark_discount, row, feeds[row["Expiry"]]))
    if scenario["Options"]:
        yield Case("values", partial(mark_values, scenario["Options"], feeds, result))


def assert_near(ours: int, theirs: int) -> None:
    assert abs(ours - theirs) <= DERIVE * abs(theirs), (ours, theirs)


def mark_vol(row: Row, feed: Row) -> None:
    a, b, rho, m, sigma, forward, years = (wad(each) for each in feed["SVIparam"])
    svi = surface.Svi(a, b, rho, m, sigma, round(Fraction(years * YEAR, WAD)), forward)
    surface.require_valid(svi)
    assert_near(surface.vol(svi, wad(row["Strike"])), wad(row["MarkVol"]))


def mark_discount(row: Row, feed: Row) -> None:
    assert_near(option.discount(max(0, wad(feed["Rate"])), row["Expiry"]), wad(row["MarkDiscount"]))


def mark_values(rows: list[Row], feeds: dict[int, Row], result: dict[str, Any]) -> None:
    """Sums per expiry, in the order of their first option."""
    sums: dict[int, Fraction] = {}
    for row in rows:
        expiry, discount = row["Expiry"], wad(row["MarkDiscount"])
        forward, strike = wad(feeds[expiry]["Forward"]), wad(row["Strike"])
        price = option.price(OptionTerms(forward, strike, wad(row["MarkVol"]), expiry, discount, bool(row["IsCall"])))
        sums[expiry] = sums.get(expiry, Fraction(0)) + Fraction(str(row["Amount"])) * price
    for ours, theirs in zip(sums.values(), result["OptionMTMPerExpiry"], strict=True):
        assert_near(int(ours), wad(theirs))
