"""No function of the mirror is without a differential test."""

import inspect
from types import ModuleType

import pytest
from probing import Probes, functions_of
from test_numbers import PURE
from test_portfolio import FOLIO
from test_stored import ACCOUNT, LEDGER, VALUATION

from sim.codec import camel
from sim.compiler import compile_contracts
from sim.mirror import (
    account,
    appraiser,
    auction,
    cash,
    checks,
    collateral,
    correlation,
    exchange,
    exp,
    feed,
    fixed,
    governance,
    ledger,
    lens,
    liquidation,
    margin,
    market,
    normal,
    option,
    oracle,
    portfolio,
    registry,
    shock,
    standard,
    store,
    surface,
    valuation,
    vault,
)
from sim.side import DOORS, EXCHANGE_DOORS
from sim.toolchain import contracts_dir

PROBED: dict[ModuleType, set[str]] = {
    **{module: set(PURE[module]) for module in (fixed, exp, normal, option, surface)},
    **{module: set(PURE[module]) for module in (oracle, market, cash, standard, margin, liquidation)},
    **{module: set(FOLIO[module]) for module in (shock, portfolio, correlation)},
    collateral: {*PURE[collateral], "requireDecimals", "pull", "push"},
    account: set(ACCOUNT),
    ledger: set(LEDGER),
    valuation: set(VALUATION),
}
# read after every random step, asked for every account after some; test_views asks who may act
READ_BY_STEPS = {lens: {"globals", "states"}, registry: {"snapshot", "isAuthorized"}, appraiser: {"metrics"}}
READ_BY_TESTS = {exchange: {"filledWad", "isCancelled", "digest"}}  # test_exchange asks for them
# what the doors of the contracts share: test_steps reaches it through every door
BEHIND_DOORS = {
    store: {"emit", "requireOwner", "requireRunning", "requireUnderlying", "requireCollateral"},
    governance: {"schedule", "enact"},
    registry: set(),
    feed: set(),
    appraiser: {"initialMargin", "maintenance", "requireInitial", "requireNoFall"},
    checks: {"isBatchable", "begin", "check"},
    auction: {
        "terms", "pay", "close", "noteInsolvent", "noteDeficit", "endSale", "standing", "requireFailing",
        "requireOnSale", "requireStranger", "image",
    },
    exchange: {"agree", "take", "requireLive", "requireAuthority", "requireSize", "requireOpposite"},
    vault: {"pullQuote", "requireWithdrawal", "requireTerms", "fillSide", "isDoubtful", "isBatchable"},
}  # fmt: skip
CLASSES = {
    appraiser: appraiser.Appraiser, feed: feed.Feed, checks: checks.Checks,
    store: store.Store, governance: governance.Governance, registry: registry.Registry,
    auction: auction.Auction, vault: vault.Vault, exchange: exchange.Exchange,
}  # fmt: skip


def methods_of(module: ModuleType) -> set[str]:
    """The methods that the class of a module adds, with the names that they have on the chain."""
    found = vars(CLASSES[module]).items()
    return {camel(name) for name, value in found if inspect.isfunction(value) and name[0] != "_"}


def test_every_pair_is_in_a_table() -> None:
    listed = {module.__name__.rpartition(".")[2] for module in (*PROBED, *READ_BY_STEPS, *BEHIND_DOORS)}
    assert listed == {path.stem.lower() for path in contracts_dir().glob("*.sol")} - {"errors", "unfillable"}


@pytest.mark.parametrize("module", PROBED, ids=lambda module: module.__name__)
def test_every_function_is_probed(module: ModuleType) -> None:
    assert PROBED[module] == functions_of(module) != set()
    probe = f"Probe{module.__name__.rpartition('.')[2].capitalize()}"
    abi = compile_contracts().artifacts[probe].abi
    assert {item["name"] for item in abi if item["type"] == "function"} == PROBED[module]


def test_every_other_function_is_reached_by_steps() -> None:
    assert functions_of(lens) == READ_BY_STEPS[lens]
    for module, behind in BEHIND_DOORS.items():
        others = behind | READ_BY_STEPS.get(module, set()) | READ_BY_TESTS.get(module, set())
        assert methods_of(module) - others <= {camel(door) for door in (*DOORS, *EXCHANGE_DOORS)}, module
        assert others <= methods_of(module), module


def test_all_probes_are_in_use() -> None:
    probes = {name for name in compile_contracts().artifacts if name.startswith("Probe")} - {Probes.BASE}
    assert probes == {f"Probe{module.__name__.rpartition('.')[2].capitalize()}" for module in PROBED}
