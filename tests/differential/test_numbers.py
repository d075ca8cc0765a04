"""Pure functions, and those of one struct: probes and mirror return equal results for equal inputs."""

from collections.abc import Mapping
from functools import wraps
from random import Random
from typing import Any

import pytest

from books import BOOK, OF_A_BOOK, changed_books, underlying_of_a_book
from crossvault.evm.codec import snake
from crossvault.mirror import (
    cash,
    collateral,
    exp,
    fixed,
    funding,
    liquidation,
    margin,
    market,
    normal,
    option,
    oracle,
    smile,
    standard,
    surface,
    tightening,
)
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.standard import HeldOption
from drawn_prints import (
    draw_guarded,
    draw_later,
    draw_observed,
    draw_reforwarded,
    draw_replaced,
    draw_reprint,
    draw_window,
)
from inputs import (
    AMOUNT,
    ANY_GUARD,
    ANY_INTEREST,
    ANY_OPTION_RISK,
    ANY_RISK,
    ANY_SALE,
    ANY_SVI,
    ANY_TERMS,
    CURVE,
    DECIMALS,
    DEPEG,
    EXPIRY,
    EXPOSURE,
    GUARD,
    HOLDING,
    INTEREST,
    LEVEL,
    LINE,
    NAME,
    NEAR,
    OPTION,
    OPTION_RISK,
    POOL,
    PREMIUM,
    RATE,
    RATIO,
    RISK,
    SECS,
    SHOCKED_VOL,
    SIDE,
    SIGNED,
    SIZE,
    TERMS,
    TIGHTENED,
    TIME,
    VALUE,
    WORD,
    instrument,
    nearly,
    product,
    sale,
    strip,
    svi,
)  # fmt: skip
from probing import NOW, Either, Generated, Integer, OneOf, Parameters, Probes, assert_equal, started
from surface_inputs import compared, resurfaced, waited

# the bounds of valid exponents, and between them; the bounds of the parts of the distribution, and beyond them
EXPONENT = Either([Integer(-41446531673892822314, 135305999368893231590), SIGNED])
CENTRE, FAR, END = 662910000000000000, 5656854249492380195, 10 * WAD
DISTANCE = Either([Integer(0, CENTRE), Integer(CENTRE + 1, FAR), Integer(FAR + 1, END), Integer(END, 2**128), WORD])
DEVIATIONS = Either([Integer(-CENTRE, CENTRE), Integer(CENTRE + 1, FAR), Integer(-END, -FAR), SIGNED])
FIELDS = ("underlyingOf", "kindOf", "expiryOf", "strikeOf")
INSTRUMENT = Generated(instrument)


def _recorded(random: Random) -> dict[str, Any]:
    """A principal that the totals already include."""
    pool, before, later = POOL.draw(random), VALUE.draw(random), VALUE.draw(random)
    pool.total_supply += max(before, 0)
    pool.total_borrow += max(-before, 0)
    return {"self": pool, "before": before, "later": later}


def _pair(random: Random) -> dict[str, HeldOption]:
    a, b = LINE.draw(random), LINE.draw(random)
    if random.random() < 0.5:
        b.underlying = a.underlying
    return {"a": a, "b": b}


def _level(random: Random) -> dict[str, Any]:
    return {"level": LEVEL.draw(random)}


PRINT = {"confidence_wad": Integer(0, WAD + WAD // 8), "published_at": Integer(NOW - 100_000, NOW + 10_000)}


def reach_args(random: Random) -> dict[str, int]:
    """A deviation, and a value at most as large."""
    s = Either([Integer(0, END), Integer(0, 2**104)]).draw(random)
    return {"a": Either([Integer(-END, s), Integer(-(2**126), s)]).draw(random), "s": s}


PARAMETERS: Mapping[Any, Mapping[str, Parameters]] = {
    fixed: {
        **{name: {"a": WORD, "b": WORD, "c": WORD} for name in ("mulDivDown", "mulDivUp")},
        "mulDivDown256": product,
        "half": {"a": WORD},
        **{name: {"a": SIGNED, "b": SIGNED, "c": WORD} for name in ("mulDivFloor", "mulDivCeil")},
        "part": {"value": SIGNED, "fraction_wad": Integer(0, 2 * WAD)},
        "horner": dict.fromkeys(("sum", "x", "coefficient"), Integer(0, 2**128 - 1)),
        **{name: {"a": WORD} for name in ("sqrtDown", "sqrtUp", "signed")},
        "abs": {"a": SIGNED},
        **{name: {"a": WORD, "b": WORD} for name in ("min", "max", "midpoint")},
        "bits": {"word": WORD, "low": Integer(0, 300), "width": Integer(0, 255)},
        "upper": {"word": WORD, "low": Integer(0, 255)},
        "lower": {"word": WORD, "width": Integer(1, 256)},
        "joined": {"high": Integer(0, 2**152 - 1), "low": SIGNED, "width": Integer(1, 104)},
        "withBit": {"word": WORD, "place": Integer(0, 255)},
    },
    oracle: {
        "requireValid": {"guard": nearly(GUARD, ANY_GUARD)},
        "requirePrint": {**PRINT, "last_at": Integer(NOW - 200_000, NOW)},
        "requirePrice": {"price_wad": Integer(0, 2 * CAP)},
        "confirm": draw_reprint,
        "waiting": lambda random: draw_guarded(random, "self", "confirm_secs", "heartbeat_secs"),
        "confirmed": lambda random: draw_guarded(random, "self", "guard", "waiting_wad", "index_wad"),
        "limited": lambda random: draw_guarded(random, "self", "guard", "index_wad"),
        "within": {
            "low_wad": AMOUNT, "high_wad": AMOUNT, "part_wad": RATIO, "last_wad": AMOUNT, "price_wad": AMOUNT,
        },
        "extremes": lambda random: draw_guarded(random, "self", "confirm_secs"),
        "extend": lambda random: draw_guarded(random, "self", "guard", "held_wad"),
        "limitedForward": draw_reforwarded,
        "isNear": {"price_wad": AMOUNT, "base_wad": AMOUNT, "part_wad": RATIO},
        "replace": draw_replaced,
        "followed": {"stable_wad": AMOUNT, "index_wad": AMOUNT, "rate_wad": RATE, "elapsed_secs": TIME},
        "accumulated": draw_later,
        "observe": draw_observed,
        "forwardParts": lambda random: draw_window(random, NOW),
        "publishForward": {
            "self": CURVE, "forward_wad": Integer(0, CAP + CAP // 8), "rate_wad": Integer(0, 11 * WAD), **PRINT,
        },
        "publishSurface": {"self": CURVE, "svi": Generated(svi), **PRINT},
        "isFresh": {"published_at": Either([NEAR, OneOf([0])]), "heartbeat_secs": Integer(0, 200_000)},
        "mark": {"index_wad": AMOUNT, "premium_wad": PREMIUM, "band_wad": Integer(0, WAD - 1)},
    },
    market: {
        "instrumentOf": {
            "underlying": Integer(0, 255), "kind": Integer(0, 255), "expiry": EXPIRY, "strike_wad": AMOUNT,
        },
        "perp": {"underlying": Integer(0, 255)},
        **{name: {"instrument": Either([INSTRUMENT, WORD])} for name in FIELDS},
        "isOption": {"kind": Either([Integer(0, 5), Integer(0, 255)])},
        "termOf": {"underlying": Integer(0, 255), "expiry": EXPIRY},
        "requireFormed": {"instrument": INSTRUMENT, "underlyings": Integer(0, 8)},
        "requireValid": {"risk": nearly(RISK, ANY_RISK)},
        "requireValidOptions": {"risk": nearly(OPTION_RISK, ANY_OPTION_RISK)},
        "requireWithin": {"name": NAME, "value": WORD, "low": WORD, "high": WORD},
    },
    funding: {
        "rate": {
            "index_wad": Integer(1, CAP), "premium_wad": PREMIUM, "base_wad": Integer(-WAD, WAD), "cap_wad": RATIO,
        },
        "growth": {"index_wad": AMOUNT, "rate_wad": Integer(-WAD, WAD), "elapsed_secs": TIME},
        "payment": {"size": SIZE, "grown_ray": Integer(-(2**180), 2**180)},
    },
    collateral: {
        "value": {"balance_raw": AMOUNT, "index_wad": AMOUNT, "decimals": DECIMALS},
        "credit": {"value_wad": Integer(0, 2**190), "haircut_wad": RATIO, "cap_wad": AMOUNT},
        "faded": {"terms": TERMS, "age_secs": Either([Integer(0, 10_000), TIME]), "heartbeat_secs": Integer(0, 5_000)},
        "toWad": {"amount_raw": AMOUNT, "decimals": DECIMALS},
        "requireAmount": {"amount_raw": Integer(0, 2 * CAP), "decimals": DECIMALS},
        "requireValid": {"terms": nearly(TERMS, ANY_TERMS)},
    },
    cash: {
        "utilisation": {"supplied_wad": Integer(0, 2**180), "borrowed_wad": Integer(0, 2**180)},
        "borrowRate": {"interest": INTEREST, "utilisation_wad": RATIO},
        "compounded": {"rate_wad": Integer(0, 10 * WAD), "elapsed_secs": Either([SECS, TIME])},
        "indexes": {"self": POOL},
        "accrue": {"self": POOL},
        "present": {"self": POOL, "principal": VALUE},
        "principalOf": {"self": POOL, "present_wad": VALUE},
        "borrowed": {"self": POOL},
        "moved": {"self": POOL, "principal": VALUE, "delta_wad": VALUE},
        "record": _recorded,
        "depegRate": {"terms": DEPEG, "price_wad": AMOUNT},
        "drawInsurance": {"self": POOL, "amount_wad": Integer(0, 2**101)},
        "requireCovered": {"self": POOL},
        "requireValid": {"terms": DEPEG, "underlyings": Integer(0, 8)},
        "requireValidInterest": {"interest": nearly(INTEREST, ANY_INTEREST)},
    },
    standard: {
        "absorb": {"self": EXPOSURE, "size": SIZE, "quote": VALUE, "mark_wad": Integer(0, 2**97)},
        "lowest": {"self": EXPOSURE},
        "waitingMark": {"self": EXPOSURE, "line": LINE},
        "waitingRise": {"self": EXPOSURE, "is_call": OneOf([False, True])},
        "safeMark": {"self": EXPOSURE, "size": SIZE, "mark_wad": Integer(0, 2**97)},
        "rate": {"risk": RISK, "size_wad": Integer(-32 * CAP, 32 * CAP), "level": LEVEL},
        "requirement": {"self": EXPOSURE, "level": LEVEL},
        "spotRequirement": {"risk": OPTION_RISK, "line": LINE, "spot_wad": Integer(0, CAP)},
        "shortRequirement": {"exposure": EXPOSURE, "line": LINE, "level": LEVEL},
        "maxLoss": strip,
        "isSameTerm": _pair,
        "isAlike": _pair,
        "stripRequirement": lambda random: {"exposure": EXPOSURE.draw(random), **strip(random), **_level(random)},
        "contingency": {"self": EXPOSURE, "depeg_rate_wad": Integer(0, 10 * WAD), "level": LEVEL},
        "shortContingency": {
            "exposure": EXPOSURE, "line": LINE, "depeg_rate_wad": Integer(0, 10 * WAD), "level": LEVEL,
        },
        "doubtRate": {"risk": RISK, "confidence_wad": RATIO},
        "priced": {"size_wad": Integer(0, 40 * CAP), "price_wad": AMOUNT, "rate_wad": Integer(0, 10 * WAD)},
    },
    margin: {
        **{name: {"self": BOOK} for name in OF_A_BOOK},
        **{name: {"self": BOOK, "level": LEVEL} for name in ("adjustedEquity", "requirement", "margin")},
        "isModelled": underlying_of_a_book,
        "leastBalance": changed_books,
        "fadedCredit": {"held": HOLDING},
        "isFirst": lambda random: {"lines": (drawn := strip(random))["lines"], "place": drawn["first"]},
    },
    liquidation: {
        "bufferMargin": {"margin_wad": Integer(-(2**190), 2**190), "equity_wad": VALUE, "buffer_wad": RATIO},
        "discount": {"terms": Generated(sale), "elapsed_secs": SECS},
        "price": {"value_wad": Integer(0, 2**190), "discount_wad": RATIO},
        "maxFraction": {
            "buffer_margin_wad": Integer(-(2**190), -1), "equity_wad": Integer(1, 2**190),
            "reserved_wad": Integer(0, 2**190), "discount_wad": RATIO, "credit_wad": Integer(0, 2**190),
        },
        "payout": {
            "equity_wad": VALUE, "margin_wad": Integer(-(2**190), 2**190),
            "elapsed_secs": TIME, "insolvent_secs": Integer(1, 30 * 86_400),
        },
        "paidMargin": {
            "equity_wad": VALUE, "margin_wad": Integer(-(2**190), 2**190), "required_wad": Integer(0, 2**190),
        },
        "requireValid": {"terms": nearly(Generated(sale), ANY_SALE)},
    },
    tightening: TIGHTENED,
    exp: {"exp": {"x_wad": EXPONENT}, "ln": {"x_wad": WORD}},
    normal: {
        **{name: {"x_wad": DEVIATIONS} for name in ("cdf", "pdf")},
        "mills": {"x_wad": DISTANCE},
        "reach": reach_args,
    },
    option: {
        "payoff": {"spot_wad": AMOUNT, "strike_wad": AMOUNT, "is_call": SIDE},
        "discount": {"rate_wad": AMOUNT, "secs": EXPIRY},
        "deviation": {"vol_wad": SHOCKED_VOL, "secs": EXPIRY},
        **{name: {"terms": OPTION} for name in ("price", "greeks")},
        "undiscounted": {
            "forward_wad": AMOUNT, "strike_wad": AMOUNT, "apart_wad": Integer(-(2**67), 2**67),
            "deviation_wad": Either([Integer(0, 10 * WAD), Integer(0, 2**104)]), "is_call": OneOf([False, True]),
        },
    },
    surface: {
        "vol": {"self": Generated(svi), "strike_wad": AMOUNT},
        "slope": {"self": Generated(svi), "is_above": OneOf([False, True])},
        "requireValid": {"self": nearly(Generated(svi), ANY_SVI)},
    },
    smile: {
        "confirm": resurfaced, "isWaiting": waited, "isNear": compared,
    },
}  # fmt: skip


def with_self(function: Any) -> Any:
    """A function that returns its result together with its changed first argument."""

    @wraps(function)
    def both(**args: Any) -> tuple[Any, Any]:
        return function(**args), args["self"]

    return both


CHANGING_AND_RETURNING = {cash.accrue, oracle.confirm, oracle.limited_forward, smile.confirm}
PURE = {
    module: {
        name: (
            parameters,
            with_self(mirror) if (mirror := getattr(module, snake(name))) in CHANGING_AND_RETURNING else mirror,
        )
        for name, parameters in table.items()
    }
    for module, table in PARAMETERS.items()
}

probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize(
    ("module", "function"),
    [pytest.param(module, name, id=f"{module.__name__}.{name}") for module, each in PURE.items() for name in each],
)
def test_probe_and_mirror_return_the_same(probes: Probes, module: Any, function: str) -> None:
    probe = f"Probe{module.__name__.rpartition('.')[2].capitalize()}"
    assert_equal(probes, probe, function, *PURE[module][function])


class TokenWithDecimals:
    """A token of which only the decimals are read."""

    def __init__(self, decimals: int) -> None:
        self._decimals = decimals

    def decimals(self) -> int:
        return self._decimals


def test_decimals_of_any_token_are_validated_the_same(probes: Probes) -> None:
    def judged(decimals: int) -> int:
        token: Any = TokenWithDecimals(decimals)
        return collateral.require_decimals(token)

    assert_equal(probes, "ProbeCollateral", "requireDecimals", {"decimals": Integer(0, 255)}, judged)
