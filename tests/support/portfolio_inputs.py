"""Arguments of the functions of portfolio margin: within the bounds of the doors, and beyond."""

from collections.abc import Callable
from random import Random
from typing import Any

from crossvault.mirror import correlation, option, portfolio, shock
from crossvault.mirror.correlation import Matrix, ScenarioLossTable, UnderlyingLoss
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.portfolio import (
    ExpiryHoldings,
    ExpiryOption,
    Hedge,
    PortfolioExposure,
    PortfolioRisk,
    PricedExpiry,
    Stake,
)
from crossvault.mirror.ruleset import Rules
from crossvault.mirror.shock import Scenario
from crossvault.mirror.standard import HeldFuture
from inputs import AMOUNT, EXPIRY, LEVEL, RATE, RATIO, nearly
from probing import NOW, Either, Generated, Inputs, Integer, OneOf, Struct

SIZE, TENFOLD, SIGNED_RATE = Integer(-CAP, CAP), Integer(0, 10 * WAD), Integer(-(2**63), 2**63 - 1)
SIGNED = Integer(-shock.MAX_SHOCK, shock.MAX_SHOCK)
VOL = Integer(0, 2**83 - 1)  # of a surface that passed its door
SHOCK, MODE = Integer(1 - WAD, shock.MAX_SHOCK), OneOf(range(shock.MODES))
WIDE = Integer(0, 2**200)
LOSS, PROFIT = Integer(0, 2**181), Integer(-(2**181), 2**181)
DIRECTION = OneOf([-1, 0, 1])


def many(make: Callable[[Random], Any], counts: list[int]) -> Generated:
    """A list whose length is one of some counts."""
    return Generated(lambda random: [make(random) for _ in range(random.choice(counts))])


SCENARIO = Struct(Scenario, {"spot_shock": SHOCK, "dampening": TENFOLD, "mode": MODE})
ANY_SCENARIO = Struct(Scenario, {"spot_shock": SIGNED_RATE, "dampening": RATE, "mode": Integer(0, 255)})
SCENARIOS = many(SCENARIO.draw, [1, 2, 2, 3, 5])

VOL_RISK = Struct(
    shock.VolRisk,
    dict.fromkeys(("range_up", "range_down", "min_vol", "short_power", "long_power"), TENFOLD)
    | {"floor_secs": Either([Integer(1, shock.PIVOT), Integer(1, shock.MAX_FLOOR)])},
)
SKEW_RISK = Struct(
    shock.SkewRisk,
    {
        "linear_cap": SIGNED, "linear_base": SIGNED, "absolute_cap": SIGNED, "absolute_base": SIGNED,
        "min_width": Integer(10**9, 10 * WAD), "width_scale": TENFOLD, "vol_static": SIGNED, "vol_scale": SIGNED,
    },
)  # fmt: skip
RATE_RISK = Struct(
    shock.RateRisk,
    dict.fromkeys(shock.RateRisk._fields, TENFOLD),
)
BASIS_RISK = Struct(
    portfolio.BasisRisk,
    {
        "up_shock": Integer(0, shock.MAX_SHOCK),
        "down_shock": Integer(1 - WAD, 0),
        "add_rate": TENFOLD,
        "year_rate": TENFOLD,
    },
)


def up_to(high: int, random: Random) -> int:
    return Integer(0, high).draw(random) if high else 0


def _contingency(random: Random) -> portfolio.Contingency:
    perp, naked = TENFOLD.draw(random), TENFOLD.draw(random)
    least = up_to(perp, random), up_to(naked, random)
    return portfolio.Contingency(perp, least[0], naked, least[1], RATIO.draw(random), TENFOLD.draw(random))


CONTINGENCY = Generated(_contingency)
RISK_PARTS: dict[str, Inputs] = {
    "vol": VOL_RISK, "skew": SKEW_RISK, "rate": RATE_RISK, "basis": BASIS_RISK, "contingency": CONTINGENCY,
}  # fmt: skip
RISK = Struct(PortfolioRisk, RISK_PARTS)


def any_of(kind: type[Any], **others: Inputs) -> Struct:
    """Parameters with any value that fits their fields."""
    return Struct(kind, dict.fromkeys(kind._fields, RATE) | others)


ANY_SKEW = any_of(shock.SkewRisk, **dict.fromkeys(
    ("linear_cap", "linear_base", "absolute_cap", "absolute_base", "vol_static", "vol_scale"), SIGNED_RATE
))  # fmt: skip
ANY_PARTS = {
    "vol": any_of(shock.VolRisk), "skew": ANY_SKEW, "rate": any_of(shock.RateRisk),
    "basis": any_of(portfolio.BasisRisk, up_shock=SIGNED_RATE, down_shock=SIGNED_RATE),
    "contingency": any_of(portfolio.Contingency),
}  # fmt: skip


def nearly_valid_risk(random: Random) -> PortfolioRisk:
    drawn: PortfolioRisk = RISK.draw(random)
    name = random.choice(PortfolioRisk._fields)
    return drawn._replace(**{name: nearly(RISK_PARTS[name], ANY_PARTS[name]).draw(random)})


def _line(random: Random) -> ExpiryOption:
    return ExpiryOption(
        Integer(1, CAP).draw(random), random.random() < 0.5, SIZE.draw(random), VOL.draw(random), AMOUNT.draw(random)
    )


def _traded(random: Random) -> ExpiryHoldings:
    """Options in the ranges that trade, on a forward that may be partly fixed."""
    forward = Integer(1, CAP // 2**6).draw(random)
    known = random.choice([0, 0, 0, forward, int(forward * random.random())])
    term = ExpiryHoldings(
        known, forward - known, Integer(0, WAD).draw(random), Integer(1, 10**8).draw(random), RATIO.draw(random)
    )
    discount = option.discount(term.rate_wad, term.secs)
    term.lines = []
    for _ in range(random.choice([1, 1, 2, 3, 8])):
        strike = max(1, int(forward * 2 ** random.uniform(-1, 1) ** 3))
        if term.lines and random.random() < 0.2:
            strike = term.lines[-1].strike_wad
        vol, call = Integer(WAD // 100, 9 * WAD).draw(random), random.random() < 0.5
        mark = option.price(option.OptionTerms(forward, strike, vol, term.secs, discount, call))
        term.lines.append(ExpiryOption(strike, call, Integer(-(10**24), 10**24).draw(random), vol, mark))
    term.future_size = random.choice([0, 0, Integer(-(10**24), 10**24).draw(random), -term.lines[0].size])
    return term


def term(random: Random) -> ExpiryHoldings:
    if random.random() < 0.7:
        return _traded(random)
    known, floating = Integer(0, CAP // 2).draw(random), Integer(0, CAP // 2).draw(random)
    made = ExpiryHoldings(known, floating, RATE.draw(random), EXPIRY.draw(random), RATIO.draw(random))
    made.lines = [_line(random) for _ in range(random.choice([0, 1, 2]))]
    made.future_size = random.choice([0, 1, -1, 32]) * SIZE.draw(random)
    return made


def future(random: Random) -> HeldFuture:
    """A future on one of two underlyings, in one of two expiries."""
    expiry, size = NOW + 86_400 * random.randrange(2), SIZE.draw(random)
    parts = AMOUNT.draw(random), AMOUNT.draw(random)
    return HeldFuture(random.randrange(2), expiry, size, *parts, EXPIRY.draw(random))


EXPIRY_HOLDINGS, LINES = Generated(term), many(_line, [0, 1, 2, 3, 8])
FUTURES, SOME_FUTURES = many(future, [0, 1, 2, 8]), many(future, [1, 2, 8])
STAKE = Struct(Stake, {
    "index_wad": AMOUNT, "net_wad2": Integer(-(2**197), 2**197), "gross_size_wad": Integer(0, 2**101),
    "confidence_wad": RATIO,
})  # fmt: skip
HEDGE = Struct(Hedge, {"value_wad": Integer(0, 2**134)} | dict.fromkeys(Hedge.__slots__[1:], RATIO))
REPEATED_LINES = Generated(lambda random: [
    ExpiryOption(random.choice([1, 2]), random.random() < 0.5, Integer(-5, 5).draw(random))
    for _ in range(random.randrange(9))
])  # fmt: skip


def _exposure(random: Random) -> PortfolioExposure:
    self = PortfolioExposure(RISK.draw(random), Stake(AMOUNT.draw(random)))
    if random.random() < 0.8:
        self.stake.net_wad2 = Integer(-(2**197), 2**197).draw(random)
        self.stake.gross_size_wad, self.stake.confidence_wad = Integer(0, 2**101).draw(random), RATIO.draw(random)
    self.hedges = [HEDGE.draw(random) for _ in range(random.choice([0, 0, 1, 2]))]
    self.terms = [term(random) for _ in range(random.choice([0, 1, 1, 2]))]
    return self


def _priced_expiry(random: Random) -> PricedExpiry:
    return portfolio.ready(term(random), RISK.draw(random))


EXPOSURE, PRICED_EXPIRY = Generated(_exposure), Generated(_priced_expiry)
EXPOSURES = many(_exposure, [0, 1, 1, 2, 3])
UNDERLYING_LOSS = Struct(UnderlyingLoss, {"loss_wad": LOSS, "direction": DIRECTION, "two_sided_wad": RATIO})
UNDERLYING_LOSSES = Either(
    [
        many(UNDERLYING_LOSS.draw, [0, 1, 2, 3, 8]),
        many(lambda random: UnderlyingLoss(Integer(0, 9).draw(random), 1, 0), [2, 8]),
    ]
)
CORRELATION = Integer(-WAD, WAD)


def _matrix(random: Random) -> Matrix:
    def half() -> tuple[int, ...]:
        if random.random() < 0.2:
            return (random.choice([-WAD, 0, WAD]),) * correlation.MAX_PAIRS
        return tuple(CORRELATION.draw(random) for _ in range(correlation.MAX_PAIRS))

    return Matrix(half(), half())


def nearly_valid_matrix(random: Random) -> Matrix:
    drawn = _matrix(random)
    if random.random() < 0.4:
        return drawn
    name = random.choice(Matrix._fields)
    values = list(getattr(drawn, name))
    values[random.randrange(len(values))] = SIGNED_RATE.draw(random)
    return drawn._replace(**{name: tuple(values[: random.choice([28, 28, 27])])})


def _loss_terms(random: Random) -> correlation.LossTerms:
    phi, part = RATIO.draw(random), TENFOLD.draw(random)
    least = up_to(phi, random), up_to(part, random)
    breakdown = Integer(0, 2 * WAD).draw(random)
    return correlation.LossTerms(breakdown, phi, least[0], part, least[1], RATIO.draw(random), TENFOLD.draw(random))


def profits(random: Random, count: int) -> list[int]:
    return [PROFIT.draw(random) for _ in range(count)] if random.random() < 0.8 else []


def _loss_table(random: Random) -> ScenarioLossTable:
    legs = UNDERLYING_LOSSES.draw(random)
    return ScenarioLossTable([profits(random, 2) for _ in legs], [0] * len(legs), legs, LOSS.draw(random))


LOSS_TABLE, LOSS_TERMS, MATRIX = Generated(_loss_table), Generated(_loss_terms), Generated(_matrix)
SHAPE = Struct(
    shock.Shape,
    {
        "up_wad": Integer(WAD, 2**93), "down_wad": RATIO, "min_vol_wad": TENFOLD,
        "linear_wad": Integer(0, 2**72), "absolute_wad": Integer(0, 2**72), "width_wad": Integer(10**9, 2**80),
    },
)  # fmt: skip
SHARED = {"self": PRICED_EXPIRY, "spot_shock": SHOCK, "mode": MODE}
AT_A_LEVEL = {"self": EXPOSURE, "level": LEVEL}
FACTORS = {"rate_wad": RATE, "secs": EXPIRY, "discount_wad": RATIO}


def rules(random: Random) -> Rules:
    """Valid rules of portfolio margin."""
    return Rules(tuple(SCENARIOS.draw(random)), LOSS_TERMS.draw(random), MATRIX.draw(random))
