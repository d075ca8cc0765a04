"""Gas of the largest account in portfolio mode (24 options, 8 underlyings, 32 scenarios): a fifth of a block."""

from random import Random
from typing import Any

import pytest

from crossvault.evm.codec import snake
from crossvault.mirror import correlation, option, portfolio, shock
from crossvault.mirror.account import MAX_OPTIONS
from crossvault.mirror.fixed import WAD
from crossvault.mirror.portfolio import ExpiryHoldings, ExpiryOption, PortfolioExposure, PortfolioRisk
from crossvault.mirror.shock import MAX_SCENARIOS, Scenario
from crossvault.mirror.standard import Level
from probing import NOW, Probes, started

LIMIT = 6_000_000
UNDERLYINGS, DAY = 8, 86_400

probes = pytest.fixture(started, scope="module")

PERCENT = WAD // 100
RISK = PortfolioRisk(
    shock.VolRisk(50 * PERCENT, 27 * PERCENT, 45 * PERCENT, 30 * PERCENT, 13 * PERCENT, DAY),
    shock.SkewRisk(15 * PERCENT, -5 * PERCENT, 15 * PERCENT, -5 * PERCENT, PERCENT, 4 * WAD, 60 * PERCENT, -PERCENT),
    shock.RateRisk(95 * PERCENT, WAD, 8 * PERCENT, 104 * PERCENT, WAD // 2, 8 * PERCENT),
    portfolio.BasisRisk(4 * PERCENT, -4 * PERCENT, WAD // 2, 2 * WAD),
    portfolio.Contingency(2 * PERCENT, PERCENT, PERCENT, PERCENT // 2, WAD // 2, WAD),
)


def exposure(random: Random, expiries: int, options: int) -> PortfolioExposure:
    """A perp and options of some expiries."""
    forward = random.randint(1_000, 5_000) * WAD
    self = PortfolioExposure(RISK, portfolio.Stake(forward, 3 * WAD * forward, 3 * WAD, WAD // 4))
    terms = []
    for number in range(expiries):
        term = ExpiryHoldings(0, forward, WAD // 20, (7 + 30 * number) * DAY, WAD // 4)
        discount = option.discount(term.rate_wad, term.secs)
        lines = []
        for _ in range(options):
            line = ExpiryOption(
                forward * random.randint(70, 130) // 100, random.random() < 0.5, random.randint(-9, 9) * WAD
            )
            line.vol_wad = random.randint(40, 90) * PERCENT
            terms_of = option.OptionTerms(forward, line.strike_wad, line.vol_wad, term.secs, discount, line.is_call)
            line.mark_wad = option.price(terms_of)
            lines.append(line)
        term.lines = lines
        terms.append(term)
    self.terms = terms
    return self


def gas(probes: Probes, function: str, args: dict[str, Any]) -> int:
    """Gas of a call of the probe, without the base cost and the calldata cost of the transaction."""
    address, interface = probes._at("ProbeCorrelation")
    data = interface.call(snake(function), args)
    sent = sum(16 if byte else 4 for byte in bytes.fromhex(data[2:])) + 21_000
    call = {"from": "0x" + "0" * 40, "to": address, "input": data, "gas": hex(100_000_000)}
    block = {"blockOverrides": {"time": hex(NOW), "gasLimit": hex(10**9)}, "calls": [call]}
    answer = probes.node.rpc("eth_simulateV1", {"blockStateCalls": [block], "validation": False}, "latest")
    assert answer[0]["calls"][0]["status"] == "0x1"
    return int(answer[0]["calls"][0]["gasUsed"], 16) - sent


@pytest.mark.slow
@pytest.mark.parametrize("expiries", [1, 3])
def test_the_largest_account_is_margined_within_a_fifth_of_a_block(probes: Probes, expiries: int) -> None:
    random = Random(expiries)
    options = [MAX_OPTIONS // 4 if number < 4 else 0 for number in range(UNDERLYINGS)]
    stakes = [exposure(random, expiries if count else 0, count // expiries) for count in options]
    moves = [(k // 3 - 5) * 6 * PERCENT for k in range(MAX_SCENARIOS)]
    scenarios = [Scenario(move, WAD, k % 3) for k, move in enumerate(moves)]
    outlook = correlation.outlook(stakes, scenarios)
    terms = correlation.LossTerms(WAD // 5, WAD // 5, WAD // 10, WAD, WAD, WAD, WAD)
    matrix = correlation.Matrix(*[(WAD // 2,) * correlation.MAX_PAIRS] * 2)
    spent = gas(probes, "outlook", {"exposures": stakes, "scenarios": scenarios})
    for level in Level:
        losses = {"self": outlook, "terms": terms, "matrix": matrix, "level": level}
        loss_wad = correlation.loss(outlook, terms, matrix, level)
        required = {"exposures": stakes, "loss_wad": loss_wad, "terms": terms, "quote_wad": WAD, "level": level}
        spent += gas(probes, "loss", losses) + gas(probes, "requirement", required)
    print(expiries, spent)
    assert spent < LIMIT
