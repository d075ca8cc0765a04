"""Arguments of functions: within the bounds of the doors, at them, and beyond where that is allowed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from crossvault.mirror import cash, collateral, fixed, liquidation, margin, market, option, oracle, standard, surface
from crossvault.mirror.evm import UndoLog
from crossvault.mirror.fixed import CAP, RAY, WAD
from crossvault.mirror.market import OptionRisk
from crossvault.mirror.standard import HeldOption, Level
from probing import NOW, Either, Generated, Inputs, Integer, OneOf, Struct

YEAR_SECS = 365 * 86_400
DOOR = 2**64 - 1  # the largest value that fits the field of a rate
WORD, SIGNED = Integer(0, 2**256 - 1), Integer(-(2**255), 2**255 - 1)
AMOUNT, RATIO, RATE = Integer(0, CAP), Integer(0, WAD), Integer(0, DOOR)
SIZE, VALUE = Integer(-CAP, CAP), Integer(-(2**140), 2**140)
PREMIUM = Integer(-oracle.MAX_PREMIUM, oracle.MAX_PREMIUM)
DECIMALS, LEVEL, SIDE = Integer(0, 18), OneOf(list(Level)), OneOf([False, True])
TIME, SECS = Integer(0, DOOR), Integer(0, 2 * YEAR_SECS)
NEAR = Integer(NOW - 100_000, NOW)
EXPIRY, STRIKE = Integer(0, 2**40 - 1), Integer(1, CAP)
NAME = OneOf(["a", "heartbeatSecs", "a name of thirty two characters!"])


def nearly(valid: Inputs, other: Inputs) -> Generated:
    """Valid parameters, or with any value in one field."""

    def make(random: Random) -> Any:
        drawn = valid.draw(random)
        if random.random() < 0.3:
            return drawn
        name = random.choice(drawn._fields)
        return drawn._replace(**{name: getattr(other.draw(random), name)})

    return Generated(make)


def product(random: Random) -> dict[str, int]:
    """Factors of a product below 2^256, often of the largest one, and a divisor above zero."""
    a = Integer(0, 2**256 - 1).draw(random)
    most = (2**256 - 1) // max(a, 1)
    b = most if random.random() < 0.3 else Integer(0, most).draw(random)
    return {"a": a, "b": b, "c": Integer(1, 2**256 - 1).draw(random)}


def stored(make: Callable[[UndoLog], Any], **values: Any) -> Any:
    """A struct in storage with some values."""
    self = make(UndoLog())
    for name, value in values.items():
        setattr(self, name, value)
    return self


def _in_storage(make: Callable[[UndoLog], Any]) -> Callable[..., Any]:
    return lambda **values: stored(make, **values)


# parameters


def _risk(**values: int) -> market.MarketRisk:
    """Parameters with the order of rates that the door of governance requires."""
    names = ("spread_rate", "maintenance_rate", "initial_rate")
    return market.MarketRisk(**values | dict(zip(names, sorted(values[name] for name in names), strict=True)))


def _option_risk(**values: int) -> OptionRisk:
    """Parameters of options with the order of rates that the door of governance requires."""
    low, most = sorted((values["min_spot_rate"], values["max_spot_rate"]))
    least, highest = sorted((values["unpaired_maintenance"], values["unpaired_initial"]))
    return OptionRisk(
        **values
        | {"min_spot_rate": low, "max_spot_rate": most, "unpaired_initial": highest, "unpaired_maintenance": least}
        | {name: min(values[name], low) for name in ("call_rate", "put_rate")}
    )


RISK = Struct(
    _risk,
    dict.fromkeys(market.MarketRisk._fields, RATIO)
    | {name: Integer(1, market.MAX_RATE) for name in ("initial_rate", "maintenance_rate", "spread_rate")}
    | dict.fromkeys(("base_rate", "impact_rate", "confidence_factor"), Integer(0, market.MAX_RATE))
    | {"heartbeat_secs": Integer(1, YEAR_SECS), "mark_band": Integer(0, WAD - 1), "skew_scale": Integer(1, CAP)}
    | {"funding_base": Integer(-WAD, WAD)},
)
ANY_RISK = Struct(
    market.MarketRisk,
    dict.fromkeys(market.MarketRisk._fields, RATE)
    | {"skew_scale": AMOUNT, "funding_base": Integer(-(2**63), 2**63 - 1)},
)
OPTION_RISK = Struct(
    _option_risk,
    dict.fromkeys(OptionRisk._fields, RATIO)
    | {name: Integer(WAD, 10 * WAD) for name in ("put_initial_scale", "unpaired_initial", "unpaired_maintenance")}
    | {"heartbeat_secs": Integer(0, YEAR_SECS)},
)
ANY_OPTION_RISK = Struct(OptionRisk, dict.fromkeys(OptionRisk._fields, RATE))
TERMS = Struct(
    collateral.HaircutTerms,
    {
        "haircut_initial": RATIO,
        "haircut_maintenance": RATIO,
        "cap_wad": AMOUNT,
        "stale_secs": Either([Integer(0, 7_200), Integer(0, 30 * 86_400)]),
    },
)
ANY_TERMS = Struct(
    collateral.HaircutTerms,
    {"haircut_initial": RATE, "haircut_maintenance": RATE, "cap_wad": AMOUNT, "stale_secs": Integer(0, 2**32 - 1)},
)
DEPEG = Struct(cash.DepegTerms, {"feed": Integer(0, 255), "depeg_threshold": RATE, "depeg_factor": RATE})
INTEREST = Struct(
    cash.Interest,
    {
        "min_rate": RATIO, "low_slope": Integer(0, 4 * WAD), "high_slope": Integer(0, 5 * WAD),
        "optimal_utilisation": RATIO, "reserve_factor": RATIO,
    },
)  # fmt: skip
ANY_INTEREST = Struct(cash.Interest, dict.fromkeys(cash.Interest._fields, RATE))
GUARD = Struct(
    oracle.PriceGuard,
    {
        "max_jump": RATIO,
        "confirm_secs": Either([Integer(0, 600), Integer(0, 86_400)]),
        "stable_rate": RATIO,
        "surface_move": RATIO,
    },
)
ANY_GUARD = Struct(oracle.PriceGuard, dict.fromkeys(oracle.PriceGuard._fields, RATE))
ANY_SALE = Struct(liquidation.AuctionTerms, dict.fromkeys(liquidation.AuctionTerms._fields, RATE))


def sale(random: Random) -> liquidation.AuctionTerms:
    """Valid auction terms."""
    start = Integer(1, WAD).draw(random)
    month = Integer(1, 30 * 86_400)
    lengths = [month.draw(random) for _ in range(3)]
    knee = Integer(1, start).draw(random)
    lengths.append(Integer(0, liquidation.MAX_GRACE).draw(random))
    return liquidation.AuctionTerms(RATIO.draw(random), start, knee, *lengths)._replace(
        floor_wad=Integer(0, knee).draw(random)
    )


def instrument(random: Random) -> int:
    """An instrument of any kind, or a number close to one."""
    kind = random.choice([market.PERP, market.FUTURE, market.CALL, market.PUT])
    expiry = 0 if kind == market.PERP else Integer(1, 2**40 - 1).draw(random)
    strike = STRIKE.draw(random) if market.is_option(kind) else 0
    number = market.instrument_of(random.randrange(10), kind, expiry, strike)
    if random.random() < 0.3:
        number ^= 2 ** random.randrange(256)
    return WORD.draw(random) if random.random() < 0.05 else number


# options

SHOCKED_VOL = Integer(0, 2**116 - 1)


def _option(random: Random) -> option.OptionTerms:
    """An option in the ranges that trade."""
    forward = Integer(1, CAP // 2**6).draw(random)
    strike = int(forward * 2 ** random.uniform(-1, 1) ** 3)
    vol, discount = Integer(WAD // 100, 9 * WAD).draw(random), Integer(WAD // 2, WAD).draw(random)
    return option.OptionTerms(forward, strike, vol, Integer(1, 10**8).draw(random), discount, random.random() < 0.5)


OPTION = Either([
    Struct(option.OptionTerms, {
        **dict.fromkeys(("forward_wad", "strike_wad"), AMOUNT),
        "vol_wad": SHOCKED_VOL, "secs": Integer(0, 2**40), "discount_wad": RATIO, "is_call": SIDE,
    }),
    Generated(_option),
])  # fmt: skip


def svi(random: Random) -> surface.Svi:
    """A valid surface."""
    rho, sigma = Integer(-WAD, WAD).draw(random), Integer(0, surface.MAX_WIDTH).draw(random)
    slope = Integer(0, 2 * WAD * WAD // (WAD + abs(rho))).draw(random)
    dip = slope * sigma * fixed.sqrt_down(WAD * WAD - rho * rho) // WAD**2
    level, shift = Integer(-dip, surface.MAX_VARIANCE).draw(random), Integer(-surface.MAX_WIDTH, surface.MAX_WIDTH)
    made = surface.Svi(level, slope, rho, shift.draw(random), sigma, Integer(1, 2**40).draw(random))
    return made._replace(ref_forward=Integer(1, CAP).draw(random))


def usual_svi(random: Random, forward: int, secs: int) -> surface.Svi:
    """A typical published surface: fitted now, at a vol of 20 to 200 percent."""
    years = max(secs, 60) / YEAR_SECS
    level = int(WAD * random.uniform(0.04, 4) * years)
    slope, rho = int(WAD * random.uniform(0, 0.5) * years), int(WAD * random.uniform(-0.8, 0.8))
    return surface.Svi(level, slope, rho, 0, int(WAD * random.uniform(0.05, 0.5)), max(secs, 1), max(forward, 1))


LEVEL_OF_SVI = Integer(-(2**95), 2**95 - 1)
ANY_SVI = Struct(
    surface.Svi,
    dict.fromkeys(surface.Svi._fields, AMOUNT)
    | {"a": LEVEL_OF_SVI, "m": LEVEL_OF_SVI, "rho": Integer(-(2**63), 2**63 - 1), "ref_secs": TIME},
)


# storage

PRICE = Struct(
    _in_storage(oracle.Price),
    {
        "index": AMOUNT, "premium": PREMIUM, "confidence": RATIO, "published_at": Either([NEAR, OneOf([0])]),
        "stable": AMOUNT, "pending": AMOUNT, "pending_at": NEAR, "cumulative": Integer(0, 2**160),
        "low": AMOUNT, "high": AMOUNT, "since": NEAR, "former_low": AMOUNT, "former_high": AMOUNT,
    },
)  # fmt: skip
WATCH = Struct(surface.Watch, {"base": Generated(svi), "base_at": NEAR, "waiting": Generated(svi), "waiting_at": NEAR})
CURVE = Struct(
    _in_storage(oracle.Curve),
    {
        "forward": AMOUNT, "rate": Integer(0, 10 * WAD), "confidence": RATIO, "published_at": NEAR,
        "surface_confidence": RATIO, "surface_published_at": Either([NEAR, OneOf([0])]), "listed_at": NEAR,
        "svi": Generated(svi), "settlement": AMOUNT, "base": AMOUNT, "base_at": NEAR,
        "start_cumulative": Integer(0, 2**160), "watch": WATCH,
    },
)  # fmt: skip
INDEX = Either([OneOf([RAY, cash.MAX_INDEX]), Integer(RAY, 9 * RAY), Integer(RAY, cash.MAX_INDEX)])
POOL = Struct(
    _in_storage(cash.Pool),
    {
        "token": OneOf(["usd"]), "decimals": DECIMALS, "terms": DEPEG, "interest": INTEREST,
        "accrued_at": Either([OneOf([0, NOW, NOW - 1]), NEAR, Integer(NOW - 3 * YEAR_SECS, NOW)]),
        "supply_index": INDEX, "borrow_index": INDEX,
        "total_supply": Integer(0, 2**150), "total_borrow": Integer(0, 2**150),
        "insurance_wad": Integer(0, 2**100), "deficit_wad": Integer(0, 2**100),
    },
)  # fmt: skip


# valued accounts


def exposure(random: Random) -> standard.Exposure:
    """An exposure of positions within the bounds."""
    risk, options = RISK.draw(random), OPTION_RISK.draw(random)
    index = Integer(1, CAP).draw(random)
    stable = random.choice([index, AMOUNT.draw(random), index * random.randint(90, 110) // 100])
    pending = random.choice([0, 0, Integer(1, CAP).draw(random), max(1, index * random.randint(50, 150) // 100)])
    self = standard.Exposure(risk, options, index, RATIO.draw(random), min(stable, CAP), min(pending, CAP))
    for _ in range(random.choice([0, 1, 1, 2, 32])):
        standard.absorb(self, SIZE.draw(random), VALUE.draw(random), Integer(0, 2**97).draw(random))
    self.base_wad = Integer(0, 8 * CAP).draw(random)
    return self


def line(random: Random, underlyings: int, base: int, expiries: int = 2) -> HeldOption:
    """An option with a strike near a price, or any strike."""
    strike = STRIKE.draw(random) if random.random() < 0.2 else max(1, min(CAP, base * random.randint(50, 150) // 100))
    size = SIZE.draw(random) if random.random() < 0.3 else random.choice([-1, 1]) * random.randint(1, 9) * WAD
    forward = AMOUNT.draw(random) if random.random() < 0.2 else base
    secs = random.choice([0, 1, 86_400, Integer(0, 2**32).draw(random)])
    vol, rate = Integer(0, 9 * WAD).draw(random), random.choice([0, WAD // 20, 10 * WAD])
    return HeldOption(
        random.randrange(underlyings), NOW + 86_400 * random.randrange(expiries), strike, random.random() < 0.5, size,
        min(Integer(0, CAP).draw(random), random.choice([CAP, base])), forward,
        random.choice([0, 0, forward, random.randint(0, forward)]), vol, rate, secs, RATIO.draw(random),
    )  # fmt: skip


def lines(random: Random, underlyings: int) -> list[HeldOption]:
    """Options on some underlyings; some share an expiry, some form spreads."""
    base = Integer(1, CAP).draw(random) if random.random() < 0.3 else random.randint(10**15, 10**23)
    made = [line(random, underlyings, base) for _ in range(random.choice([0, 1, 2, 4, 32]))]
    for each in made[1:]:
        if random.random() < 0.3:
            each.size = -made[0].size
    return made


def strip(random: Random) -> dict[str, Any]:
    """Options, and the place of the first of an expiry."""
    made: list[HeldOption] = []
    while not made:
        made = lines(random, random.choice([1, 1, 2]))
    return {"lines": made, "first": random.choice([0, random.randrange(len(made))])}


EXPOSURE = Generated(exposure)
LINE = Generated(lambda random: line(random, 8, Integer(1, CAP).draw(random)))
HOLDING = Struct(
    margin.Holding,
    {
        "value_wad": Integer(0, 2**190), "safe_wad": Integer(0, 2**190), "terms": TERMS,
        "faded_wad": Either([OneOf([0]), Integer(0, WAD)]),
    },
)  # fmt: skip


def neighbours(struct: Any) -> Any:
    """Parameters, and others that differ from them by one in some fields, or anywhere."""

    def drawn(random: Random) -> dict[str, Any]:
        was, now = struct.draw(random), struct.draw(random)
        if random.random() < 0.9:
            names = random.sample(was._fields, random.choice((0, 1, 1, 2)))
            now = was._replace(
                **{name: min(CAP, max(0, getattr(was, name) + random.choice((-1, 1)))) for name in names}
            )
        return {"was": was, ("terms" if struct is TERMS else "risk"): now}

    return drawn


TIGHTENED = {
    "isTighterRisk": neighbours(RISK), "isTighterHaircut": neighbours(TERMS),
    "isTighterOptions": neighbours(OPTION_RISK),
}  # fmt: skip
"""Parameters before and after a change that may tighten them."""
