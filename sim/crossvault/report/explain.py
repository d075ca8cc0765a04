"""One explained step, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from crossvault.differential.compare import Difference
from crossvault.differential.ending import BrokenInvariant
from crossvault.differential.step import Outcome, Step
from crossvault.lockstep.record import Record
from crossvault.mirror.account import AccountId
from crossvault.mirror.valuation import Metrics
from crossvault.report import broken_rule
from crossvault.report.console import table
from crossvault.report.differences import difference_document, difference_table
from crossvault.report.explain_margin import MarginStatement, StatementLine
from crossvault.report.explain_state import FieldChange
from crossvault.report.explain_trace import TracedCall, flat, tree
from crossvault.report.figures import usd
from crossvault.report.margin_terms import account_terms
from crossvault.report.step_text import StepFormatter


@dataclass(frozen=True, slots=True)
class StepExplanation:
    """A step, its outcome on both sides, and the accounts that it names before and after.

    metrics: before and after the step. statements: as the step leaves the accounts; of a refused step, where the
    refusal occurs. broken: the rule that the step breaks.
    """

    record: Record
    number: int
    step: Step
    model: Outcome
    chain: Outcome
    fields: Mapping[str, tuple[str, ...]]
    calls: TracedCall
    differences: list[Difference]
    earlier: str | None
    rows: dict[AccountId, list[FieldChange]]
    metrics: dict[AccountId, tuple[Metrics, Metrics]]
    statements: dict[AccountId, list[MarginStatement]]
    broken: BrokenInvariant | None = None


def text(found: StepExplanation) -> Group:
    """The explanation as text."""
    return Group(*_parts(found))


def _parts(found: StepExplanation) -> Iterator[RenderableType]:
    formatter = StepFormatter(found.record.header)
    yield Text(f"step {found.number} of {found.record.header['scenario']}", style="bold")
    yield Text(formatter.step(found.step))
    if found.earlier:
        yield Text(found.earlier, style="bold red")
    yield from _outcomes(found, formatter)
    if found.broken:
        yield ""
        yield from broken_rule.lines(found.broken, found.number, found.record.header["world"]["quote"])
    for account, rows in found.rows.items():
        yield from _account(account, rows)
        yield from _statements(found, account)
    yield ""
    yield Text("calls on the chain", style="bold")
    yield tree(found.calls)


def _outcomes(found: StepExplanation, formatter: StepFormatter) -> Iterator[RenderableType]:
    yield ""
    if not found.differences:
        yield Text("both sides alike", style="bold green")
        yield _outcome(found, found.model, formatter)
        return
    yield Text("THE SIDES DIFFER", style="bold red")
    yield difference_table(found.differences)
    for name, outcome in (("chain", found.chain), ("model", found.model)):
        yield Text(name, style="bold")
        yield _outcome(found, outcome, formatter)


def _outcome(found: StepExplanation, outcome: Outcome, formatter: StepFormatter) -> Padding:
    if outcome.refusal:
        return Padding(Text(f"refused: {formatter.refusal(outcome.refusal, found.step)}"), (0, 0, 0, 2))
    lines = [formatter.event(event, found.fields, found.step) for event in outcome.events]
    return Padding(Text("\n".join(["accepted", *lines])), (0, 0, 0, 2))


def _account(account: AccountId, rows: list[FieldChange]) -> Iterator[RenderableType]:
    yield ""
    made = table(str(account), ">before", "", ">after")
    for row in rows:
        arrow = "→" if row.changed else "="
        made.add_row(row.field, row.before, arrow, row.after, style="bold" if row.changed else "dim")
    yield made


def _statements(found: StepExplanation, account: AccountId) -> Iterator[RenderableType]:
    when = "where it was refused" if found.model.refusal else "after the step"
    for statement in found.statements[account]:
        yield ""
        yield Text(f"{account}: {statement.level.name.lower()} margin {when}", style="bold")
        yield from _lines(statement)


def _lines(statement: MarginStatement) -> Iterator[RenderableType]:
    made = table("", "", ">")
    made.has_header = False
    level = statement.level.name.lower()
    balance = ("+", statement.balance, f"{level} margin balance", statement.margin_balance_wad)
    requirement = ("-", statement.requirement, f"{level} requirement", statement.requirement_wad)
    for sign, lines, name, total in (balance, requirement):
        for line in lines:
            if line.counts:
                made.add_row(f"  {sign} {line.label}", line.formula, usd(line.value_wad))
            else:
                made.add_row(f"    · {line.label}", line.formula, f"({usd(line.value_wad)})", style="dim")
        made.add_row(f"  = {name}", "", usd(total), style="bold")
    style = "bold red" if statement.buffer_wad < 0 else "bold green"
    made.add_row(f"  {level} buffer", "margin balance less requirement", usd(statement.buffer_wad), style=style)
    yield made


def document(found: StepExplanation) -> dict[str, Any]:
    """The explanation as JSON; amounts of the arithmetic are exact decimal text."""
    notation, formatter = found.record.notation, StepFormatter(found.record.header)
    return {
        "record": str(found.record.path),
        "step": found.number,
        "words": formatter.step(found.step),
        **notation.step(found.step),
        "model": notation.outcome(found.model),
        "chain": notation.outcome(found.chain),
        "differences": [difference_document(each) for each in found.differences],
        "earlier_difference": found.earlier,
        "broken_rule": broken_rule.document(found.broken, found.number, found.record.header["world"]["quote"]),
        "accounts": {str(account): _account_document(found, account) for account in found.rows},
        "calls": flat(found.calls),
    }


def _account_document(found: StepExplanation, account: AccountId) -> dict[str, Any]:
    before, after = (_metrics(each) for each in found.metrics[account])
    return {
        "state": [{"field": row.field, "before": row.before, "after": row.after} for row in found.rows[account]],
        "metrics": {"before": before, "after": after},
        "margin": {each.level.name.lower(): _statement(each) for each in found.statements[account]},
    }


def _metrics(metrics: Metrics) -> dict[str, str]:
    return account_terms(metrics).document() | {"leverage_wad": str(metrics.leverage_wad)}


def _statement(each: MarginStatement) -> dict[str, Any]:
    level = each.level.name.lower()
    return {
        "balance": [_line(line) for line in each.balance],
        "requirement": [_line(line) for line in each.requirement],
        f"{level}_margin_balance_wad": str(each.margin_balance_wad),
        f"{level}_requirement_wad": str(each.requirement_wad),
        f"{level}_buffer_wad": str(each.buffer_wad),
    }


def _line(line: StatementLine) -> dict[str, Any]:
    named = {"label": line.label, "formula": line.formula, "value_wad": str(line.value_wad)}
    return named | {"counts": line.counts}
