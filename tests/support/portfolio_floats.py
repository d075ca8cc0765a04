"""Accounts on portfolio margin, drawn at random, and the same margin in float64.

The floats are a second witness, written from section 7 of the specification: they use no prepared expiries, shapes or
roundings, only the holdings of an account. Strikes, vols and times are in the ranges of traded options.
"""

from math import erfc, exp, log, sqrt
from random import Random

from crossvault.mirror import option
from crossvault.mirror.correlation import LossTerms, Matrix
from crossvault.mirror.fixed import WAD
from crossvault.mirror.portfolio import (
    BasisRisk,
    Contingency,
    ExpiryHoldings,
    ExpiryOption,
    Hedge,
    PortfolioExposure,
    PortfolioRisk,
    Stake,
)
from crossvault.mirror.shock import ABSOLUTE, DOWN, LINEAR, STILL, UP, RateRisk, Scenario, SkewRisk, VolRisk
from crossvault.mirror.standard import Level

UNIT = float(WAD)
YEAR, DAY = 365 * 86_400, 86_400
PAIRS = 28
SHOCKS = (-66, -33, -18, -9, 0, 9, 18, 50, 200)


def wad(value: float) -> int:
    """Number in wads, rounded to nine digits so that floats hold it."""
    return round(value * 10**9) * 10**9


def a_risk(random: Random) -> PortfolioRisk:
    """Parameters near the published ones."""
    by = random.uniform
    perp, naked = by(0.01, 0.05), by(0.001, 0.01)
    return PortfolioRisk(
        VolRisk(wad(by(0.2, 0.9)), wad(by(0.1, 0.5)), wad(by(0.2, 0.6)), wad(by(0.1, 0.5)), wad(by(0, 0.3)), DAY),
        SkewRisk(wad(by(0.1, 2)), wad(-by(0, 0.1)), wad(by(0.1, 0.5)), wad(-by(0, 0.1)), wad(0.01), wad(by(1, 5)),
                 wad(by(0.3, 2)), wad(by(-0.2, 0.5))),
        RateRisk(wad(by(0.9, 1)), wad(by(0, 1)), wad(by(0, 0.1)), wad(by(1, 1.1)), wad(by(0, 1)), wad(by(0, 0.1))),
        BasisRisk(wad(by(0, 0.1)), wad(-by(0, 0.1)), wad(by(0, 1)), wad(by(0, 3))),
        Contingency(wad(perp), wad(perp * by(0, 1)), wad(naked), wad(naked * by(0, 1)), wad(0.55), wad(by(0, 1))),
    )  # fmt: skip


def some_scenarios(random: Random) -> list[Scenario]:
    """Scenarios with spot moves up, down and zero, in every volatility mode."""
    made = [Scenario(s * WAD // 100, WAD, m) for s in SHOCKS for m in (STILL, UP, DOWN, LINEAR, ABSOLUTE)]
    drawn = random.sample(made, random.randint(1, 12))
    return [each._replace(dampening=wad(random.uniform(0.05, 1))) if random.random() < 0.3 else each for each in drawn]


def an_expiry(random: Random, spot: float) -> ExpiryHoldings:
    """Options of one expiry; in its last half hour the forward is partly fixed."""
    secs = random.choice([900, random.randint(2_000, 20 * DAY), random.randint(20 * DAY, 600 * DAY)])
    forward = wad(spot * random.uniform(0.97, 1.05))
    floating = forward * min(secs, 1_800) // 1_800
    term = ExpiryHoldings(forward - floating, floating, wad(random.uniform(0, 0.3)), secs, wad(random.uniform(0, 1)))
    discount = option.discount(term.rate_wad, secs)
    lines: list[ExpiryOption] = []
    for _ in range(random.randint(1, 5)):
        strike = wad(spot * exp(random.uniform(-0.5, 0.5)))
        if lines and random.random() < 0.3:
            strike = lines[-1].strike_wad
        line = ExpiryOption(strike, random.random() < 0.5, wad(random.uniform(-20, 20)), wad(random.uniform(0.3, 1.5)))
        terms = option.OptionTerms(forward, strike, line.vol_wad, secs, discount, line.is_call)
        line.mark_wad = option.price(terms)
        lines.append(line)
    own = Random(forward)  # a stream of its own, so that what follows is drawn as without futures
    term.lines, term.future_size = lines, own.choice([0, 0, wad(own.uniform(-20, 20))])
    return term


def an_exposure(random: Random) -> PortfolioExposure:
    """Perps, futures, collateral and options on one underlying."""
    spot = random.choice([0.5, 30, 3_000, 90_000]) * random.uniform(0.7, 1.4)
    self = PortfolioExposure(a_risk(random), Stake(wad(spot)))
    if random.random() < 0.6:
        size = wad(random.uniform(-30, 30))
        self.stake.net_wad2, self.stake.gross_size_wad = size * wad(spot), abs(size) + wad(random.choice([0, 5]))
    self.stake.confidence_wad = wad(random.uniform(0, 1))
    if random.random() < 0.4:
        value, initial = wad(spot * random.uniform(0, 20)), random.uniform(0, 0.3)
        self.hedges = [Hedge(value, wad(initial), wad(initial / 2), wad(random.uniform(0, 1)))]
    self.terms = [an_expiry(random, spot) for _ in range(random.choice([0, 1, 1, 2, 3]))]
    return self


def some_loss_terms(random: Random) -> LossTerms:
    by = random.uniform
    phi, part = by(0, 1), by(0.5, 1.5)
    return LossTerms(wad(by(0, 0.5)), wad(phi), wad(phi * by(0, 1)), wad(part), wad(part * by(0, 1)), wad(0.98), wad(2))


def a_matrix(random: Random) -> Matrix:
    def half() -> tuple[int, ...]:
        return tuple(wad(random.uniform(0, 1)) for _ in range(PAIRS))

    return Matrix(half(), half())


# the same in float64


def black_usd(forward: float, line: ExpiryOption, vol: float, years: float, discount: float) -> float:
    """Black's price with the distribution of the standard library."""
    strike, sign = line.strike_wad / UNIT, 1 if line.is_call else -1
    spread = vol * sqrt(years)
    if spread == 0 or forward == 0:
        return discount * max(0.0, sign * (forward - strike))
    d = log(forward / strike) / spread + spread / 2
    return discount * sign * (forward * cdf(sign * d) - strike * cdf(sign * (d - spread)))


def cdf(x: float) -> float:
    return erfc(-x / sqrt(2)) / 2


def vol_usd(risk: PortfolioRisk, vol: float, mode: int, apart: float, secs: int) -> float:
    years, skew, turn = secs / YEAR, risk.skew, risk.vol
    power = (turn.short_power if secs < 30 * DAY else turn.long_power) / UNIT
    m: float = (30 * DAY / max(secs, turn.floor_secs)) ** power
    if mode == UP:
        return max(turn.min_vol / UNIT, vol * (1 + turn.range_up / UNIT * m))
    if mode == DOWN:
        return vol * max(0.0, 1 - turn.range_down / UNIT * m)
    if mode == STILL:
        return vol
    linear = mode == LINEAR
    base, scale = (skew.linear_base, skew.linear_cap) if linear else (skew.absolute_base, skew.absolute_cap)
    cap = base / UNIT * sqrt(years) + scale / UNIT
    width = sqrt(years) * skew.width_scale / UNIT * (skew.vol_static / UNIT + sqrt(years) * skew.vol_scale / UNIT)
    x = apart if linear else abs(apart)
    return vol * max(0.0, 1 + min(cap, max(-cap, x * cap / max(skew.min_width / UNIT, width))))


def term_usd(risk: PortfolioRisk, term: ExpiryHoldings, shock: float, mode: int) -> float:
    """Value of an expiry in a scenario."""
    forward, years = (term.fixed_wad + term.floating_wad) / UNIT, term.secs / YEAR
    moved = term.fixed_wad / UNIT + term.floating_wad / UNIT * (1 + shock)
    total = 0.0
    for line in term.lines:
        vol = vol_usd(risk, line.vol_wad / UNIT, mode, log(line.strike_wad / UNIT / forward), term.secs)
        price = black_usd(moved, line, vol, years, exp(-term.rate_wad / UNIT * years))
        total += line.size / UNIT * price
    return total


def profit_usd(exposure: PortfolioExposure, scenario: Scenario) -> float:
    """PnL of a scenario."""
    shock, rates = scenario.spot_shock / UNIT, exposure.risk.rate
    total = (
        exposure.stake.net_wad2 / UNIT / UNIT * shock + sum(each.value_wad for each in exposure.hedges) / UNIT * shock
    )
    for term in exposure.terms:
        years, rate = term.secs / YEAR, term.rate_wad / UNIT
        value = term_usd(exposure.risk, term, shock, scenario.mode)
        if value > 0:
            factor = rates.long_base / UNIT * exp(-years * (rate * rates.long_scale / UNIT + rates.long_add / UNIT))
        else:
            factor = rates.short_base / UNIT / exp(-years * (rate * rates.short_scale / UNIT + rates.short_add / UNIT))
            factor = min(1 / exp(-rate * years), factor)
        change = value * factor - term_usd(exposure.risk, term, 0, STILL)
        total += -abs(change) if scenario.mode in (LINEAR, ABSOLUTE) else change
    return total * scenario.dampening / UNIT


def basis_usd(exposure: PortfolioExposure) -> float:
    total, risk = 0.0, exposure.risk.basis
    for term in exposure.terms:
        value, floating = term_usd(exposure.risk, term, 0, STILL), term.future_size / UNIT * term.floating_wad / UNIT
        moves = [
            term_usd(exposure.risk, term, shock / UNIT, STILL) - value + floating * shock / UNIT
            for shock in (risk.up_shock, risk.down_shock)
        ]
        total += min(*moves, 0) * (risk.add_rate / UNIT + risk.year_rate / UNIT * term.secs / YEAR)
    return total


def contingency_usd(exposure: PortfolioExposure, level: Level) -> float:
    """Contingencies, required in addition to the loss."""
    risk, spot, initial = exposure.risk.contingency, exposure.stake.index_wad / UNIT, level == Level.INITIAL

    def doubt(confidence: int) -> float:
        uncertain = initial and confidence < risk.confidence_threshold
        return (1 - confidence / UNIT) * risk.confidence_factor / UNIT if uncertain else 0.0

    perp = (risk.perp_initial if initial else risk.perp_maintenance) / UNIT
    option_rate = (risk.option_initial if initial else risk.option_maintenance) / UNIT
    total = exposure.stake.gross_size_wad / UNIT * spot * (perp + doubt(exposure.stake.confidence_wad))
    for hedge in exposure.hedges:
        haircut = (hedge.haircut_initial if initial else hedge.haircut_maintenance) / UNIT
        total += hedge.value_wad / UNIT * (haircut + doubt(hedge.confidence_wad))
    for term in exposure.terms:
        sums: dict[tuple[int, bool], float] = {}
        for line in term.lines:
            key = line.strike_wad, line.is_call
            sums[key] = sums.get(key, 0.0) + line.size / UNIT
            total += abs(line.size) / UNIT * spot * doubt(term.confidence_wad)
        total += sum(max(0.0, -each) for each in sums.values()) * spot * option_rate
    return total


def gross_usd(exposure: PortfolioExposure) -> float:
    """Sum of magnitudes of all addends: the scale of float errors."""
    most = 3 * exposure.stake.index_wad
    total = abs(exposure.stake.net_wad2) / UNIT / UNIT + sum(each.value_wad for each in exposure.hedges) / UNIT
    for term in exposure.terms:
        total += sum(abs(line.size) / UNIT * max(line.strike_wad, most) / UNIT for line in term.lines)
        total += abs(term.future_size) / UNIT * most / UNIT
    return total


def loss_usd(profits: list[list[float]], basis: list[float], shocks: list[int], rho: tuple[Matrix, LossTerms],
             level: Level) -> float:  # fmt: skip
    """Loss of an account with several underlyings, by the formula in all its cases."""
    matrix, terms = rho
    least = [min(each) for each in profits]
    worst = [max(0.0, -min(low, down)) for low, down in zip(least, basis, strict=True)]
    direction, two_sided = [], []
    for each, low, down in zip(profits, least, basis, strict=True):
        shock = shocks[each.index(low)]
        direction.append((shock > 0) - (shock < 0) if low <= down else 0)
        up = max([0.0, *(-p for p, s in zip(each, shocks, strict=True) if s > 0)])
        fall = max([0.0, *(-p for p, s in zip(each, shocks, strict=True) if s < 0)])
        two_sided.append(min(up, fall) / max(up, fall) if max(up, fall) else 0.0)

    def combined(slip: float) -> float:
        total = sum(each**2 for each in worst)
        for j in range(len(worst)):
            for i in range(j):
                place = j * (j - 1) // 2 + i
                if direction[i] * direction[j] < 0:
                    hedge = max(0.0, matrix.opposite[place] / UNIT - slip)
                    correlation = -hedge * (1 - two_sided[i]) * (1 - two_sided[j])
                else:
                    correlation = min(1.0, matrix.alike[place] / UNIT + slip)
                total += 2 * correlation * worst[i] * worst[j]
        return sqrt(max(0.0, total))

    joint = max(-sum(each[k] for each in profits) for k in range(len(shocks)))
    phi = (terms.phi_initial if level == Level.INITIAL else terms.phi_maintenance) / UNIT
    found = max(combined(0.0), joint, phi * sum(worst))
    return max(found, combined(terms.breakdown / UNIT)) if level == Level.INITIAL else found
