"""The values that portfolio margin is asked with: within the bounds of the doors, and beyond."""

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
)
from crossvault.mirror.shock import Scenario
from crossvault.mirror.stress import Rules
from inputs import AMOUNT, EXPIRY, LEVEL, RATE, RATIO, nearly
from probing import Either, Inputs, Made, OneOf, Struct, Whole

SIZE, TENFOLD, SIGNED_RATE = Whole(-CAP, CAP), Whole(0, 10 * WAD), Whole(-(2**63), 2**63 - 1)
SHOCK, MODE = Whole(1 - WAD, shock.MAX_SHOCK), OneOf(range(shock.MODES))
WIDE = Whole(0, 2**200)
LOSS, PROFIT = Whole(0, 2**177), Whole(-(2**177), 2**177)
DIRECTION = OneOf([-1, 0, 1])


def many(make: Callable[[Random], Any], counts: list[int]) -> Made:
    """A list of as many as one of some counts."""
    return Made(lambda random: [make(random) for _ in range(random.choice(counts))])


SCENARIO = Struct(Scenario, {"spot_shock": SHOCK, "dampening": RATIO, "mode": MODE})
ANY_SCENARIO = Struct(Scenario, {"spot_shock": SIGNED_RATE, "dampening": RATE, "mode": Whole(0, 255)})
SCENARIOS = many(SCENARIO.draw, [1, 2, 2, 3, 5])

VOL_RISK = Struct(
    shock.VolRisk,
    dict.fromkeys(("range_up", "range_down", "min_vol"), TENFOLD)
    | dict.fromkeys(("short_power", "long_power"), RATIO)
    | {"floor_secs": Whole(1, shock.PIVOT)},
)
SKEW_RISK = Struct(
    shock.SkewRisk,
    {
        "linear_cap": TENFOLD, "linear_base": SIGNED_RATE, "absolute_cap": TENFOLD, "absolute_base": SIGNED_RATE,
        "min_width": Whole(10**9, 10 * WAD), "width_scale": TENFOLD,
        "vol_static": SIGNED_RATE, "vol_scale": SIGNED_RATE,
    },
)  # fmt: skip
RATE_RISK = Struct(
    shock.RateRisk,
    {"long_base": RATIO, "short_base": Whole(WAD, 10 * WAD)}
    | dict.fromkeys(("long_scale", "long_add", "short_scale", "short_add"), TENFOLD),
)
BASIS_RISK = Struct(
    portfolio.BasisRisk,
    {"up_shock": Whole(0, shock.MAX_SHOCK), "down_shock": Whole(1 - WAD, 0), "add_rate": TENFOLD, "year_rate": TENFOLD},
)


def up_to(high: int, random: Random) -> int:
    return Whole(0, high).draw(random) if high else 0


def _contingency(random: Random) -> portfolio.Contingency:
    perp, naked = RATIO.draw(random), RATIO.draw(random)
    least = up_to(perp, random), up_to(naked, random)
    return portfolio.Contingency(perp, least[0], naked, least[1], RATIO.draw(random), TENFOLD.draw(random))


CONTINGENCY = Made(_contingency)
RISK_PARTS: dict[str, Inputs] = {
    "vol": VOL_RISK, "skew": SKEW_RISK, "rate": RATE_RISK, "basis": BASIS_RISK, "contingency": CONTINGENCY,
}  # fmt: skip
RISK = Struct(PortfolioRisk, RISK_PARTS)


def any_of(kind: type[Any], **others: Inputs) -> Struct:
    """Parameters that may be anything their fields hold."""
    return Struct(kind, dict.fromkeys(kind._fields, RATE) | others)


ANY_SKEW = any_of(shock.SkewRisk, **dict.fromkeys(
    ("linear_base", "absolute_base", "vol_static", "vol_scale"), SIGNED_RATE
))  # fmt: skip
ANY_PARTS = {
    "vol": any_of(shock.VolRisk), "skew": ANY_SKEW, "rate": any_of(shock.RateRisk),
    "basis": any_of(portfolio.BasisRisk, up_shock=SIGNED_RATE, down_shock=SIGNED_RATE),
    "contingency": any_of(portfolio.Contingency),
}  # fmt: skip


def bent_risk(random: Random) -> PortfolioRisk:
    drawn: PortfolioRisk = RISK.draw(random)
    name = random.choice(PortfolioRisk._fields)
    return drawn._replace(**{name: nearly(RISK_PARTS[name], ANY_PARTS[name]).draw(random)})


def _line(random: Random) -> ExpiryOption:
    return ExpiryOption(
        Whole(1, CAP).draw(random), random.random() < 0.5, SIZE.draw(random), AMOUNT.draw(random), AMOUNT.draw(random)
    )


def _traded(random: Random) -> ExpiryHoldings:
    """Options as they are traded, on a forward that may be partly known."""
    forward = Whole(1, CAP // 2**6).draw(random)
    known = random.choice([0, 0, 0, forward, int(forward * random.random())])
    term = ExpiryHoldings(
        known, forward - known, Whole(0, WAD).draw(random), Whole(1, 10**8).draw(random), RATIO.draw(random)
    )
    discount = option.discount(term.rate_wad, term.secs)
    term.lines = []
    for _ in range(random.choice([1, 1, 2, 3, 8])):
        strike = max(1, int(forward * 2 ** random.uniform(-1, 1) ** 3))
        if term.lines and random.random() < 0.2:
            strike = term.lines[-1].strike_wad
        vol, call = Whole(WAD // 100, 9 * WAD).draw(random), random.random() < 0.5
        mark = option.price(option.OptionTerms(forward, strike, vol, term.secs, discount, call))
        term.lines.append(ExpiryOption(strike, call, Whole(-(10**24), 10**24).draw(random), vol, mark))
    return term


def term(random: Random) -> ExpiryHoldings:
    if random.random() < 0.7:
        return _traded(random)
    known, floating = Whole(0, CAP // 2).draw(random), Whole(0, CAP // 2).draw(random)
    made = ExpiryHoldings(known, floating, RATE.draw(random), EXPIRY.draw(random), RATIO.draw(random))
    made.lines = [_line(random) for _ in range(random.choice([0, 1, 2]))]
    return made


TERM, LINES = Made(term), many(_line, [0, 1, 2, 3, 8])
HEDGE = Struct(Hedge, {"value_wad": Whole(0, 2**134)} | dict.fromkeys(Hedge.__slots__[1:], RATIO))
TWINS = Made(lambda random: [
    ExpiryOption(random.choice([1, 2]), random.random() < 0.5, Whole(-5, 5).draw(random))
    for _ in range(random.randrange(9))
])  # fmt: skip


def _stake(random: Random) -> PortfolioExposure:
    self = PortfolioExposure(RISK.draw(random), AMOUNT.draw(random))
    if random.random() < 0.8:
        self.net_wad2 = Whole(-(2**197), 2**197).draw(random)
        self.gross_size_wad, self.confidence_wad = Whole(0, 2**101).draw(random), RATIO.draw(random)
    self.hedges = [HEDGE.draw(random) for _ in range(random.choice([0, 0, 1, 2]))]
    self.terms = [term(random) for _ in range(random.choice([0, 1, 1, 2]))]
    return self


def _sheet(random: Random) -> PricedExpiry:
    return portfolio.ready(term(random), RISK.draw(random))


STAKE, SHEET = Made(_stake), Made(_sheet)
STAKES = many(_stake, [0, 1, 1, 2, 3])
LEG = Struct(UnderlyingLoss, {"loss_wad": LOSS, "direction": DIRECTION, "two_sided_wad": RATIO})
LEGS = Either(
    [many(LEG.draw, [0, 1, 2, 3, 8]), many(lambda random: UnderlyingLoss(Whole(0, 9).draw(random), 1, 0), [2, 8])]
)
CORRELATION = Whole(-WAD, WAD)


def _matrix(random: Random) -> Matrix:
    def half() -> tuple[int, ...]:
        if random.random() < 0.2:
            return (random.choice([-WAD, 0, WAD]),) * correlation.MAX_PAIRS
        return tuple(CORRELATION.draw(random) for _ in range(correlation.MAX_PAIRS))

    return Matrix(half(), half())


def bent_matrix(random: Random) -> Matrix:
    drawn = _matrix(random)
    if random.random() < 0.4:
        return drawn
    name = random.choice(Matrix._fields)
    values = list(getattr(drawn, name))
    values[random.randrange(len(values))] = SIGNED_RATE.draw(random)
    return drawn._replace(**{name: tuple(values[: random.choice([28, 28, 27])])})


def _terms(random: Random) -> correlation.LossTerms:
    phi, part = RATIO.draw(random), TENFOLD.draw(random)
    least = up_to(phi, random), up_to(part, random)
    breakdown = Whole(0, 2 * WAD).draw(random)
    return correlation.LossTerms(breakdown, phi, least[0], part, least[1], RATIO.draw(random), TENFOLD.draw(random))


def profits(random: Random, count: int) -> list[int]:
    return [PROFIT.draw(random) for _ in range(count)] if random.random() < 0.8 else []


def _outlook(random: Random) -> ScenarioLossTable:
    legs = LEGS.draw(random)
    return ScenarioLossTable([profits(random, 2) for _ in legs], [0] * len(legs), legs, LOSS.draw(random))


OUTLOOK, TERMS, MATRIX = Made(_outlook), Made(_terms), Made(_matrix)
SHAPE = Struct(
    shock.Shape,
    {
        "up_wad": Whole(WAD, 2**86), "down_wad": RATIO, "min_vol_wad": TENFOLD,
        "linear_wad": Whole(0, 2**72), "absolute_wad": Whole(0, 2**72), "width_wad": Whole(10**9, 2**80),
    },
)  # fmt: skip
SHARED = {"self": SHEET, "spot_shock": SHOCK, "mode": MODE}
HELD = {"self": STAKE, "level": LEVEL}
FACTORS = {"rate_wad": RATE, "secs": EXPIRY, "discount_wad": RATIO}


def rules(random: Random) -> Rules:
    """How portfolio margin is asked for, as a door lets it pass."""
    return Rules(tuple(SCENARIOS.draw(random)), TERMS.draw(random), MATRIX.draw(random))
