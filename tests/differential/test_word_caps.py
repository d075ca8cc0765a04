"""At the largest inputs that the doors allow, no plain product and no unchecked sum of the chain wraps around.

The mirror computes the same in Python's integers, which have no largest one.
"""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from crossvault.mirror import correlation, option, portfolio, shock, stress, surface
from crossvault.mirror.account import MAX_POSITIONS
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.portfolio import ExpiryHoldings, ExpiryOption, Hedge, PortfolioExposure
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.ruleset import Rules
from held_exposures import held
from probing import Probes, plain, started
from profiles import chosen, source

probes = pytest.fixture(started, scope="module")

SECS, VOLS = (0, 1, 86_400, surface.MAX_SECS), (0, 1, 2 * WAD, 2**83)
RATES, FACTORS, PARTS = (0, 2**64 - 1), (0, shock.MAX_FACTOR), (0, WAD)
LINES = 64  # of an account that a view margins
SHOCKS = (1 - WAD, -1, 0, 1, shock.MAX_SHOCK)


def at_its_cap(random: Random, *values: int) -> int:
    """Any of the values, and the largest as often as all others."""
    return max(values) if random.random() < 0.5 else random.choice(values)


def risk(random: Random) -> portfolio.PortfolioRisk:
    def factor() -> int:
        return at_its_cap(random, *FACTORS)

    def signed() -> int:
        return random.choice((-shock.MAX_SHOCK, 0, shock.MAX_SHOCK))

    width = random.choice((10**9, shock.MAX_FACTOR))
    return portfolio.PortfolioRisk(
        shock.VolRisk(factor(), factor(), factor(), factor(), factor(), 1),
        shock.SkewRisk(signed(), signed(), signed(), signed(), width, factor(), signed(), signed()),
        shock.RateRisk(*(factor() for _ in range(6))),
        portfolio.BasisRisk(shock.MAX_SHOCK, 1 - WAD, factor(), factor()),
        portfolio.Contingency(*(shock.MAX_FACTOR,) * 4, WAD, shock.MAX_FACTOR),
    )


def expiry(random: Random, count: int, size: int) -> ExpiryHoldings:
    """Options of one expiry, each at its largest size; the forward is fixed, moves with the price, or both."""
    known, floating = random.choice(((CAP, CAP), (0, CAP), (CAP, 0), (0, 1), (1, 0)))
    term = ExpiryHoldings(known, floating, at_its_cap(random, *RATES), random.choice(SECS), random.choice(PARTS))
    term.lines = [
        ExpiryOption(
            at_its_cap(random, 1, CAP), random.random() < 0.5, size if random.random() < 0.8 else -size,
            random.choice(VOLS), at_its_cap(random, 0, 2 * CAP),
        )
        for _ in range(count)
    ]  # fmt: skip
    return term


def exposure(random: Random) -> PortfolioExposure:
    """Every position of an account in one underlying, at the caps, all long or all short but for some."""
    size = random.choice((CAP, -CAP))
    self = PortfolioExposure(risk(random), portfolio.Stake(CAP, confidence_wad=random.choice(PARTS)))
    options = random.choice((0, 1, LINES))
    self.stake.net_wad2, self.stake.gross_size_wad = MAX_POSITIONS * size * 2 * CAP, MAX_POSITIONS * CAP
    self.hedges = [Hedge(CAP * WAD, WAD, WAD, 0)] * random.choice((0, 8))
    self.terms = [expiry(random, options, size)] if options else []
    return self


def rules(random: Random) -> Rules:
    """As many scenarios as there may be, with every move and mode at its cap."""
    found = [shock.Scenario(random.choice(SHOCKS), at_its_cap(random, *FACTORS), k % shock.MODES) for k in range(8)]
    terms = correlation.LossTerms(2 * WAD, WAD, WAD, 10 * WAD, 10 * WAD, WAD, 10 * WAD)
    signs = [random.choice((-WAD, 0, WAD)) for _ in range(2 * correlation.MAX_PAIRS)]
    return Rules(tuple(found), terms, correlation.Matrix(tuple(signs[::2]), tuple(signs[1::2])))


def margins(random: Random) -> dict[str, Any]:
    account, data = held([exposure(random) for _ in range(random.choice((1, 2, 8)))], rules(random))
    return {"held": account, "data": data, "quote_wad": 0}


def price(random: Random) -> dict[str, Any]:
    """Forwards, strikes, log-moneyness and deviations at their bounds, and ordinary ones."""
    prices = (0, 1, WAD, CAP, 11 * CAP, 2**100)
    return {
        "forward_wad": random.choice(prices), "strike_wad": random.choice(prices),
        "apart_wad": random.choice((-1, 1)) * random.choice((0, 1, WAD, 2**67)),
        "deviation_wad": random.choice((0, 1, WAD // 10, WAD, 20 * WAD, 2**104, 2**124 - 1)),
        "is_call": random.random() < 0.5,
    }  # fmt: skip


def terms(random: Random) -> dict[str, Any]:
    prices = (0, 1, WAD, CAP, 2 * CAP)
    forward, strike, vol, secs, part = (
        random.choice(each) for each in (prices, prices, (*VOLS, 2**116 - 1), SECS, PARTS)
    )
    return {"terms": option.OptionTerms(forward, strike, vol, secs, part, random.random() < 0.5)}


def joint(random: Random) -> dict[str, Any]:
    return {"profits_wad": [[random.choice((-(2**181), 2**181)) for _ in range(3)] for _ in range(8)], "scenarios": 3}


CAPPED: dict[str, tuple[str, Callable[..., Any], Callable[[Random], dict[str, Any]]]] = {
    "assess": ("ProbeStress", stress.assess, margins),
    "undiscounted": ("ProbeOption", option.undiscounted, price),
    "price": ("ProbeOption", option.price, terms),
    "greeks": ("ProbeOption", option.greeks, terms),
    "joint": ("ProbeCorrelation", correlation.joint, joint),
}


@pytest.mark.parametrize("function", CAPPED)
def test_nothing_wraps_around_at_the_caps(probes: Probes, function: str) -> None:
    probe, mirror, draw = CAPPED[function]
    random = Random(source(f"caps {function}"))
    drawn = [draw(random) for _ in range(40 if function == "assess" else chosen().argument_sets)]
    for args, theirs in zip(drawn, probes.query(probe, function, drawn), strict=True):
        assert not isinstance(theirs, Refusal), f"{function}({args}): {theirs}"
        ours = plain(mirror(**args))
        assert theirs == (ours if isinstance(ours, tuple) and function != "greeks" else (ours,)), f"{function}({args})"


def test_a_wider_input_wraps_around_on_the_chain_alone(probes: Probes) -> None:
    """A log-moneyness of 2^238 is beyond every door; its product with a wad is a multiple of 2^256, as if it were 0."""
    args: dict[str, Any] = {
        "forward_wad": 2 * WAD,
        "strike_wad": WAD,
        "apart_wad": 2**238,
        "deviation_wad": WAD,
        "is_call": True,
    }
    [theirs] = probes.query("ProbeOption", "undiscounted", [args])
    assert theirs != (option.undiscounted(**args),)
