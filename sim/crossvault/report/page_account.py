"""An account of a model at a time, as parts of a page: requirement by method and term, positions, greeks, scenarios."""

from __future__ import annotations

from collections.abc import Sequence

from crossvault.differential.model import Model
from crossvault.differential.step import account_id, instrument_name
from crossvault.differential.story import mark, value
from crossvault.mirror import account as accounts, margin, market, stress, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.ledger import State
from crossvault.mirror.standard import Level
from crossvault.portfolio.account_methods import account_methods
from crossvault.portfolio.distance import LiquidationDistance, buffer_at, crossings, distances_of
from crossvault.portfolio.sensitivity import sensitivities
from crossvault.portfolio.solver import MarginCase, MarginMethod
from crossvault.report.explain_margin import margin_statement, statement_context
from crossvault.report.figures import usd
from crossvault.report.page import PagePart
from crossvault.report.page_data import exact
from crossvault.report.page_parts import BarTable, HeatTable, PageColumn, PageTable, Prose
from crossvault.report.scenario_heat import MODES, scenario_name

_LEVELS = {Level.INITIAL: "initial", Level.MAINTENANCE: "maintenance"}


def moment_parts(model: Model, name: str, at: int) -> list[PagePart]:
    """The parts for an account at a time [unix seconds], between two steps; the model is unchanged."""
    account, quote = account_id(name), model.vault.ledger.cash.token
    methods = account_methods(model, account)
    found: list[PagePart] = [*_requirements(model, account, at, methods, quote)]
    found += _terms(model, account, at, quote)
    if accounts.instruments(model.vault.ledger.holders[account]):
        found += [_positions(model, account, at, quote), _greeks(model, account, at, quote)]
        found += [_distances(model, account, at)]
    for method in methods:
        if method.mode == accounts.PORTFOLIO:
            found += _scenarios(MarginCase(model, account, at, method), quote)
    return found


def _requirements(
    model: Model, account: AccountId, at: int, methods: Sequence[MarginMethod], quote: str
) -> list[PagePart]:
    """The requirement of every method at both levels, with the margin balance that it is compared with."""
    own = model.vault.ledger.holders[account].mode
    found: list[PagePart] = []
    for level, title in _LEVELS.items():
        rows: list[tuple[str, str | None]] = []
        for method in methods:
            figures = MarginCase(model, account, at, method).margin(level)
            is_own = method.mode == own and not method.is_isolated
            name = method.name + (" (its mode)" if is_own else "")
            rows += [
                (f"{name}: requirement", exact(figures.requirement_wad)),
                (f"{name}: margin balance", exact(figures.margin_balance_wad)),
            ]
        found.append(BarTable(f"By method: {title} margin", quote, rows, is_paired=True))
    return found


def _terms(model: Model, account: AccountId, at: int, quote: str) -> list[PagePart]:
    state = model.vault.ledger
    book, context = valuation.book(state, account, now=at), statement_context(state, account, at)
    found: list[PagePart] = []
    for level, title in _LEVELS.items():
        statement = margin_statement(book, level, context)
        rows = [
            (side, line.label, exact(line.value_wad), "yes" if line.counts else "no", line.formula)
            for side, lines in (("balance", statement.balance), ("requirement", statement.requirement))
            for line in lines
        ]
        columns = (
            PageColumn("side"), PageColumn("term"), PageColumn("amount", quote, "number"), PageColumn("counts"),
            PageColumn("formula"),
        )  # fmt: skip
        found.append(PageTable(f"{title.capitalize()} margin by term", columns, rows))
    return found


def _positions(model: Model, account: AccountId, at: int, quote: str) -> PagePart:
    holder, names = model.vault.ledger.holders[account], model.vault.ledger.names
    rows = [
        (
            instrument_name(each, names), exact(size), exact(quote),
            exact(mark(model, each, at)), exact(value(model, account, each, at)),
        )
        for each, size, quote, _ in sorted(accounts.entries(holder))
    ]  # fmt: skip
    columns = (
        PageColumn("instrument"), PageColumn("size", "units", "number", 6), PageColumn("quote", quote, "number"),
        PageColumn("mark price", quote, "number"), PageColumn("value", quote, "number"),
    )  # fmt: skip
    return PageTable("Positions", columns, rows)


def _greeks(model: Model, account: AccountId, at: int, quote: str) -> PagePart:
    state = model.vault.ledger
    found = sensitivities(valuation.book(state, account, now=at), state.names)
    rows = [(each.unit, *(exact(wad) for wad in each[1:])) for each in found if any(each[1:])]
    columns = (
        PageColumn("underlying"), PageColumn("delta of positions", "units", "number", 4),
        PageColumn("delta of collateral", "units", "number", 4), PageColumn("gamma", "units per 1", "number", 6),
        PageColumn("vega", f"{quote} per 1.00 of vol", "number"), PageColumn("theta", f"{quote} per year", "number"),
    )  # fmt: skip
    return PageTable("Greeks by underlying", columns, rows)


def _distances(model: Model, account: AccountId, at: int) -> PagePart:
    """How far prices are from where the account can be liquidated: all together, and each alone."""
    held, names = _underlyings(model.vault.ledger, account), model.vault.ledger.names
    rows = [(f"{names[number]} alone", *_both(distances_of(model, account, number, at))) for number in held]
    if len(held) > 1:
        together = crossings(lambda shock: buffer_at(model, account, held, shock, at))
        rows.append((f"{', '.join(names[number] for number in held)} together", *_both(together)))
    columns = (PageColumn("prices"), PageColumn("fall", "%", "number", 2), PageColumn("rise", "%", "number", 2))
    return PageTable("Distance to liquidation: move of prices (empty: none does)", columns, rows)


def _underlyings(state: State, account: AccountId) -> list[int]:
    return sorted({market.underlying_of(each) for each in accounts.instruments(state.holders[account])})


def _both(found: LiquidationDistance) -> tuple[str | None, str | None]:
    down, up = (None if each is None else exact(each, 16) for each in found)
    return down, up


def _scenarios(case: MarginCase, quote: str) -> list[PagePart]:
    """The profit in every scenario of portfolio margin."""
    with case.trial():
        state, book = case.state, case.book()
        scenarios = state.model.data.rules.scenarios
        by_unit = stress.outlook(valuation.exposures_of(book), state.model.data).profits_wad
        profits = [sum(each[k] for each in by_unit if each) for k in range(len(scenarios))]
        requirement = margin.requirement(book, Level.INITIAL)
    if not any(profits):
        return []
    worst = min(range(len(profits)), key=profits.__getitem__)
    places = {(each.spot_shock, each.dampening, each.mode): k for k, each in enumerate(scenarios)}
    modes = [mode for mode in MODES if any(each.mode == mode for each in scenarios)]
    shocks = sorted({(each.spot_shock, each.dampening) for each in scenarios})
    rows = [
        (
            scenario_name(scenarios[next(k for key, k in places.items() if key[:2] == shock)]).split(",")[0],
            [exact(profits[places[*shock, mode]]) if (*shock, mode) in places else None for mode in modes],
        )
        for shock in shocks
    ]
    marked = scenarios[worst]
    where = shocks.index((marked.spot_shock, marked.dampening)), modes.index(marked.mode)
    title = f"Profit in every scenario of portfolio margin ({case.method.name}), before offsets and contingencies"
    note = f"The worst is {scenario_name(marked)}; initial requirement {usd(requirement)} {quote}."
    return [HeatTable(title, quote, "spot", [MODES[mode] for mode in modes], rows, where), Prose(note)]
