"""An account that is saved as a portfolio file: `margin` gives its figures, to the wei, by every method."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import start
from crossvault.differential.model import Model
from crossvault.differential.step import named
from crossvault.history.playhead import Playhead
from crossvault.lockstep.record import Record, read
from crossvault.mirror import account as accounts
from crossvault.mirror.account import AccountId
from crossvault.mirror.cash import DepegTerms
from crossvault.mirror.fixed import WAD
from crossvault.mirror.standard import Level
from crossvault.portfolio import methods, portfolio_file, vault_setup
from crossvault.portfolio.account_methods import account_methods, open_instruments
from crossvault.portfolio.own_terms import OWN
from crossvault.portfolio.saved_portfolio import NotWritable, SavedAccount, text
from crossvault.portfolio.solver import MarginCase
from crossvault.scenario import load, preset
from crossvault.scenario.preset import Preset
from recorded import recorded

Figures = dict[str, tuple[int, ...]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


def record_of(name: str, folder: Path) -> Record:
    """The record of a shipped story, made once."""
    path = folder / f"{name}.jsonl"
    return read(path if path.exists() else recorded(load(name), path))


def live(model: Model, account: AccountId, at: int) -> Figures:
    """Equity, margin balances and requirements of an account of a live vault, by method."""
    found = {}
    for method in account_methods(model, account):
        case = MarginCase(model, account, at, method)
        levels = [case.margin(level) for level in Level]
        balances = (each.margin_balance_wad for each in levels)
        found[method.name] = (levels[0].equity_wad, *balances, *(each.requirement_wad for each in levels))
    return found


def of_file(path: Path) -> Figures:
    """The same of a portfolio file, as `margin` sets it up."""
    held = portfolio_file.load(str(path))
    model = Model(vault_setup.world(held))
    stage = vault_setup.VaultSetup(held, model, model.apply)
    first = preset.load("crossvault") if held.rules is None else Preset(OWN, "", "", None, None, None, held.rules)
    stage.set_up(first)
    found = methods.compare(stage, [first], lambda accounts: None).results
    return {each.method: (each.equity_wad, *each.margin_balance_wad, *each.requirement_wad) for each in found}


def saved(model: Model, account: AccountId, at: int, folder: Path) -> Path:
    """The file of an account."""
    path = folder / "saved.yaml"
    path.write_text(text(SavedAccount(model, account, at, "saved", "An account of a record.")))
    return path


def at_step(record: Record, number: int) -> tuple[Model, int]:
    """The model after so many steps of a record, and its time."""
    playhead = Playhead(record)
    playhead.move(number)
    return playhead.model, record.steps[number - 1].at


SLOW = [pytest.param(each, marks=pytest.mark.slow) for each in ("portfolio-mode", "covered-call")]


@pytest.mark.parametrize("name", ["first-liquidation", *SLOW])
def test_every_account_has_the_same_margin_in_its_file(name: str, folder: Path) -> None:
    record = record_of(name, folder)
    model, at = at_step(record, len(record.steps) * 3 // 4)
    held = [each for each in named(record.steps) if open_instruments(model.vault.ledger, each)]
    assert held
    for account in held:
        assert of_file(saved(model, account, at, folder)) == live(model, account, at), account


def stable_apart(model: Model) -> None:
    """Half of unrealised profits counts, and the stable price is not the index."""
    state = model.vault.ledger
    state.risks = tuple(each._replace(profit_weight=WAD // 2) for each in state.risks)
    state.prices[0].stable = state.prices[0].index * 9 // 10 + 1


def cost_far_away(model: Model) -> None:
    """The position cost a hundred times its worth, in wei that no single trade gives."""
    for account in (AccountId("alice"), AccountId("maker")):
        for instrument in accounts.instruments(model.vault.ledger.holders[account]):
            stored = model.vault.ledger.holders[account].quotes[instrument]
            stored.quote = 100 * stored.quote + 7


def funding_due(model: Model) -> None:
    """Funding that no trade has paid yet."""
    model.vault.ledger.tracks[0].index += 3 * WAD + 1


def quote_depegged(model: Model) -> None:
    """The quote token has a price of its own, below the threshold of its terms."""
    state = model.vault.ledger
    number = len(state.risks)
    state.risks = (*state.risks, state.risks[0])
    state.names = (*state.names, "USDC-USD")
    state.prices[number].index = state.prices[number].stable = WAD * 9 // 10
    state.prices[number].published_at = state.prices[0].published_at
    state.cash.terms = DepegTerms(number, WAD * 99 // 100, WAD // 3)


@pytest.mark.parametrize("change", [stable_apart, cost_far_away, funding_due, quote_depegged])
@pytest.mark.parametrize("name", ["alice", "maker"])
def test_what_no_story_has_is_in_the_file_too(change: Callable[[Model], None], name: str, folder: Path) -> None:
    record, account = record_of("first-liquidation", folder), AccountId(name)
    model, at = at_step(record, 24)
    change(model)
    model.journal.keep()
    assert of_file(saved(model, account, at, folder)) == live(model, account, at)


def test_what_a_file_cannot_state_is_refused_with_the_field(folder: Path) -> None:
    model, at = at_step(record_of("first-liquidation", folder), 24)
    model.vault.ledger.names = ("2ETH",)  # no name of a file begins with a digit
    with pytest.raises(NotWritable, match="--save: a portfolio file cannot state this account: line"):
        saved(model, AccountId("alice"), at, folder)


def test_the_command_writes_a_file_whose_margin_is_that_of_the_account(folder: Path) -> None:
    record_of("first-liquidation", folder)
    done = start("explain", "first-liquidation.jsonl", "alice", "--save", "alice.yaml", "--json", folder=folder)
    assert done.returncode == 0 and "margin alice.yaml" in done.stderr, done.stderr
    account = json.loads(done.stdout)
    shown = json.loads(start("margin", "alice.yaml", "--json", folder=folder).stdout)
    of_method = {each["method"]: each for each in shown["methods"]}
    for each in account["methods"]:
        for level in ("initial", "maintenance"):
            other = of_method[each["method"]]
            assert other["equity_wad"] == each[level]["equity_wad"]
            assert other[f"{level}_margin_balance_wad"] == each[level]["margin_balance_wad"]
            assert other[f"{level}_requirement_wad"] == each[level]["requirement_wad"]


def test_the_trade_that_saves_an_account_is_enough_in_its_file_and_a_wei_less_is_not(folder: Path) -> None:
    record_of("first-liquidation", folder)
    start("explain", "first-liquidation.jsonl", "alice", "--save", "alice.yaml", folder=folder)
    for size, is_enough in (("-17.777777777777777778", True), ("-17.777777777777777777", False)):
        done = start("margin", "alice.yaml", "--trade", f"ETH-PERP {size}", "--json", folder=folder)
        [standard] = [each for each in json.loads(done.stdout)["after"]["methods"] if each["method"] == "standard"]
        assert (int(standard["maintenance_buffer_wad"]) >= 0) == is_enough


@pytest.mark.parametrize(
    ("file", "problem"), [("alice.json", "expected a name that ends in .yaml"), ("no/a.yaml", "cannot be written")]
)
def test_a_file_that_cannot_be_written_is_exit_code_2(file: str, problem: str, folder: Path) -> None:
    record_of("first-liquidation", folder)
    done = start("explain", "first-liquidation.jsonl", "alice", "--save", file, folder=folder)
    assert done.returncode == 2 and f"--save: {file}" in done.stderr and problem in done.stderr
