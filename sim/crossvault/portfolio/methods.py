"""What each method of margin asks for a portfolio: alone, standard, and portfolio margin of every preset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

from crossvault.differential.model import Model
from crossvault.mirror import margin, portfolio, stress, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.correlation import ScenarioLossTable
from crossvault.mirror.fixed import WAD
from crossvault.mirror.margin import Book
from crossvault.mirror.shock import Scenario
from crossvault.mirror.standard import Level
from crossvault.portfolio.distance import Distance, distances, isolated_distances
from crossvault.portfolio.vault_setup import CROSS, FOLIO, Staging
from crossvault.scenario.preset import Preset

ISOLATED, STANDARD = "isolated", "standard"
MOST_PAIRED = 12

Judged = Callable[[Sequence[AccountId]], None]


class MarginUse(NamedTuple):
    """What a method takes of the equity: equity less margin, wherever it counts it [wad]."""

    initial_wad: int
    maintenance_wad: int


class ScenarioLosses(NamedTuple):
    """What each scenario of a preset brings, in all and by underlying [wad]; the worst of all by its place.

    held_wad: the loss of all underlyings that is held at initial; beside_wad: contingencies at initial.
    """

    scenarios: tuple[Scenario, ...]
    profits_wad: tuple[int, ...]
    by_unit: tuple[tuple[int, ...], ...]
    worst: int
    outlook: ScenarioLossTable
    held_wad: int
    beside_wad: int


class Pair(NamedTuple):
    """What two positions together spare of what both ask for alone [wad]."""

    first: int
    second: int
    spared_wad: int


class MethodResult(NamedTuple):
    """One method and what it makes of a portfolio; of one that looks at no whole, health is of the sums."""

    method: str
    tied: MarginUse
    equity_wad: int
    counted_wad: tuple[int, int]
    required_wad: tuple[int, int]
    health_wad: int
    distance: Distance | None
    scene: ScenarioLosses | None = None
    pairs: tuple[Pair, ...] = ()


class StandalonePosition(NamedTuple):
    """A position that is alone in its account."""

    instrument: int
    size: int
    tied: MarginUse
    distance: Distance | None


class MethodComparison(NamedTuple):
    """A portfolio by every method that was asked for, and each of its positions alone."""

    asked: tuple[MethodResult, ...]
    alone: tuple[StandalonePosition, ...]
    book: Book

    @property
    def isolated_wad(self) -> int:
        """What is asked for when nothing is netted, at initial [wad]."""
        return self.asked[0].tied.initial_wad


def efficiency(part_wad: int, whole_wad: int) -> int:
    """1 - part / whole [wad]; nothing where there is no whole."""
    return WAD - part_wad * WAD // whole_wad if whole_wad else 0


def compare(stage: Staging, presets: Sequence[Preset], judged: Judged) -> MethodComparison:
    """Every method on a portfolio that is set up; `judged` is told when accounts may be compared with a chain."""
    judged(stage.accounts())
    model, at = stage.model, stage.held.at
    cross = valuation.book(model.vault.ledger, CROSS, now=at)
    singles = {instrument: tied_of(model, account, at) for instrument, account in stage.alone().items()}
    alone_distances = isolated_distances(stage, margin.equity(cross), singles)
    alone = tuple(
        StandalonePosition(
            instrument, stage.held.positions[instrument], MarginUse(*each), alone_distances.get(instrument)
        )
        for instrument, each in singles.items()
    )
    asked = [_isolated(cross, alone), _asked(stage, STANDARD, CROSS)]
    for preset in presets:
        stage.judge_by(preset)
        judged([FOLIO])
        made = _asked(stage, preset.name, FOLIO)
        asked.append(made._replace(scene=scene(stage), pairs=pairs(stage, singles) if preset is presets[0] else ()))
    return MethodComparison(tuple(asked), alone, cross)


def tied_of(model: Model, account: AccountId, at: int) -> MarginUse:
    """What the method of an account takes of its equity."""
    return tied(valuation.book(model.vault.ledger, account, now=at))


def tied(book: Book) -> MarginUse:
    """What is taken of the equity of a book."""
    equity_wad = margin.equity(book)
    return MarginUse(*(equity_wad - margin.margin(book, level) for level in Level))


def _asked(stage: Staging, method: str, account: AccountId) -> MethodResult:
    book = valuation.book(stage.model.vault.ledger, account, now=stage.held.at)
    counted = margin.adjusted_equity(book, Level.INITIAL), margin.adjusted_equity(book, Level.MAINTENANCE)
    required = margin.requirement(book, Level.INITIAL), margin.requirement(book, Level.MAINTENANCE)
    found = distances(stage, account)
    return MethodResult(method, tied(book), margin.equity(book), counted, required, margin.health(book), found)


def _isolated(cross: Book, alone: Sequence[StandalonePosition]) -> MethodResult:
    """All positions alone, and the haircut of the collateral, which nothing else uses."""
    cut = [haircut(cross, level) for level in Level]
    total = MarginUse(
        sum(each.tied.initial_wad for each in alone) + cut[0], sum(each.tied.maintenance_wad for each in alone) + cut[1]
    )
    equity_wad = margin.equity(cross)
    health = equity_wad * WAD // total.maintenance_wad if total.maintenance_wad > 0 else margin.UNBOUNDED
    return MethodResult(ISOLATED, total, equity_wad, (equity_wad, equity_wad), (total.initial_wad,
    total.maintenance_wad),
                 health, None)  # fmt: skip


def haircut(book: Book, level: Level) -> int:
    """What collateral is worth beyond what it counts for [wad]."""
    bare = Book(0, book.holdings, [], [])
    return margin.equity(bare) - margin.adjusted_equity(bare, level)


def scene(stage: Staging) -> ScenarioLosses:
    """What the scenarios in force bring to the portfolio."""
    state = stage.model.vault.ledger
    book = valuation.book(state, FOLIO, now=stage.held.at)
    found = stress.outlook(book.stakes, state.rules)
    scenarios, units = state.rules.scenarios, len(stage.held.units)
    by_unit = tuple(tuple(each) or (0,) * len(scenarios) for each in found.profits_wad[:units])
    profits = tuple(sum(each[k] for each in by_unit) for k in range(len(scenarios)))
    beside = sum(portfolio.contingency(stake, Level.INITIAL) for stake in book.stakes)
    worst = min(range(len(profits)), key=profits.__getitem__)
    return ScenarioLosses(scenarios, profits, by_unit, worst, found, book.verdict.loss_initial_wad, beside)


def pairs(stage: Staging, singles: dict[int, MarginUse]) -> tuple[Pair, ...]:
    """What pairs of positions spare under the portfolio margin in force, the most first; of many, of the largest."""
    ranked = sorted(singles, key=lambda each: -singles[each].initial_wad)[:MOST_PAIRED]
    ones = {each: _part(stage, (each,)) for each in ranked}
    found = [Pair(a, b, ones[a] + ones[b] - _part(stage, (a, b))) for a, b in combinations(ranked, 2)]
    return tuple(sorted(found, key=lambda pair: -pair.spared_wad))


def _part(stage: Staging, instruments: tuple[int, ...]) -> int:
    """What some of the positions ask for, without collateral, at initial [wad]; the account is left as it is."""
    holder = stage.model.vault.ledger.holders[FOLIO]
    holder.instruments = instruments
    for number in range(len(stage.held.assets)):
        holder.balances[number] = 0
    found = tied_of(stage.model, FOLIO, stage.held.at).initial_wad
    stage.model.journal.undo()
    return found
