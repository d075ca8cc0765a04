"""A portfolio by every method of margin: isolated positions, standard, and portfolio margin of every preset."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import combinations
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.mirror import account as accounts, margin, portfolio, stakes, stress, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.correlation import ScenarioLossTable
from crossvault.mirror.fixed import WAD
from crossvault.mirror.margin import Book
from crossvault.mirror.shock import Scenario
from crossvault.mirror.standard import Level
from crossvault.portfolio.distance import LiquidationDistance, distances, isolated_distances
from crossvault.portfolio.solver import haircut
from crossvault.portfolio.vault_setup import CROSS, FOLIO, VaultSetup
from crossvault.scenario.preset import Preset

ISOLATED, STANDARD = "isolated", "standard"
MOST_PAIRED = 12

Check = Callable[[Sequence[AccountId]], None]


class RequiredCapital(NamedTuple):
    """Equity at which each level is just met: requirement, and what of the equity is no margin balance [wad]."""

    initial_wad: int
    maintenance_wad: int


class ScenarioLosses(NamedTuple):
    """The profit of a portfolio in each scenario of a preset, in all and by underlying [wad]; the place of the worst.

    loss_initial_wad: loss of all underlyings after risk offsets at initial; contingencies_wad: what is added to it.
    """

    scenarios: tuple[Scenario, ...]
    profits_wad: tuple[int, ...]
    by_unit: tuple[tuple[int, ...], ...]
    worst: int
    outlook: ScenarioLossTable
    loss_initial_wad: int
    contingencies_wad: int


class PairOffset(NamedTuple):
    """Two positions and their risk offset: capital of each alone less capital of both together, at initial [wad]."""

    first: int
    second: int
    risk_offset_wad: int


class MethodResult(NamedTuple):
    """A portfolio by one method; margin balance and requirement are initial, maintenance [wad].

    Isolated positions have no account in common: there the margin balance is the equity, and all capital is required.
    """

    method: str
    capital: RequiredCapital
    equity_wad: int
    margin_balance_wad: tuple[int, int]
    requirement_wad: tuple[int, int]
    health_wad: int
    distance: LiquidationDistance | None
    losses: ScenarioLosses | None = None
    pairs: tuple[PairOffset, ...] = ()


class StandalonePosition(NamedTuple):
    """A position that is alone in its account."""

    instrument: int
    size: int
    capital: RequiredCapital
    distance: LiquidationDistance | None


class MethodComparison(NamedTuple):
    """A portfolio by every chosen method, and each of its positions alone."""

    results: tuple[MethodResult, ...]
    standalone: tuple[StandalonePosition, ...]
    book: Book

    @property
    def isolated_capital_wad(self) -> int:
        """Initial capital of the isolated positions [wad]."""
        return self.results[0].capital.initial_wad


def efficiency(part_wad: int, whole_wad: int) -> int:
    """1 - part / whole [wad]; zero where there is no whole."""
    return WAD - part_wad * WAD // whole_wad if whole_wad else 0


def compare(stage: VaultSetup, presets: Sequence[Preset], check: Check) -> MethodComparison:
    """Measures a portfolio that is set up by every method; `check` receives accounts whose margin a chain can check."""
    check(stage.accounts())
    model, at = stage.model, stage.portfolio.at
    cross = valuation.book(model.vault.ledger, CROSS, now=at)
    capital = {instrument: capital_of(model, account, at) for instrument, account in stage.standalone().items()}
    found = isolated_distances(stage, margin.equity(cross), capital)
    standalone = tuple(
        StandalonePosition(instrument, stage.portfolio.positions[instrument], each, found.get(instrument))
        for instrument, each in capital.items()
    )
    results = [isolated_result(cross, capital.values()), _result(stage, STANDARD, CROSS)]
    for preset in presets:
        stage.apply_preset(preset)
        check([FOLIO])
        made = _result(stage, preset.name, FOLIO)
        offsets = pairs(stage, capital) if preset is presets[0] else ()
        results.append(made._replace(losses=scenario_losses(stage), pairs=offsets))
    return MethodComparison(tuple(results), standalone, cross)


def capital_of(model: Model, account: AccountId, at: int) -> RequiredCapital:
    """Required capital of an account by its own method."""
    return required_capital(valuation.book(model.vault.ledger, account, now=at))


def required_capital(book: Book) -> RequiredCapital:
    """Required capital of a book: equity less the buffer of each level."""
    equity_wad = margin.equity(book)
    return RequiredCapital(*(equity_wad - margin.margin(book, level) for level in Level))


def _result(stage: VaultSetup, method: str, account: AccountId) -> MethodResult:
    book = valuation.book(stage.model.vault.ledger, account, now=stage.portfolio.at)
    return book_result(method, book, distances(stage, account))


def book_result(method: str, book: Book, distance: LiquidationDistance | None = None) -> MethodResult:
    """The margin of a valued account by the method of its book."""
    balance = margin.adjusted_equity(book, Level.INITIAL), margin.adjusted_equity(book, Level.MAINTENANCE)
    requirement = margin.requirement(book, Level.INITIAL), margin.requirement(book, Level.MAINTENANCE)
    capital = required_capital(book)
    return MethodResult(method, capital, margin.equity(book), balance, requirement, margin.health(book), distance)


def isolated_result(cross: Book, standalone: Collection[RequiredCapital]) -> MethodResult:
    """The sum of all positions alone, and the haircut of the collateral, which no position shares."""
    total = RequiredCapital(
        sum(each.initial_wad for each in standalone) + haircut(cross, Level.INITIAL),
        sum(each.maintenance_wad for each in standalone) + haircut(cross, Level.MAINTENANCE),
    )
    equity_wad = margin.equity(cross)
    health = equity_wad * WAD // total.maintenance_wad if total.maintenance_wad > 0 else margin.UNBOUNDED
    return MethodResult(
        ISOLATED, total, equity_wad, (equity_wad, equity_wad), (total.initial_wad, total.maintenance_wad), health, None
    )


def scenario_losses(stage: VaultSetup) -> ScenarioLosses:
    """Profits of the portfolio in the scenarios in force."""
    state = stage.model.vault.ledger
    book = valuation.book(state, FOLIO, now=stage.portfolio.at)
    found = stress.outlook(valuation.exposures_of(book), state.model.data)
    scenarios, units = state.model.data.rules.scenarios, len(stage.portfolio.units)
    by_unit = tuple(tuple(each) or (0,) * len(scenarios) for each in found.profits_wad[:units])
    profits = tuple(sum(each[k] for each in by_unit) for k in range(len(scenarios)))
    exposures = stakes.gather(book.stakes, book.holdings, book.lines, book.futures, state.model.data.risks)
    contingencies = sum(portfolio.contingency(exposure, Level.INITIAL) for exposure in exposures)
    worst = min(range(len(profits)), key=profits.__getitem__)
    return ScenarioLosses(scenarios, profits, by_unit, worst, found, book.verdict.loss_initial_wad, contingencies)


def pairs(stage: VaultSetup, capital: dict[int, RequiredCapital]) -> tuple[PairOffset, ...]:
    """Risk offsets of pairs under the portfolio margin in force, the largest first; of many positions, the largest."""
    ranked = sorted(capital, key=lambda each: -capital[each].initial_wad)[:MOST_PAIRED]
    ones = {each: _part(stage, (each,)) for each in ranked}
    found = [PairOffset(a, b, ones[a] + ones[b] - _part(stage, (a, b))) for a, b in combinations(ranked, 2)]
    return tuple(sorted(found, key=lambda pair: -pair.risk_offset_wad))


def _part(stage: VaultSetup, instruments: tuple[int, ...]) -> int:
    """Initial capital of some of the positions without collateral [wad]; the account is unchanged afterwards."""
    holder = stage.model.vault.ledger.holders[FOLIO]
    sizes = [accounts.entry(holder, each).size for each in instruments]
    holder.words = tuple(map(accounts.word_of, instruments, sizes))
    for number in range(len(stage.portfolio.assets)):
        holder.balances[number] = 0
    found = capital_of(stage.model, FOLIO, stage.portfolio.at).initial_wad
    stage.model.journal.undo()
    return found
