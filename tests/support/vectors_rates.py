"""Published cases of Derive's auction, interest and funding."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

from crossvault.mirror import cash, funding
from crossvault.mirror.fixed import RAY, WAD
from published import Case, Side, listed, wad

HOUR = 3600


def auction_cases(content: dict[str, Any], side: Side) -> Iterator[Case]:
    for name, case in listed(content["cases"]):
        yield Case(case.get("name", name), partial(auction, side, case))
    for case in content.get("other", []):
        if "cash_from_bidder" in case:
            yield Case(case["name"], partial(bidder_pays, side, case))
        elif "t_half" in case:
            yield Case(case["name"], partial(insolvent, side, case))
        else:
            found = [check for start, check in WORDED.items() if case["name"].startswith(start)]
            yield Case(case["name"], partial(found[0], side) if found else None, "described in words, without a test")
    known: dict[str, Any] = {}
    for number, row in enumerate(content.get("irm", [])):
        known |= row  # parameters hold until others are given
        yield Case(f"irm-{number}", partial(interest, side, dict(known), row))


def auction(side: Side, case: dict[str, Any]) -> None:
    equity, maintenance, discount = int(case["mtm"]), int(case["mm"]), int(case["discount"])
    reserved, wanted = int(case["reserved_cash"]), int(case["buffer_margin"])
    assert side.liquidation.buffer_margin(maintenance, equity, int(case["buffer_pct"])) == wanted
    fraction = side.liquidation.max_fraction(wanted, equity, reserved, discount, 0)
    floor, _, unit = case["expected_max_proportion_floor"].partition(" (unit ")
    assert fraction // int(unit.rstrip(")")) == int(floor)
    assert fraction == int(case["port_max_proportion"])
    price = side.liquidation.price(equity - reserved, discount)
    assert price == int(case["bid_price"])
    assert side.fixed.mul_div_up(price, fraction, WAD) == int(case["cash_from_bidder_at_max"])


def bidder_pays(side: Side, case: dict[str, Any]) -> None:
    price = side.liquidation.price(wad(case["mtm"]), wad(case["discount"]))
    assert side.fixed.mul_div_up(price, wad(case["pct"]), WAD) == wad(case["cash_from_bidder"])


def insolvent(side: Side, case: dict[str, Any]) -> None:
    """Their price is negative where the bidder is paid; the ramp takes 600 s."""
    equity, maintenance = wad(case["mtm"]), wad(case["mm"])
    for elapsed, price in ((0, case["t0"]), (300, case["t_half"]), (600, case["t_end"]), (10_000, case["t_end"])):
        assert side.liquidation.payout(equity, maintenance, elapsed, 600) == -wad(price)


def race(side: Side) -> None:
    """MtM 6000 MM=BM -10000 d .8: bid price 4800; 30% costs 1440; then round 2 max 53.66% costs 1803."""
    price = side.liquidation.price(wad(6000), wad(0.8))
    assert price == wad(4800)
    assert side.fixed.mul_div_up(price, wad(0.3), WAD) == wad(1440)
    # 70 % of -10000 and of 6000, and the 1440 received
    equity, buffer = wad(6000) * 7 // 10 + wad(1440), -wad(10_000) * 7 // 10 + wad(1440)
    fraction = side.liquidation.max_fraction(buffer, equity, wad(1440), wad(0.8), 0)
    assert fraction // 10**14 == 5366
    assert side.fixed.mul_div_up(side.liquidation.price(equity - wad(1440), wad(0.8)), fraction, WAD) // WAD == 1803


def reserved_cash(side: Side) -> None:
    """MtM 8000; 20% at t0 costs 1600; MtM 9600, d .7 -> bid price 5600."""
    assert side.fixed.mul_div_up(side.liquidation.price(wad(8000), WAD), wad(0.2), WAD) == wad(1600)
    assert side.liquidation.price(wad(9600) - wad(1600), wad(0.7)) == wad(5600)


WORDED: dict[str, Callable[[Side], None]] = {"capped race": race, "reserved cash": reserved_cash}


# Derive's interest


def interest(side: Side, known: dict[str, Any], row: dict[str, Any]) -> None:
    """Kinked rate, exact, and its compounding: the published exponent is rounded down, that of the vault up."""
    rate = wad(row["rate"])
    if "util" in row:
        how = cash.Interest(wad(known["min"]), wad(known["mult"]), wad(known["high"]), wad(known["opt"]), 0)
        assert side.cash.borrow_rate(how, wad(row["util"])) == rate
    if "factor_wad" in row:
        assert 0 <= side.cash.compounded(rate, row["seconds"]) - int(row["factor_wad"]) <= 1


# Derive's funding: theirs is a rate per hour, ours one per eight hours that grows the index by the index price


def funding_cases(content: dict[str, Any], side: Side) -> Iterator[Case]:
    for number, row in listed(content["cases"]):
        yield Case(f"funding-{number}", partial(hourly, side, row))


def hourly(side: Side, row: dict[str, Any]) -> None:
    index = wad(row.get("index", 1))
    hourly_rate = Fraction(row["funding_rate_per_hour"])
    cap = 8 * wad(row.get("max_rate", ".1"))
    base = 8 * wad(row.get("static", 0))
    premium = wad(row["impact_premium_usd"]) if "impact_premium_usd" in row else index
    assert row.get("convergence_hours", 8) * HOUR == funding.PERIOD
    for sign in (1, -1):
        rate = side.funding.rate(index, sign * premium, sign * base, cap)
        assert rate == sign * 8 * hourly_rate * WAD
        assert side.funding.growth(index, rate, HOUR) == sign * hourly_rate * index * RAY / WAD
