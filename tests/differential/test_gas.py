"""Gas: both sides agree at the bounds of an account, every contract fits in the code limit; option pricing is cheap."""

import pytest

from crossvault.bench.gas import CODE_LIMIT
from crossvault.bench.gas_chain import GasChain
from crossvault.bench.gas_doors import DoorMeasurement
from crossvault.bench.gas_market import WORLD
from crossvault.bench.gas_portfolios import PORTFOLIOS, GasPortfolio
from crossvault.differential.model import Model
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import MODULES
from crossvault.mirror.account import PORTFOLIO
from crossvault.mirror.fixed import WAD
from crossvault.mirror.option import YEAR, OptionTerms
from crossvault.mirror.shock import MAX_SCENARIOS
from crossvault.mirror.surface import Svi
from probing import Probes, started

ALLOWED = [each for each in PORTFOLIOS if each.is_allowed]
USUAL = {"32-mixed", [each for each in ALLOWED if each.mode == PORTFOLIO][-1].name}


@pytest.mark.slow
@pytest.mark.parametrize(
    "portfolio",
    [
        pytest.param(each, id=f"{each.name} {each.mode}", marks=() if each.name in USUAL else pytest.mark.campaign)
        for each in ALLOWED
    ],
)
def test_both_sides_agree_at_every_door_of_the_largest_accounts(portfolio: GasPortfolio) -> None:
    """Results, events and state after every step of the gas benchmark, with as many scenarios as rules may have."""
    measurement = DoorMeasurement(GasChain(), portfolio, MAX_SCENARIOS)
    try:
        measurement.build()
        measurement.measure_all()
    finally:
        measurement.chain.close()
    chain = GasChain()
    try:
        outcomes = chain.play(measurement.steps)
    finally:
        chain.close()
    assert outcomes == Model(WORLD).play(measurement.steps)
    assert [each.refusal for each in outcomes if each.refusal] == []


def test_contracts_fit_on_a_chain() -> None:
    artifacts = compile_contracts().artifacts
    sizes = {name: len(artifacts[name].deployed_bytecode) // 2 for name in MODULES}
    print(sizes)
    assert max(sizes.values()) <= CODE_LIMIT


probes = pytest.fixture(started, scope="module")


def test_an_option_is_cheap_to_price(probes: Probes) -> None:
    """Near the centre of the distribution, in its middle and far out, with the call of the probe."""
    svi = Svi(WAD // 20, WAD // 10, -WAD // 3, WAD // 100, WAD // 5, YEAR // 4, 60_000 * WAD)
    for strike in (60_000, 90_000, 300_000):
        terms = {"terms": OptionTerms(60_000 * WAD, strike * WAD, WAD // 2, YEAR // 4, 97 * WAD // 100, True)}
        assert probes.gas("ProbeOption", "price", terms) < 10_000
        assert probes.gas("ProbeOption", "greeks", terms) < 22_000
        assert probes.gas("ProbeSurface", "vol", {"self": svi, "strike_wad": strike * WAD}) < 6_000
