"""A shrunk finding as text and as a document: the difference, and the few steps that lead to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from crossvault.differential.compare import SIDES
from crossvault.differential.notation import Notation
from crossvault.report.console import table
from crossvault.report.differences import money_document, money_text
from crossvault.report.figures import jsonable
from crossvault.shrink.largest import amount_of
from crossvault.shrink.shrinker import ShrinkResult

_MOST_DIFFERENCES = 6
_MINIMAL = "minimal: without any one call, or with any one quantity simpler, it does not fail so"


def text(found: ShrinkResult) -> Group:
    """The steps, one a line, and what differs at the last."""
    return Group(*_parts(found))


def _parts(found: ShrinkResult) -> Iterator[RenderableType]:
    notation = Notation(found.underlyings, found.collaterals)
    made = table(">step", ">after", "by", "call", "model")
    for number, (step, outcome) in enumerate(zip(found.steps, found.outcomes, strict=True), start=1):
        call = f"{step.action}({', '.join(_argument(*pair) for pair in notation.step(step)['args'].items())})"
        refused = outcome.refusal.name if outcome.refusal else "accepted"
        made.add_row(str(number), f"{step.at - found.world.starts_at} s", step.sender, call, refused)
    yield made
    yield ""
    one, other = found.finding.found[0].sides
    differing = table("field", f">{one}", f">{other}", f">{one} less {other}")
    for each in found.finding.found[:_MOST_DIFFERENCES]:
        differing.add_row(each.field, str(each.chain), str(each.model), "" if each.wei is None else f"{each.wei:+,}")
    yield differing
    if line := largest_line(found):
        yield Text(line, style="bold")
    yield ""
    yield Text(_summed(found))


def largest_line(found: ShrinkResult) -> str:
    """The largest difference of money that was seen, where it is larger than that of the smallest story."""
    seen = found.largest
    least = amount_of(found.finding.found[0])
    if seen is None or abs(seen.wei) <= abs(least.wei if least else 0):
        return ""
    return f"largest difference seen: {money_text(seen)}"


def _argument(name: str, value: Any) -> str:
    """An argument; of a struct what is not zero."""
    if isinstance(value, dict):
        inner = ", ".join(_argument(each, part) for each, part in value.items() if part != "0")
        return f"{name} {{{inner}}}"
    return f"{name} {value}"


def _summed(found: ShrinkResult) -> str:
    is_ours = found.finding.found[0].sides == SIDES  # what `shrink` can go on with
    further = "shrinking the repro again goes on from here" if is_ours else "there may be a smaller one"
    left = f"; {_MINIMAL}" if found.finished else f"; not finished: {further}"
    if found.interrupted:
        left = "; interrupted" + left[1:]
    return (
        f"{len(found.steps)} calls, {len(found.accounts)} accounts; {found.tries:,} candidates, "
        f"{found.played:,} steps played in {found.seconds:.1f} s{left}"
    )


def document(found: ShrinkResult, repro: str, emitted: str | None, again: str) -> dict[str, Any]:
    """The figures of the text, and the paths of the files."""
    notation = Notation(found.underlyings, found.collaterals)
    return {
        "step": len(found.steps),
        "action": found.finding.step.action,
        "differences": [
            {"field": each.field, "chain": str(each.chain), "model": str(each.model)} for each in found.finding.found
        ],
        "steps": [jsonable(notation.step(step)) for step in found.steps],
        "accounts": [str(account) for account in found.accounts],
        "finished": found.finished,
        "minimum": "of each call and quantity alone" if found.finished else "best so far",
        "interrupted": found.interrupted,
        "candidates": found.tries,
        "steps_played": found.played,
        "seconds": round(found.seconds, 3),
        "largest": found.largest and money_document(found.largest) | {"steps": len(found.largest.steps)},
        "repro": repro,
        "foundry": emitted,
        "to_play_it": again,
    }
