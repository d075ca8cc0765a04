"""`crossvault bench gas`: profiles add up, doors over the limit are found, and docs/gas.md has the figures of a run."""

import json
import re
from pathlib import Path

import pytest

from cli import start
from crossvault.bench import gas_doors
from crossvault.bench.gas import code_digest
from crossvault.bench.gas_chain import ENFORCED, LIMIT, GasChain
from crossvault.bench.gas_code import ABI, ARITHMETIC, DISPATCH, MEMORY, CodeFunctions, SourceNames
from crossvault.bench.gas_doors import ROWS, DoorMeasurement
from crossvault.bench.gas_market import AT, COUNT, EXPIRIES
from crossvault.bench.gas_portfolios import PORTFOLIOS, GasPortfolio
from crossvault.bench.gas_profile import FunctionGas, ProfileIncomplete, gas_profile
from crossvault.bench.gas_trace import CallTrace, call_trace
from crossvault.commands.argument_kinds import NUMBERS
from crossvault.differential.ending import DONE, MISSED, USAGE
from crossvault.evm.anvil import ChainRefused
from crossvault.evm.compiler import compile_contracts
from crossvault.evm.deploy import MODULES
from crossvault.fuzz.blocks import SourceSpan
from crossvault.mirror import market
from crossvault.mirror.account import MAX_OPTIONS, PORTFOLIO, STANDARD
from crossvault.mirror.fixed import WAD
from crossvault.mirror.shock import MAX_SCENARIOS
from crossvault.report.gas import BEGIN, END
from places import ROOT

PAGE = ROOT / "docs" / "gas.md"

# a file of 100 bytes: `outer` is external and takes the first 40, `inner` the next 40; the compiler adds file 9
EXTENTS = {
    "maps": {},
    "sources": {"0": "A.sol"},
    "dependencies": {"1": ".cache/lib/1.0/Sum.sol"},
}
TREES = {
    "A.sol": {
        "nodes": [
            {
                "nodeType": "ContractDefinition", "name": "A",
                "nodes": [
                    {"nodeType": "FunctionDefinition", "name": "outer", "src": "0:40:0", "visibility": "external"},
                    {"nodeType": "FunctionDefinition", "name": "inner", "src": "40:40:0", "visibility": "internal"},
                ],
            }
        ]
    }
}  # fmt: skip
GENERATED = [[9, "abi_encode_a", 0, 10], [9, "checked_add_a", 10, 10], [9, "allocate_memory", 20, 10]]
WHOLE, OUTER, INNER = SourceSpan(0, 100, 0, "-"), SourceSpan(5, 10, 0, "-"), SourceSpan(45, 5, 0, "-")
NOWHERE = SourceSpan(-1, -1, -1, "-")

# PUSH0 JUMP(in) JUMPDEST SLOAD JUMP(out) JUMPDEST PUSH0 STOP
CODE = bytes([0x5F, 0x56, 0x5B, 0x54, 0x56, 0x5B, 0x5F, 0x00])
MAPPED = [OUTER, OUTER._replace(jump="i"), INNER, INNER, INNER._replace(jump="o"), OUTER, NOWHERE, OUTER]
STEPS = (
    (0, "PUSH0", 1000, 2), (1, "JUMP", 998, 8), (2, "JUMPDEST", 990, 1), (3, "SLOAD", 989, 2100),
    (4, "JUMP", -1111, 8), (5, "JUMPDEST", -1119, 1), (6, "PUSH0", -1120, 2), (7, "STOP", -1122, 0),
)  # fmt: skip


def functions() -> dict[str, CodeFunctions]:
    return {"A": CodeFunctions(CODE, MAPPED, SourceNames(EXTENTS, TREES, GENERATED))}


def traced() -> CallTrace:
    """The trace of the code above by a call of 4,000 gas with 21,000 more for the transaction."""
    row = '{{"pc":{},"op":"{}","gas":{},"gasCost":{},"depth":1,"refund":0}}'
    listed = ",".join(row.format(at, op, left + 3_000, cost) for at, op, left, cost in STEPS)
    return call_trace(listed.encode(), {"to": "0xa", "gas": hex(25_000)}, {"0xa": "A"}, functions())


def test_the_gas_of_a_trace_is_that_of_its_functions() -> None:
    rows = gas_profile(traced(), functions(), 21_000 + 2_122)
    assert rows == [
        FunctionGas("transaction", "(intrinsic gas and calldata)", 21_000, 21_000, 0),
        FunctionGas("A", "(SLOAD, cold)", 2_100, 2_100, 1),
        # code of an external function that was not entered is a merged block; 2 are of an instruction without a span
        FunctionGas("A", DISPATCH, 13, 2_122, 1),
        FunctionGas("A", "A.inner", 9, 2_109, 1),
    ]


def test_a_profile_that_does_not_add_up_is_a_defect() -> None:
    with pytest.raises(ProfileIncomplete, match=r"23,122 gas, the call used 23,123"):
        gas_profile(traced(), functions(), 23_123)


def test_what_the_compiler_adds_has_rows_of_its_own() -> None:
    names = SourceNames(EXTENTS, TREES, GENERATED)
    spans = {
        ABI: SourceSpan(2, 3, 9, "-"), ARITHMETIC: SourceSpan(12, 3, 9, "-"), MEMORY: SourceSpan(22, 3, 9, "-"),
        DISPATCH: WHOLE, "A.inner": INNER, "lib/Sum": SourceSpan(0, 5, 1, "-"), None: NOWHERE,
    }  # fmt: skip
    assert {name: names.name(span) for name, span in spans.items()} == {name: name for name in spans}
    assert names.external == {"A.outer"}


def test_a_portfolio_beyond_the_bounds_of_an_account_is_not_measured() -> None:
    many = tuple(market.instrument_of(0, market.CALL, AT + 40 * 86_400, n) for n in range(1, MAX_OPTIONS + 2))
    assert not GasPortfolio("", "", PORTFOLIO, many).is_allowed and GasPortfolio("", "", STANDARD, many).is_allowed
    assert GasPortfolio("", "", PORTFOLIO, many[1:]).is_allowed
    assert any(each.is_allowed and each.options == 12 for each in PORTFOLIOS)
    assert NUMBERS["scenarios"].most == MAX_SCENARIOS


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--portfolio 12-of-33", "--portfolio: '12-of-33': did you mean '12-of-32'? expected one of: 1-option"),
        ("--door trad", "--door: 'trad': did you mean 'trade'? expected one of: trade, batch"),
        ("--profile fills", "--profile: 'fills': did you mean 'fill'?"),
        (
            "--scenarios 37",
            "--scenarios: expected a whole number from 1 to 36 (rules of portfolio margin have no more)",
        ),
        ("--page gas.html", "--page: expected a name that ends in .md, found 'gas.html'"),
        ("--page none/gas.md", "--page: none/gas.md cannot be written: none is not a folder"),
        ("--page README.md", "--page: README.md has no place for the figures: expected a line <!-- begin"),
        ("--page gas.md --door bid", "--door: has no effect with --page"),
    ],
)
def test_bad_usage_is_refused_before_anything_is_measured(words: str, message: str) -> None:
    done = start("bench", "gas", *words.split())
    assert done.returncode == USAGE and message in done.stderr and done.stdout == ""


def test_the_page_names_every_door_and_portfolio() -> None:
    text = PAGE.read_text(encoding="utf8")
    assert text.count(BEGIN) == text.count(END) == 1
    assert [row for row in ROWS if f"| {row} |" not in text] == []
    assert [each.about for each in PORTFOLIOS if each.is_allowed and each.about not in text] == []


def figure(title: str, row: str, column: str) -> str:
    """A figure of the page: in the table below a title, of a row and a column."""
    part = PAGE.read_text(encoding="utf8").partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in part.splitlines() if line.startswith("|")]
    [values] = [line for line in lines[2:] if line[0] == row]
    return values[lines[0].index(column)]


@pytest.mark.slow
def test_the_page_is_of_these_contracts() -> None:
    [shown] = re.findall(r"code `([0-9a-f]+)`", PAGE.read_text(encoding="utf8"))
    assert shown == code_digest(compile_contracts(), MODULES), "run `crossvault bench gas --page docs/gas.md`"


@pytest.mark.slow
def test_the_page_has_the_figures_of_a_run() -> None:
    done = start("bench", "gas", "--portfolio", "12-1-expiry", "--scenarios", "1", "--json")
    figures = json.loads(done.stdout)
    assert done.returncode == DONE and figures["limit"] == LIMIT
    [column] = figures["columns"]
    title = "Gas in portfolio mode, 1 scenario"
    shown = {row: figure(title, row, column["about"]) for row in column["doors"]}
    assert shown == {row: f"{door['gas']:,}" for row, door in column["doors"].items()}
    sizes = {each["contract"]: f"{each['bytes']:,}" for each in figures["sizes"]}
    assert sizes == {name: figure("Contracts", name, "bytes") for name in sizes}
    profile = figures["profile"]
    assert (
        sum(each["own"] for each in profile["functions"]) == profile["gas"] == column["doors"]["metrics (view)"]["gas"]
    )
    assert {"Portfolio.outcomes", "(SLOAD, cold)", ABI} <= {each["function"] for each in profile["functions"]}


@pytest.mark.slow
def test_a_door_over_the_limit_is_shown_and_misses_the_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gas_doors, "LIMIT", 600_000)
    monkeypatch.setattr(gas_doors, "_NEAR", 490_000)
    words = ("--portfolio", "1-option", "--scenarios", "1", "--door", "trade", "cancel")
    done = start("bench", "gas", *words)
    assert done.returncode == MISSED
    assert "gas: trade: lowers, 1 option, standard margin" in done.stderr and "cancel" not in done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith(("trade: lowers  ", "cancel"))]
    assert [bool(re.search(r" [\d,]+( over)?$", row)) for row in rows] == [True] * 4
    assert [row.endswith(" over") for row in rows] == [True, False, True, False]


ALLOWED = [each for each in PORTFOLIOS if each.mode == PORTFOLIO and each.is_allowed]
TITLE = f"Gas in portfolio mode, {MAX_SCENARIOS} scenarios"


def test_only_trades_that_lower_two_failing_accounts_are_over_the_limit() -> None:
    """Start, bid and settlement fit at 24 options, a trade and a fill of any kind between two accounts of 20."""
    over = {(row, each.name) for row in ROWS for each in ALLOWED if "over" in figure(TITLE, row, each.about)}
    lowered = ("trade: lowers", "batch: two trades", "fill: one match")
    assert over == {(f"{row}, both sides fail", "24-of-32") for row in lowered}
    assert ALLOWED[-1].name == "24-of-32" and ALLOWED[-1].options == MAX_OPTIONS == 24


@pytest.mark.slow
@pytest.mark.parametrize("is_sale", [False, True], ids=["every door", "the largest sale"])
def test_the_dearest_accounts_within_the_limit_pass_on_a_node_that_enforces_it(is_sale: bool) -> None:
    """Every door of what fits whole, and the sale of 24 options, with the limit as gas limit; one more is refused."""
    within = [each for each in ALLOWED if not any("over" in figure(TITLE, row, each.about) for row in ROWS)]
    measurement = DoorMeasurement(GasChain(), ALLOWED[-1] if is_sale else within[-1], MAX_SCENARIOS)
    strict = GasChain(options=ENFORCED, room=LIMIT)
    wide = GasChain(options=ENFORCED, room=LIMIT + 1)
    try:
        measurement.build()
        if is_sale:
            measurement.measure_sale()
        else:
            measurement.measure_all()
        assert len(strict.mine(measurement.steps)) == len(measurement.steps)
        with pytest.raises(ChainRefused, match="gas"):
            wide.mine(measurement.steps[:1])
    finally:
        for each in (measurement.chain, strict, wide):
            each.close()
    assert "bid" in {step.action for step in measurement.steps}


@pytest.mark.slow
def test_a_bid_fits_where_all_options_are_at_fresh_prices_and_a_perp_is_not() -> None:
    """The dearest bid: 24 options are margined, apart from a perp whose underlying has no other position."""
    perps = tuple(market.perp(i) for i in range(COUNT))
    calls = (market.instrument_of(1 + n % 6, market.CALL, EXPIRIES[n // 6], (80 + 2 * n) * WAD) for n in range(24))
    measurement = DoorMeasurement(GasChain(), GasPortfolio("", "", PORTFOLIO, (*perps, *calls)), MAX_SCENARIOS)
    try:
        measurement.build()
        measurement.measure_sale()
        assert measurement.differences() == []
    finally:
        measurement.chain.close()
    bid = measurement.gas["bid: with positions at stale prices"]
    assert bid.is_within and bid.gas > measurement.gas["bid: a part"].gas


@pytest.mark.slow
@pytest.mark.campaign
def test_the_page_is_what_the_command_writes(tmp_path: Path) -> None:
    page = tmp_path / "gas.md"
    page.write_bytes(PAGE.read_bytes())
    start("bench", "gas", "--page", str(page))
    assert page.read_text(encoding="utf8") == PAGE.read_text(encoding="utf8")
