"""One explained step, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from crossvault.differential.compare import Difference
from crossvault.differential.step import Outcome, Step
from crossvault.lockstep.record import Record
from crossvault.mirror.account import AccountId
from crossvault.report.console import table
from crossvault.report.explain_margin import MarginStatement, StatementLine
from crossvault.report.explain_state import FieldChange
from crossvault.report.explain_trace import TracedCall, flat, tree
from crossvault.report.figures import usd
from crossvault.report.run import difference_table
from crossvault.report.step_text import NameFormatter


@dataclass(frozen=True, slots=True)
class Explained:
    """A step, what both sides made of it, and how the accounts that it names stood before and after.

    reckonings: as the step left the accounts, or as they stood where it was refused.
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
    reckonings: dict[AccountId, list[MarginStatement]]


def text(found: Explained) -> Group:
    """The explanation as text."""
    return Group(*_parts(found))


def _parts(found: Explained) -> Iterator[RenderableType]:
    words = NameFormatter(found.record)
    yield Text(f"step {found.number} of {found.record.header['scenario']}", style="bold")
    yield Text(words.step(found.step))
    if found.earlier:
        yield Text(found.earlier, style="bold red")
    yield from _outcomes(found, words)
    for account, rows in found.rows.items():
        yield from _account(account, rows)
        yield from _reckoned(found, account)
    yield ""
    yield Text("calls on the chain", style="bold")
    yield tree(found.calls)


def _outcomes(found: Explained, words: NameFormatter) -> Iterator[RenderableType]:
    yield ""
    if not found.differences:
        yield Text("both sides alike", style="bold green")
        yield _outcome(found, found.model, words)
        return
    yield Text("THE SIDES DIFFER", style="bold red")
    yield difference_table(found.differences)
    for name, outcome in (("chain", found.chain), ("model", found.model)):
        yield Text(name, style="bold")
        yield _outcome(found, outcome, words)


def _outcome(found: Explained, outcome: Outcome, words: NameFormatter) -> Padding:
    if outcome.refusal:
        return Padding(Text(f"refused: {words.refusal(outcome.refusal, found.step)}"), (0, 0, 0, 2))
    lines = [words.event(event, found.fields, found.step) for event in outcome.events]
    return Padding(Text("\n".join(["accepted", *lines])), (0, 0, 0, 2))


def _account(account: AccountId, rows: list[FieldChange]) -> Iterator[RenderableType]:
    yield ""
    made = table(str(account), ">before", "", ">after")
    for row in rows:
        arrow = "→" if row.changed else "="
        made.add_row(row.field, row.before, arrow, row.after, style="bold" if row.changed else "dim")
    yield made


def _reckoned(found: Explained, account: AccountId) -> Iterator[RenderableType]:
    when = "where it was refused" if found.model.refusal else "after the step"
    for reckoning in found.reckonings[account]:
        yield ""
        yield Text(f"{account}: {reckoning.level.name.lower()} margin {when}", style="bold")
        yield from _lines(reckoning)


def _lines(reckoning: MarginStatement) -> Iterator[RenderableType]:
    made = table("", "", ">")
    made.show_header = False
    for sign, terms in (("+", reckoning.counted), ("-", reckoning.required)):
        for term in terms:
            if term.counts:
                made.add_row(f"  {sign} {term.label}", term.formula, usd(term.value_wad))
            else:
                made.add_row(f"    · {term.label}", term.formula, f"({usd(term.value_wad)})", style="dim")
        total, name = (reckoning.counted_wad, "counts") if sign == "+" else (reckoning.required_wad, "is required")
        made.add_row(f"  = {name}", "", usd(total), style="bold")
    left = reckoning.counted_wad - reckoning.required_wad
    style = "bold red" if left < 0 else "bold green"
    made.add_row("  margin", "what counts less what is required", usd(left), style=style)
    yield made


def document(found: Explained) -> dict[str, Any]:
    """The explanation as JSON; amounts of the arithmetic are exact decimal text."""
    notation, words = found.record.notation, NameFormatter(found.record)
    return {
        "record": str(found.record.path),
        "step": found.number,
        "words": words.step(found.step),
        **notation.step(found.step),
        "model": notation.outcome(found.model),
        "chain": notation.outcome(found.chain),
        "differences": [_difference(each) for each in found.differences],
        "earlier_difference": found.earlier,
        "accounts": {str(account): _account_document(found, account) for account in found.rows},
        "calls": flat(found.calls),
    }


def _difference(each: Difference) -> dict[str, Any]:
    wei = None if each.wei is None else str(each.wei)
    return {"field": each.field, "chain": str(each.chain), "model": str(each.model), "wei": wei}


def _account_document(found: Explained, account: AccountId) -> dict[str, Any]:
    return {
        "state": [{"field": row.field, "before": row.before, "after": row.after} for row in found.rows[account]],
        "margin": {each.level.name.lower(): _reckoning(each) for each in found.reckonings[account]},
    }


def _reckoning(each: MarginStatement) -> dict[str, Any]:
    return {
        "counted": [_term(term) for term in each.counted],
        "required": [_term(term) for term in each.required],
        "counted_wad": str(each.counted_wad),
        "required_wad": str(each.required_wad),
    }


def _term(term: StatementLine) -> dict[str, Any]:
    named = {"label": term.label, "formula": term.formula, "value_wad": str(term.value_wad)}
    return named | {"counts": term.counts}
