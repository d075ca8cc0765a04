"""The fields in which chain and model differ, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from crossvault.differential.compare import SIDES, Difference
from crossvault.report.console import ReportTable, table
from crossvault.shrink.largest import LargestDifference

_MOST_ROWS = 20


def difference_table(found: Sequence[Difference]) -> ReportTable:
    """The fields in which two sides differ, with chain less model."""
    made = table("field", ">chain", ">model", ">chain less model [wei]")
    for each in found[:_MOST_ROWS]:
        made.add_row(each.field, str(each.chain), str(each.model), "" if each.wei is None else f"{each.wei:+d}")
    return made


def money_text(seen: LargestDifference) -> str:
    """A difference of money: its field, the amount by which the chain has more or less, and its part of the model's."""
    field, sides = seen.difference.field, seen.difference.sides
    place = "on the chain" if sides == SIDES else f"in the {sides[0]} version"
    side = "of margin are wanting" if field == "refusal" else f"{'more' if seen.wei > 0 else 'less'} {place}"
    share = "" if seen.share is None else f" ({100 * seen.share:+,.4g} %)"
    amount = f"{Decimal(abs(seen.wei)).scaleb(-18):,.18f}".rstrip("0").rstrip(".")
    return f"{field}: {amount} {seen.world.quote} {side}{share}"


def money_document(seen: LargestDifference) -> dict[str, Any]:
    """A difference of money as JSON, the amount as decimal text [wad]."""
    return {"field": seen.difference.field, "wei": str(seen.wei), "share": seen.share}


def difference_document(found: Difference) -> dict[str, Any]:
    """A difference as JSON, its numbers as decimal text."""
    wei = None if found.wei is None else str(found.wei)
    return {"field": found.field, "chain": str(found.chain), "model": str(found.model), "wei": wei}
