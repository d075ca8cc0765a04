"""Coverage of a search by rules: what it reached, as tables and bars, and what it never reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rich.columns import Columns
from rich.console import RenderableType
from rich.text import Text

from crossvault.differential.step import ACTIONS
from crossvault.fuzz.campaign import CampaignResult
from crossvault.fuzz.market_states import STATES
from crossvault.fuzz.reach import DISTRESS, KINDS, LEVELS, MODES, PHASES, ReachCounts, refusals
from crossvault.report.console import table

_BAR = 24


def reached(findings: CampaignResult) -> Iterator[RenderableType]:
    """Acceptance, doors, margin levels, auction phases, states of distress, refusals."""
    reach = findings.reach
    if not reach.steps:
        yield Text("nothing was played")
        return
    rate = reach.steps / findings.seconds if findings.seconds else 0.0
    yield Text(
        f"{findings.walks:,} walks, {reach.steps:,} steps, {findings.metrics:,} margins, {rate:,.0f} steps/s; "
        f"{_percent(reach.accepted.total(), reach.steps)} accepted", style="bold",
    )  # fmt: skip
    yield ""
    yield _doors(reach)
    yield ""
    yield _levels(reach)
    yield ""
    yield _bars("auctions: accounts touched while the", PHASES, reach.phases)
    yield _bars("traded", tuple(KINDS.values()), reach.kinds)
    yield ""
    yield _states(reach)
    yield _refusals(reach)


def unreached(known: ReachCounts) -> Iterator[RenderableType]:
    """A warning for each kind of states, doors, refusals and levels of which some were never reached."""
    for kind, names in known.missing().items():
        yield Text.assemble(("! never reached, ", "yellow"), (f"{kind}: ", "yellow"), ", ".join(names))


def verdict(findings: CampaignResult) -> str:
    """The verdict of a search without a finding, which states no more than was judged."""
    if findings.judge == "off":
        return "no difference; no rule was judged (--judge off)"
    return "no difference, and every rule held"


def known_weaknesses(findings: CampaignResult) -> RenderableType:
    """How often the walks met weaknesses of the vault that are known, by the rule that each breaks."""
    if not findings.known:
        return Text("" if findings.judge == "off" else "no known weakness of the vault was met", style="dim")
    met = ", ".join(f"{number} {count:,}" for number, count in sorted(findings.known.items()))
    return Text(f"known weaknesses of the vault met, by the rule that each breaks: {met} (docs/known-weaknesses.md)")


def _states(reach: ReachCounts) -> RenderableType:
    parts = ", ".join(f"{state} {_percent(reach.states[state], reach.steps)}" for state in STATES)
    return Text(
        f"steps in distress, by accounts worth more than 100: {_percent(reach.states[DISTRESS], reach.steps)} ({parts})"
    )


def _doors(reach: ReachCounts) -> RenderableType:
    """Two tables, side by side where there is room for both."""
    rows = [_door(reach, action) for action in ACTIONS if reach.accepted[action] or reach.refused[action]]
    half = -(-len(rows) // 2)
    made = []
    for part in (rows[:half], rows[half:]):
        made.append(table("door", ">steps", ">accepted", ""))
        for row in part:
            made[-1].add_row(*row)
    return Columns(made, padding=(0, 2))


def _door(reach: ReachCounts, action: str) -> Sequence[str | Text]:
    accepted, count = reach.accepted[action], reach.accepted[action] + reach.refused[action]
    return action, f"{count:,}", _percent(accepted, count), _bar(accepted, count, 10)


def _levels(reach: ReachCounts) -> RenderableType:
    made = table("margin level of touched accounts", *(f">{mode}" for mode in MODES), "")
    most = max([1, *(_both(reach, level) for level in LEVELS)])
    for level in LEVELS:
        counts = (f"{reach.levels[f'{mode}: {level}']:,}" for mode in MODES)
        made.add_row(level, *counts, _bar(_both(reach, level), most, _BAR))
    return made


def _both(reach: ReachCounts, level: str) -> int:
    return sum(reach.levels[f"{mode}: {level}"] for mode in MODES)


def _bars(title: str, names: Sequence[str], counts: Counter[str]) -> RenderableType:
    made = table(title, ">steps", "")
    most = max(1, *counts.values()) if counts else 1
    for name in names:
        made.add_row(name, f"{counts[name]:,}", _bar(counts[name], most, _BAR))
    return made


def _refusals(reach: ReachCounts) -> RenderableType:
    known, seen = refusals(), reach.refusals
    text = Text(f"refusals: {sum(bool(seen[name]) for name in known)} of {len(known)} reached: ")
    text.append(", ".join(f"{name} {count:,}" for name, count in seen.most_common()), style="dim")
    return text


def document(findings: CampaignResult, known: ReachCounts) -> dict[str, Any]:
    """The same as JSON."""
    reach = findings.reach
    return {
        "walks": findings.walks,
        "steps": reach.steps,
        "accepted": reach.accepted.total(),
        "metrics_compared": findings.metrics,
        "seconds": round(findings.seconds, 2),
        "cpu_seconds": round(findings.cpu_secs, 2),
        "interrupted": findings.interrupted,
        "judge": findings.judge,
        "known_weaknesses": dict(findings.known),
        "reached": reach.document(),
        "never_reached": {kind: list(names) for kind, names in known.missing().items()},
    }


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _bar(part: int, whole: int, width: int) -> Text:
    full = round(width * part / whole) if whole else 0
    return Text("█" * max(full, int(part > 0)), style="green")
