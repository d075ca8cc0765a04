"""Every function of the mirror has a differential test."""

import inspect
from types import ModuleType

import pytest

from crossvault.differential.step import DOORS, EXCHANGE_DOORS
from crossvault.evm.codec import camel
from crossvault.evm.compiler import compile_contracts
from crossvault.mirror import (
    account,
    account_errors,
    analyst,
    appraiser,
    auction,
    authority_errors,
    band,
    caps,
    cash,
    checks,
    collateral,
    comparison,
    correlation,
    custody,
    exchange,
    exp,
    feed,
    fixed,
    funding,
    governance,
    ledger,
    lens,
    liquidation,
    liquidation_errors,
    listing,
    margin,
    market,
    market_errors,
    normal,
    number_errors,
    option,
    oracle,
    order_errors,
    parameters,
    policy,
    portfolio,
    price_errors,
    pricer,
    registry,
    ruleset,
    shock,
    smile,
    stakes,
    standard,
    store,
    stranded,
    stress,
    surface,
    teller,
    tightening,
    valuation,
    vault,
    verdict,
)
from crossvault.setup.toolchain import contracts_dir
from probing import Probes, functions_of
from stored_accounts import ACCOUNT
from test_bands import BAND
from test_books import BOOKS
from test_numbers import PURE
from test_portfolios import PORTFOLIO
from test_ruleset import MODEL
from test_stakes import STAKES
from test_stored import LEDGER
from test_stranded import APART
from test_verdicts import BUFFERS, VERDICT

PROBED: dict[ModuleType, set[str]] = {
    **{module: set(PURE[module]) for module in (fixed, exp, normal, option, surface, smile)},
    **{module: set(PURE[module]) for module in (oracle, market, funding, cash, standard, margin, liquidation)},
    **{module: set(PORTFOLIO[module]) for module in (shock, portfolio, correlation, stress, pricer)},
    stakes: set(STAKES),
    ruleset: set(MODEL),
    collateral: {*PURE[collateral], "requireDecimals", "pull", "push"},
    account: set(ACCOUNT),
    ledger: set(LEDGER),
    valuation: {name for table in BOOKS.values() for name in table},
    verdict: {*VERDICT, *BUFFERS},
    tightening: set(PURE[tightening]),
    band: set(BAND),
    stranded: set(APART),
}
OTHERS = {  # too large for one probe, and of two words
    valuation: set(BOOKS), verdict: {"ProbeVerdict", "ProbeBuffer"}, ruleset: {"ProbeRuleset"},
}  # fmt: skip
NO_FUNCTIONS = {
    account_errors,
    authority_errors,
    liquidation_errors,
    market_errors,
    number_errors,
    order_errors,
    price_errors,
}
# read after every random step, or for every account after some steps
READ_BY_STEPS = {
    lens: {"globals", "states", "curves"},
    caps: {"longOf", "record", "requireRoom", "isLooser", "limitsOf"},  # by trades, deposits, loans and parameters
    registry: {"snapshot", "isAuthorized", "scopesOf", "curves"},  # test_views queries the last three
    teller: {"metrics"},
}
READ_BY_TESTS = {
    exchange: {"filledWad", "isCancelled", "digest", "formerDigest"},  # by test_exchange
    teller: {"metricsOf"},  # by test_views
    analyst: {"scenarios", "greeks"},  # by test_views
    registry: {"parameters"},
    parameters: {"sheet"},
}
# internal functions of the doors, which test_steps reaches through every door
BEHIND_DOORS = {
    store: {
        "emit", "accrue", "clockFrom", "isClockKnown", "outageEnd", "hasGap", "requireOwner", "requireRunning",
        "requireUnderlying", "requireCollateral", "requireGuardian", "schedule", "enact", "admit", "permit",
    },
    governance: set(),
    listing: set(),
    policy: {"requireCapped"},
    teller: set(),
    analyst: {"added"},
    registry: set(),
    feed: {"quotation", "observe", "earliest", "openCurve", "noteFresh", "requireFeeder"},
    appraiser: {"initialMargin", "maintenance", "equity", "requireInitial", "requireBidder"},
    comparison: {"requireNoFall", "requireNoRise"},
    checks: {"begin", "check", "checkPause", "requireBorrowable"},
    custody: {"isCostly", "pullQuote", "requireWithdrawal"},
    auction: {
        "terms", "pay", "close", "noteInsolvent", "restart", "noteDeficit", "endSale", "auctionState", "requireFailing",
        "requireGraceOver", "requireOnSale", "requireStranger", "image",
    },
    exchange: {"agree", "take", "requireSigned", "requireLive", "requireAuthority", "requireSize", "requireOpposite"},
    vault: {
        "named", "requireTerms", "fillSide", "isBatchable", "accountsOf", "settlementOf",
    },
}  # fmt: skip
CLASSES = {
    appraiser: appraiser.Appraiser, feed: feed.Feed, checks: checks.Checks,
    policy: policy.Policy, teller: teller.Teller, analyst: analyst.Analyst,
    store: store.Store, governance: governance.Governance, registry: registry.Registry,
    listing: listing.Listing, comparison: comparison.Comparison, custody: custody.Custody,
    auction: auction.Auction, vault: vault.Vault, exchange: exchange.Exchange,
}  # fmt: skip


def methods_of(module: ModuleType) -> set[str]:
    """The public methods of a module's class, by their names on the chain."""
    found = vars(CLASSES[module]).items()
    return {camel(name) for name, value in found if inspect.isfunction(value) and name[0] != "_"}


def probes_of(module: ModuleType) -> set[str]:
    """The probes that expose the functions of a module."""
    return OTHERS.get(module) or {f"Probe{module.__name__.rpartition('.')[2].capitalize()}"}


def test_every_pair_is_in_a_table() -> None:
    modules = (*PROBED, *READ_BY_STEPS, *READ_BY_TESTS, *BEHIND_DOORS, *NO_FUNCTIONS)
    listed = {module.__name__.rpartition(".")[2].replace("_", "") for module in modules}
    assert listed == {path.stem.lower() for path in contracts_dir().glob("*.sol")}
    assert [module for module in NO_FUNCTIONS if functions_of(module)] == []


@pytest.mark.parametrize("module", PROBED, ids=lambda module: module.__name__)
def test_every_function_is_probed(module: ModuleType) -> None:
    assert PROBED[module] == functions_of(module) != set()
    abis = [compile_contracts().artifacts[probe].abi for probe in probes_of(module)]
    opened = [item["name"] for abi in abis for item in abi if item["type"] == "function"]
    assert sorted(opened) == sorted(PROBED[module])


def test_every_other_function_is_reached_by_steps() -> None:
    assert functions_of(lens) == READ_BY_STEPS[lens]
    assert functions_of(caps) == READ_BY_STEPS[caps]
    assert functions_of(parameters) == READ_BY_TESTS[parameters]
    for module, behind in BEHIND_DOORS.items():
        others = behind | READ_BY_STEPS.get(module, set()) | READ_BY_TESTS.get(module, set())
        assert methods_of(module) - others <= {camel(door) for door in (*DOORS, *EXCHANGE_DOORS)}, module
        assert others <= methods_of(module), module


def test_all_probes_are_in_use() -> None:
    probes = {name for name in compile_contracts().artifacts if name.startswith("Probe")} - {Probes.BASE}
    assert probes == {probe for module in PROBED for probe in probes_of(module)}
