"""What an attack search found, as a table and as JSON: alarms, guilty acts, profits, who gained and who lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import RenderableType
from rich.text import Text

from crossvault.attack.act_alarms import OF_ACTS
from crossvault.attack.attack_campaign import AttackResult
from crossvault.attack.attack_search import FoundAttack
from crossvault.attack.attack_story import RULES, AttackStory
from crossvault.attack.judged_story import JudgedStory
from crossvault.attack.market_draw import LABELS, WAD
from crossvault.attack.moment_alarms import OF_MOMENTS
from crossvault.attack.moves import BATCH, MOVES, WAITS
from crossvault.differential.step import ACTIONS
from crossvault.report.console import ReportTable, table

NEVER_SEARCHED = (
    "signed orders (`fill`, `cancel`)", "changes of parameters by governance", "tokens with fees or callbacks",
    "several vaults", "more than one expiry",
)  # fmt: skip
_EVENTS = ("jump", "confirmation", "pause", "unpause", *LABELS)


class FollowedAttack(NamedTuple):
    """A found attack with what came of it: its story, the judge's view, whether Anvil confirms it, and its file.

    None where it was not done, or could not be.
    """

    found: FoundAttack
    story: AttackStory | None
    judged: JudgedStory | None
    confirmed: bool
    file: str | None


def usd(wad: int) -> str:
    """An amount in USDC, to the cent towards zero."""
    cents = abs(wad) * 100 // WAD
    return f"{'-' if wad < 0 else ''}{cents // 100:,}.{cents % 100:02}"


def first_line(found: FoundAttack) -> str:
    """The line that is printed as soon as something is found."""
    number, sentence = RULES[found.alarm]
    spent = f"{found.plays:,} calls, {found.cpu_secs:.1f} s"
    if found.weakness:
        return f"· {number}: {found.weakness}, stated: {found.circumstance}: {usd(found.money_wad)} USDC ({spent})"
    return f"✖ {number}: {sentence}: {found.circumstance}: {usd(found.money_wad)} USDC ({spent})"


def stated_line(result: AttackResult) -> Text:
    """The stated weaknesses that the search met, each with its rule and its largest amount."""
    met = ", ".join(
        f"{name} ({RULES[each.alarm][0]}) {usd(each.money_wad)}" for name, each in sorted(result.stated.items())
    )
    return Text(f"stated weaknesses met, by name, and most money moved [USDC]: {met} (docs/attack.md)")


def alarm_table(all_found: Sequence[FollowedAttack]) -> ReportTable:
    """A row for each alarm and guilty act."""
    made = table(
        "rule", "alarm", "guilty act", ">best [USDC]", "gained", "lost", "judge", "Anvil", ">steps", ">calls", ">secs"
    )
    for each in all_found:
        found, story = each.found, each.story
        judge = ", ".join(each.judged.broken) if each.judged and each.judged.broken else "-"
        made.add_row(
            RULES[found.alarm][0], found.alarm, found.circumstance, usd(found.money_wad),
            gained(story) if story else "-", lost(story) if story else "-", judge,
            "confirmed" if each.confirmed else "-", str(len(story.steps)) if story else "-", f"{found.plays:,}",
            f"{found.cpu_secs:.1f}",
        )  # fmt: skip
    return made


def gained(story: AttackStory) -> str:
    """Who gained, in the smallest story."""
    rows = [row for row in story.rows if row.gain_wad > WAD]
    return ", ".join(f"{row.name} {usd(row.gain_wad)}" for row in rows) or "no account"


def lost(story: AttackStory) -> str:
    """Who lost, in the smallest story; an open debt is left to those who still have cash in the vault."""
    rows = [f"{row.name} {usd(-row.gain_wad)}" for row in story.lost]
    return ", ".join(rows + ([f"open debt {usd(story.debt_wad)}"] if story.debt_wad > WAD else [])) or "no account"


def summary(result: AttackResult) -> Text:
    """How much was played."""
    rate = result.counts.plays / result.cpu_secs if result.cpu_secs else 0.0
    return Text(
        f"{result.markets:,} markets, {result.counts.plays:,} calls of the search, {rate:,.0f} a second of processor "
        f"time ({result.cpu_secs:,.0f} s)", style="bold",
    )  # fmt: skip


def never_tried(result: AttackResult) -> dict[str, list[str]]:
    """The moves, events, doors and alarms that the search did not reach."""
    counts, alarms = result.counts, {key.alarm for key in result.found}
    return {
        "moves": _missing((*MOVES, *WAITS, BATCH), counts.moves),
        "events": _missing(_EVENTS, counts.events),
        "doors": [door.replace("_", " ") for door in ACTIONS if not counts.doors[door] and not _is_of_market(door)],
        "alarms": [rule.name for rule in (*OF_ACTS, *OF_MOMENTS) if rule.name not in alarms],
        "never searched": list(NEVER_SEARCHED),
    }


_GOVERNANCE = frozenset((
    "offer_ownership", "accept_ownership", "set_guardian", "set_feeder", "pause", "unpause", "open_expiry", "mint",
    "seal", "cancel_changes",
))  # fmt: skip


def _is_of_market(door: str) -> bool:
    """Whether a door is one of the market's own: of governance, of feeders, of the tokens' faucet."""
    return door in _GOVERNANCE or door.startswith(("publish", "list", "schedule", "enact"))


def _missing(names: Sequence[str], seen: Counter[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if not seen[name]]


def untried(result: AttackResult) -> Iterator[RenderableType]:
    """A warning for each kind of what was never tried."""
    for kind, names in never_tried(result).items():
        if names:
            words = "never searched" if kind == "never searched" else f"never reached, {kind}"
            yield Text.assemble((f"! {words}: ", "yellow"), ", ".join(names))


def document(result: AttackResult, all_found: Sequence[FollowedAttack]) -> dict[str, Any]:
    """The same as JSON; money in wad, as text."""
    return {
        "markets": result.markets,
        "calls": result.counts.plays,
        "seconds": round(result.seconds, 2),
        "cpu_seconds": round(result.cpu_secs, 2),
        "interrupted": result.interrupted,
        "findings": [_row(each) for each in all_found],
        "stated": {
            name: {"rule": RULES[each.alarm][0], "guilty_act": each.circumstance, "money_wad": str(each.money_wad)}
            for name, each in sorted(result.stated.items())
        },
        "reached": {name: dict(getattr(result.counts, name)) for name in ("moves", "doors", "refusals", "events")},
        "never_reached": never_tried(result),
    }


def _row(each: FollowedAttack) -> Mapping[str, Any]:
    found, story = each.found, each.story
    number, sentence = RULES[found.alarm]
    rows = story.rows if story else ()
    return {
        "rule": number,
        "sentence": sentence,
        "alarm": found.alarm,
        "guilty_act": found.circumstance,
        "money_wad": str(found.money_wad),
        "smallest_money_wad": str(story.money_wad) if story else None,
        "persons": [
            {"name": row.name, "paid_in_wad": str(row.paid_wad), "took_out_wad": str(row.took_wad),
             "left_wad": str(row.left_wad), "gain_wad": str(row.gain_wad)}
            for row in rows
        ],
        "open_debt_wad": str(story.debt_wad) if story else None,
        "judge": _judged(each.judged) if each.judged else None,
        "confirmed": each.confirmed,
        "steps": len(story.steps) if story else None,
        "calls": found.plays,
        "cpu_seconds": round(found.cpu_secs, 2),
        "market": found.market,
        "file": each.file,
    }  # fmt: skip


def _judged(verdict: JudgedStory) -> Mapping[str, Any]:
    return {"broken": list(verdict.broken), "profit_wad": str(verdict.profit_wad)}
