"""Published cases of options: values and greeks of QuantLib and Haug, vols and marks of Derive."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

from mpmath import exp, log, mp, mpf, ncdf, sqrt

from crossvault.mirror import surface
from crossvault.mirror.fixed import WAD
from crossvault.mirror.option import YEAR, OptionGreeks, OptionTerms
from published import Case, Side, wad

GROUPS = ("european_values", "european_greeks", "black_calculator", "digital", "barrier")
UNBUILT = {"digital": "there are no digital options", "barrier": "there are no barrier options"}
DIGITS = 50
NEAR = Fraction(1, 10**12)  # of the forward
PRINTED = Fraction(6, 10**5)  # greeks are printed with four decimals
DERIVE = Fraction(1, 10**12)  # they pass through floats
WIDEST = 4  # of their surface, in its own deviations at the forward; beyond it the vol is that of the last strike
MOST_VARIANCE = 20  # of their surface, in all its time
TAKEN_AT = 1_739_934_748  # time of the published portfolios [unix seconds]: of every expiry less its time left

Row = dict[str, Any]


def has_options(content: Any) -> bool:
    return isinstance(content, dict) and any(group in content for group in GROUPS)


def option_cases(content: dict[str, Any], side: Side) -> Iterator[Case]:
    """The cases of a file of option values, group by group."""
    for group in GROUPS:
        for number, row in enumerate(content.get(group, [])):
            name = f"{group}-{number}"
            if group in UNBUILT:
                yield Case(name, None, UNBUILT[group])
            elif group == "european_greeks":
                known = row["greek"] in GREEKS
                yield Case(f"{name}-{row['greek']}", partial(greek, side, row) if known else None, "no such greek")
            else:
                yield Case(name, partial(value, side, row))


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


def value(side: Side, row: Row) -> None:
    with mp.workdps(DIGITS):
        inputs, wanted = terms(row), black(row) * WAD
        ours = side.option.price(inputs)
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


def greek(side: Side, row: Row) -> None:
    with mp.workdps(DIGITS):
        inputs = terms(row)
        price = mpf(side.option.price(inputs)) / WAD
        ours = GREEKS[row["greek"]](side.option.greeks(inputs), price, row)
        assert abs(ours - number(row["value"])) <= PRINTED


# Derive's marks


def mark_cases(scenario: dict[str, Any], result: dict[str, Any], side: Side) -> Iterator[Case]:
    """Vol and discount of every option of a published portfolio, and the value of each expiry."""
    feeds = {feed["FeedExpiry"]: feed for feed in scenario["OptionFeeds"]}
    for number, row in enumerate(scenario["Options"]):
        yield Case(f"vol-{number}", partial(mark_vol, side, row, feeds[row["Expiry"]]))
        yield Case(f"discount-{number}", partial(mark_discount, side, row, feeds[row["Expiry"]]))
    if scenario["Options"]:
        yield Case("values", partial(mark_values, side, scenario["Options"], feeds, result))


def assert_near(ours: Any, theirs: Any, lost: Any = 0) -> None:
    assert abs(ours - theirs) <= DERIVE * abs(theirs) + lost, (ours, theirs)


def mark_vol(side: Side, row: Row, feed: Row) -> None:
    """Vol of an option on its surface, by its total variance: the vault holds the time of a surface in whole seconds.

    Theirs is flat beyond the strikes F * e^(-B) and F * e^B, B = 4 * sqrt(a + b * sigma), and holds the variance
    of all its time to 20.
    """
    a, b, rho, m, sigma, forward, years = (wad(each) for each in feed["SVIparam"])
    ref_secs = max(1, round(Fraction(years * YEAR, WAD)))
    svi = surface.Svi(a, b, rho, m, sigma, ref_secs, forward)
    side.surface.require_valid(svi)
    with mp.workdps(DIGITS):
        widest = WIDEST * sqrt(mpf(a + b * sigma // WAD) / WAD)
        apart = max(-widest, min(widest, log(number(row["Strike"]) / number(feed["SVIparam"][5]))))
        vol = side.surface.vol(svi, int(mp.nint(forward * exp(apart))))
        ours = min(mpf(vol) ** 2 * ref_secs / YEAR / WAD**2, mpf(MOST_VARIANCE))
        assert_near(ours, number(row["MarkVol"]) ** 2 * mpf(years) / WAD)


def mark_discount(side: Side, row: Row, feed: Row) -> None:
    """e^(-r t), also of a rate below 0 and of an expiry that has passed: the reciprocal of a discount then."""
    rate, secs = wad(feed["Rate"]), row["Expiry"] or row["ExiryTs"] - TAKEN_AT
    found = side.option.discount(abs(rate), abs(secs))
    theirs = Fraction(wad(row["MarkDiscount"]), WAD)
    assert_near(Fraction(found, WAD) if rate * secs >= 0 else Fraction(WAD, found), theirs)


def mark_values(side: Side, rows: list[Row], feeds: dict[int, Row], result: dict[str, Any]) -> None:
    """Sums per expiry, in the order of their first option, at a rate of 0 and more; one that has passed is settled."""
    sums: dict[int, Fraction] = {}
    gross: dict[int, Fraction] = {}
    for row in rows:
        expiry = row["Expiry"]
        discount = side.option.discount(max(0, wad(feeds[expiry]["Rate"])), expiry)
        forward, strike = wad(feeds[expiry]["Forward"]), wad(row["Strike"])
        given = OptionTerms(forward, strike, wad(row["MarkVol"]), expiry, discount, bool(row["IsCall"]))
        size = Fraction(str(row["Amount"]))
        sums[expiry] = sums.get(expiry, Fraction(0)) + size * side.option.price(given)
        gross[expiry] = gross.get(expiry, Fraction(0)) + abs(size) * max(forward, strike)
    for expiry, theirs in zip(sums, result["OptionMTMPerExpiry"], strict=True):
        assert_near(sums[expiry], wad(theirs), DERIVE / 1000 * gross[expiry])
