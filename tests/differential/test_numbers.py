"""Pure functions: the probes and the mirror answer the same to the same inputs."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
from probing import NOW, Either, Inputs, Made, OneOf, Probes, Struct, Whole, assert_equal, started

from sim.codec import snake
from sim.mirror import (
    cash,
    collateral,
    exp,
    fixed,
    liquidation,
    margin,
    market,
    normal,
    option,
    oracle,
    standard,
    surface,
)
from sim.mirror.evm import Journal
from sim.mirror.fixed import CAP, RAY, WAD
from sim.mirror.standard import Level

WORD, SIGNED = Whole(0, 2**256 - 1), Whole(-(2**255), 2**255 - 1)
AMOUNT, RATIO, RATE = Whole(0, CAP), Whole(0, WAD), Whole(0, 2**64 - 1)
SIZE, VALUE = Whole(-CAP, CAP), Whole(-(2**140), 2**140)
DECIMALS, LEVEL = Whole(0, 18), OneOf(list(Level))
TIME, SECS = Whole(0, 2**64 - 1), Whole(0, 2 * 365 * 86_400)
NEAR = Whole(NOW - 100_000, NOW)


def _risk(**values: int) -> market.Risk:
    """Parameters with the order of rates that the door of governance asks for."""
    names = ("spread_rate", "maintenance_rate", "initial_rate")
    return market.Risk(**values | dict(zip(names, sorted(values[name] for name in names), strict=True)))


RISK = Struct(
    _risk,
    dict.fromkeys(market.Risk._fields, RATIO)
    | {name: Whole(1, WAD) for name in ("initial_rate", "maintenance_rate", "spread_rate")}
    | {"heartbeat_secs": Whole(1, 365 * 86_400), "mark_band": Whole(0, WAD - 1), "skew_scale": Whole(1, CAP)},
)
ANY_RISK = Struct(market.Risk, dict.fromkeys(market.Risk._fields, RATE) | {"skew_scale": AMOUNT})
TERMS = Struct(collateral.Terms, {"haircut_initial": RATIO, "haircut_maintenance": RATIO, "cap_wad": AMOUNT})
ANY_TERMS = Struct(collateral.Terms, {"haircut_initial": RATE, "haircut_maintenance": RATE, "cap_wad": AMOUNT})
DEPEG = Struct(cash.Terms, {"feed": Whole(0, 255), "depeg_threshold": RATE, "depeg_factor": RATE})
ANY_SALE = Struct(liquidation.Terms, dict.fromkeys(liquidation.Terms._fields, RATE))


def _sale(random: Random) -> liquidation.Terms:
    """Terms that a door lets pass."""
    start = Whole(1, WAD).draw(random)
    month = Whole(1, 30 * 86_400)
    lengths = [month.draw(random) for _ in range(3)]
    return liquidation.Terms(RATIO.draw(random), start, Whole(1, start).draw(random), *lengths)


def _stored(make: Callable[[Journal], Any], **values: Any) -> Any:
    self = make(Journal())
    for name, value in values.items():
        setattr(self, name, value)
    return self


PRICE = Struct(
    lambda **values: _stored(oracle.Price, **values),
    {"index": AMOUNT, "premium": Whole(-(2**95) + 1, 2**95 - 1), "confidence": RATIO, "published_at": NEAR},
)
POOL = Struct(
    lambda **values: _stored(cash.Pool, **values),
    {
        "token": OneOf(["usd"]), "decimals": DECIMALS, "terms": DEPEG,
        "supply_index": Whole(RAY, 2**100), "borrow_index": Whole(RAY, 2**100),
        "insurance_wad": Whole(0, 2**100), "deficit_wad": Whole(0, 2**100),
    },
)  # fmt: skip


def _exposure(random: Random) -> standard.Exposure:
    """An exposure that positions within the bounds can come to."""
    self = standard.Exposure(RISK.draw(random), AMOUNT.draw(random), RATIO.draw(random))
    for _ in range(random.choice([0, 1, 1, 2, 32])):
        quote = Whole(-(2**140), 2**140).draw(random)
        standard.absorb(self, SIZE.draw(random), quote, Whole(0, 2**97).draw(random))
    self.base_wad = Whole(0, 8 * CAP).draw(random)
    return self


EXPOSURE = Made(_exposure)
HOLDING = Struct(margin.Holding, {"value_wad": Whole(0, 2**190), "terms": TERMS})


def _book(random: Random) -> margin.Book:
    holdings = [HOLDING.draw(random) for _ in range(random.choice([0, 1, 2, 8]))]
    exposures = [_exposure(random) for _ in range(random.choice([0, 1, 1, 2, 8]))]
    cash_wad = Whole(-(2**150), 2**150).draw(random)
    return margin.Book(cash_wad, holdings, exposures, Whole(0, 10 * WAD).draw(random), Whole(0, 8).draw(random))


BOOK = Made(_book)


def _nearly(valid: Inputs, other: Inputs) -> Made:
    """Valid parameters, or with one field that may be anything."""

    def make(random: Random) -> Any:
        drawn = valid.draw(random)
        if random.random() < 0.3:
            return drawn
        name = random.choice(drawn._fields)
        return drawn._replace(**{name: getattr(other.draw(random), name)})

    return Made(make)


# the ends of what has an exponential, and between them; the bounds of the parts of the distribution, and beyond them
EXPONENT = Either([Whole(-41446531673892822314, 135305999368893231590), SIGNED])
CENTRE, FAR, END = 662910000000000000, 5656854249492380195, 10 * WAD
DISTANCE = Either([Whole(0, CENTRE), Whole(CENTRE + 1, FAR), Whole(FAR + 1, END), Whole(END, 2**128), WORD])
DEVIATIONS = Either([Whole(-CENTRE, CENTRE), Whole(CENTRE + 1, FAR), Whole(-END, -FAR), SIGNED])
EXPIRY = Whole(0, 2**40)


def _option(random: Random) -> option.Terms:
    """An option as they are traded."""
    forward = Whole(1, CAP // 2**6).draw(random)
    strike = int(forward * 2 ** random.uniform(-1, 1) ** 3)
    vol, discount = Whole(WAD // 100, 9 * WAD).draw(random), Whole(WAD // 2, WAD).draw(random)
    return option.Terms(forward, strike, vol, Whole(1, 10**8).draw(random), discount, random.random() < 0.5)


OPTION = Either([
    Struct(option.Terms, {
        **dict.fromkeys(("forward_wad", "strike_wad", "vol_wad"), AMOUNT),
        "secs": EXPIRY, "discount_wad": RATIO, "is_call": OneOf([False, True]),
    }),
    Made(_option),
])  # fmt: skip


def _svi(random: Random) -> surface.Svi:
    """A surface that a door lets pass."""
    rho, sigma = Whole(-WAD, WAD).draw(random), Whole(0, surface.MAX_WIDTH).draw(random)
    slope = Whole(0, 2 * WAD * WAD // (WAD + abs(rho))).draw(random)
    dip = slope * sigma * fixed.sqrt_down(WAD * WAD - rho * rho) // WAD**2
    level, shift = Whole(-dip, surface.MAX_VARIANCE).draw(random), Whole(-surface.MAX_WIDTH, surface.MAX_WIDTH)
    made = surface.Svi(level, slope, rho, shift.draw(random), sigma, Whole(1, 2**40).draw(random))
    return made._replace(ref_forward=Whole(1, CAP).draw(random))


LEVEL_OF_SVI = Whole(-(2**95), 2**95 - 1)
ANY_SVI = Struct(
    surface.Svi,
    dict.fromkeys(surface.Svi._fields, AMOUNT)
    | {"a": LEVEL_OF_SVI, "m": LEVEL_OF_SVI, "rho": Whole(-(2**63), 2**63 - 1), "ref_secs": TIME},
)
INSTRUMENT = Made(lambda random: market.perp(random.randrange(10)) if random.random() < 0.7 else WORD.draw(random))
NAME = OneOf(["a", "heartbeatSecs", "a name of thirty two characters!"])

PURE: Mapping[Any, Mapping[str, Mapping[str, Inputs]]] = {
    fixed: {
        **{name: {"a": WORD, "b": WORD, "c": WORD} for name in ("mulDivDown", "mulDivUp")},
        **{name: {"a": SIGNED, "b": SIGNED, "c": WORD} for name in ("mulDivFloor", "mulDivCeil")},
        "part": {"value": SIGNED, "fraction_wad": Whole(0, 2 * WAD)},
        "horner": dict.fromkeys(("sum", "x", "coefficient"), Whole(0, 2**128 - 1)),
        **{name: {"a": WORD} for name in ("sqrtDown", "sqrtUp", "signed")},
        "abs": {"a": SIGNED},
        **{name: {"a": WORD, "b": WORD} for name in ("min", "max")},
        "bits": {"word": WORD, "low": Whole(0, 300), "width": Whole(0, 255)},
    },
    oracle: {
        "publish": {
            "self": PRICE, "index_wad": Whole(0, 2 * CAP), "premium_wad": Whole(-(2**96), 2**96),
            "confidence_wad": Whole(0, WAD + WAD // 8), "published_at": Whole(NOW - 100_000, NOW + 10_000),
        },
        "isFresh": {"published_at": NEAR, "heartbeat_secs": Whole(0, 200_000)},
        "mark": {"index_wad": AMOUNT, "premium_wad": Whole(-(2**95) + 1, 2**95 - 1), "band_wad": Whole(0, WAD - 1)},
    },
    market: {
        "perp": {"underlying": Whole(0, 255)},
        "underlyingOf": {"instrument": INSTRUMENT},
        "requireListed": {"instrument": INSTRUMENT, "underlyings": Whole(0, 8)},
        "requireValid": {"risk": _nearly(RISK, ANY_RISK)},
        "requireWithin": {"name": NAME, "value": WORD, "low": WORD, "high": WORD},
    },
    collateral: {
        "value": {"balance_raw": AMOUNT, "index_wad": AMOUNT, "decimals": DECIMALS},
        "credit": {"value_wad": Whole(0, 2**190), "haircut_wad": RATIO, "cap_wad": AMOUNT},
        "toWad": {"amount_raw": AMOUNT, "decimals": DECIMALS},
        "requireAmount": {"amount_raw": Whole(0, 2 * CAP), "decimals": DECIMALS},
        "requireValid": {"terms": _nearly(TERMS, ANY_TERMS)},
    },
    cash: {
        "present": {"self": POOL, "principal": VALUE},
        "principalOf": {"self": POOL, "present_wad": VALUE},
        "moved": {"self": POOL, "principal": VALUE, "delta_wad": VALUE},
        "depegRate": {"terms": DEPEG, "price_wad": AMOUNT},
        "drawInsurance": {"self": POOL, "amount_wad": Whole(0, 2**101)},
        "requireCovered": {"self": POOL},
        "requireValid": {"terms": DEPEG, "underlyings": Whole(0, 8)},
    },
    standard: {
        "absorb": {"self": EXPOSURE, "size": SIZE, "quote": VALUE, "mark_wad": Whole(0, 2**97)},
        "rate": {"risk": RISK, "size_wad": Whole(-32 * CAP, 32 * CAP), "level": LEVEL},
        "requirement": {"self": EXPOSURE, "level": LEVEL},
        "contingency": {"self": EXPOSURE, "depeg_rate_wad": Whole(0, 10 * WAD), "level": LEVEL},
    },
    margin: {
        **{name: {"self": BOOK} for name in ("equity", "health", "freeCollateral", "notional", "leverage")},
        **{name: {"self": BOOK, "level": LEVEL} for name in ("adjustedEquity", "requirement", "margin")},
    },
    liquidation: {
        "bufferMargin": {"margin_wad": Whole(-(2**190), 2**190), "equity_wad": VALUE, "buffer_wad": RATIO},
        "discount": {"terms": Made(_sale), "elapsed_secs": SECS},
        "price": {"value_wad": Whole(0, 2**190), "discount_wad": RATIO},
        "maxFraction": {
            "buffer_margin_wad": Whole(-(2**190), -1), "equity_wad": Whole(1, 2**190),
            "reserved_wad": Whole(0, 2**190), "discount_wad": RATIO,
        },
        "payout": {
            "equity_wad": VALUE, "margin_wad": Whole(-(2**190), 2**190),
            "elapsed_secs": TIME, "insolvent_secs": Whole(1, 30 * 86_400),
        },
        "requireValid": {"terms": _nearly(Made(_sale), ANY_SALE)},
    },
    exp: {"exp": {"x_wad": EXPONENT}, "ln": {"x_wad": WORD}},
    normal: {**{name: {"x_wad": DEVIATIONS} for name in ("cdf", "pdf")}, "mills": {"x_wad": DISTANCE}},
    option: {
        "payoff": {"spot_wad": AMOUNT, "strike_wad": AMOUNT, "is_call": OneOf([False, True])},
        "discount": {"rate_wad": AMOUNT, "secs": EXPIRY},
        "deviation": {"vol_wad": AMOUNT, "secs": EXPIRY},
        **{name: {"terms": OPTION} for name in ("price", "greeks")},
        "undiscounted": {
            "forward_wad": AMOUNT, "strike_wad": AMOUNT, "apart_wad": Whole(-(2**67), 2**67),
            "deviation_wad": Either([Whole(0, 10 * WAD), Whole(0, 2**104)]), "is_call": OneOf([False, True]),
        },
    },
    surface: {
        "vol": {"self": Made(_svi), "strike_wad": AMOUNT},
        "requireValid": {"self": _nearly(Made(_svi), ANY_SVI)},
    },
}  # fmt: skip

probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize(
    ("module", "function"),
    [pytest.param(module, name, id=f"{module.__name__}.{name}") for module, each in PURE.items() for name in each],
)
def test_probe_and_mirror_answer_the_same(probes: Probes, module: Any, function: str) -> None:
    probe = f"Probe{module.__name__.rpartition('.')[2].capitalize()}"
    assert_equal(probes, probe, function, PURE[module][function], getattr(module, snake(function)))


class Teller:
    """Something that has decimals, and is asked for nothing else."""

    def __init__(self, decimals: int) -> None:
        self._decimals = decimals

    def decimals(self) -> int:
        return self._decimals


def test_decimals_of_any_token_are_judged_the_same(probes: Probes) -> None:
    def judged(decimals: int) -> int:
        token: Any = Teller(decimals)
        return collateral.require_decimals(token)

    assert_equal(probes, "ProbeCollateral", "requireDecimals", {"decimals": Whole(0, 255)}, judged)
