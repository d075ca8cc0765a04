"""A broken rule as text and as JSON: its sentence, the numbers compared, and the money that it moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from crossvault.differential.ending import BrokenInvariant
from crossvault.report.figures import usd


def lines(broken: BrokenInvariant, step: int, quote: str) -> Iterator[Text]:
    """The rule, where it broke, what is wrong, and the money. step: its number; quote: the token of the money."""
    yield Text(f"RULE {broken.number} BROKEN at step {step}: {broken.where}", style="bold red")
    if sentence := broken.sentence:
        yield Text(sentence, style="italic")
    yield Text(f"{broken.number}: {broken.what}")
    if broken.money_wad is not None:
        yield Text(f"money moved: {usd(broken.money_wad)} {quote}", style="bold")


def weaknesses(met: Mapping[str, tuple[int, int]]) -> str:
    """Known weaknesses of the vault that were met, by rule: how often, and the money moved [wad]."""
    each = ", ".join(f"{rule} {count:,} ({usd(wad)})" for rule, (count, wad) in sorted(met.items()))
    return f"known weaknesses of the vault met, by the rule that each breaks, and money moved: {each}"


def weakness_document(met: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, Any]]:
    """The same as JSON."""
    return {rule: {"count": count, "money_wad": str(wad)} for rule, (count, wad) in sorted(met.items())}


def document(broken: BaseException | None, step: int, quote: str) -> dict[str, Any] | None:
    """The same as JSON; None for another failure."""
    if not isinstance(broken, BrokenInvariant):
        return None
    return {
        "rule": broken.number,
        "sentence": broken.sentence,
        "step": step,
        "where": broken.where,
        "what": broken.what,
        "money_wad": None if broken.money_wad is None else str(broken.money_wad),
        "token": quote,
    }
