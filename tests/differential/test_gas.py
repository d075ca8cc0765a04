"""Gas: every door of the largest accounts fits in 30M, every contract in the code limit; option pricing is cheap."""

from collections.abc import Mapping, Sequence

import pytest

from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import MODULES
from crossvault.mirror.fixed import WAD
from crossvault.mirror.option import YEAR, OptionTerms
from crossvault.mirror.shock import MAX_SCENARIOS
from crossvault.mirror.surface import Svi
from probing import Probes, started
from worst import PORTFOLIO_MODE_ACCOUNTS, PORTFOLIOS, GasMeasurement

LIMIT = 30_000_000
LARGEST_CODE = 24_576


def measured(instruments: Sequence[int], scenarios: int = 0) -> dict[str, int]:
    """Gas by action, with a portfolio on which every door is called; in portfolio mode if there are scenarios."""
    measurement = GasMeasurement(instruments, scenarios)
    try:
        measurement.measure_all()
    finally:
        measurement.chain.close()
    return measurement.gas


def table(columns: Mapping[str, Mapping[str, int]]) -> str:
    """Gas by action and portfolio, as Markdown; `pytest -s` shows it."""
    rows = dict.fromkeys(row for column in columns.values() for row in column)
    lines = ["| gas | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        cells = [f"{column[row]:,}" if row in column else "" for column in columns.values()]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


@pytest.mark.slow
def test_worst_accounts_fit_in_a_block() -> None:
    columns = {portfolio: measured(instruments) for portfolio, instruments in PORTFOLIOS.items()}
    print(f"\n{table(columns)}")
    assert max(gas for column in columns.values() for gas in column.values()) < LIMIT


@pytest.mark.slow
@pytest.mark.parametrize("scenarios", [MAX_SCENARIOS, *(pytest.param(n, marks=pytest.mark.campaign) for n in (1, 16))])
def test_worst_accounts_in_portfolio_mode_fit_in_a_block(scenarios: int) -> None:
    columns = {
        f"{portfolio}, {scenarios} scenarios": measured(instruments, scenarios)
        for portfolio, instruments in PORTFOLIO_MODE_ACCOUNTS.items()
    }
    print(f"\n{table(columns)}")
    assert max(gas for column in columns.values() for gas in column.values()) < LIMIT


def test_contracts_fit_on_a_chain() -> None:
    artifacts = compile_contracts().artifacts
    sizes = {name: len(artifacts[name].deployed_bytecode) // 2 for name in MODULES}
    print(sizes)
    assert max(sizes.values()) <= LARGEST_CODE


probes = pytest.fixture(started, scope="module")


def test_an_option_is_cheap_to_price(probes: Probes) -> None:
    """Near the centre of the distribution, in its middle and far out, with the call of the probe."""
    svi = Svi(WAD // 20, WAD // 10, -WAD // 3, WAD // 100, WAD // 5, YEAR // 4, 60_000 * WAD)
    for strike in (60_000, 90_000, 300_000):
        terms = {"terms": OptionTerms(60_000 * WAD, strike * WAD, WAD // 2, YEAR // 4, 97 * WAD // 100, True)}
        assert probes.gas("ProbeOption", "price", terms) < 10_000
        assert probes.gas("ProbeOption", "greeks", terms) < 22_000
        assert probes.gas("ProbeSurface", "vol", {"self": svi, "strike_wad": strike * WAD}) < 6_000
