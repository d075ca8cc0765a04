"""The fields in which chain and model differ, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crossvault.differential.compare import Difference
from crossvault.report.console import ReportTable, table

_MOST_ROWS = 20


def difference_table(found: Sequence[Difference]) -> ReportTable:
    """The fields in which two sides differ, with chain less model."""
    made = table("field", ">chain", ">model", ">chain less model [wei]")
    for each in found[:_MOST_ROWS]:
        made.add_row(each.field, str(each.chain), str(each.model), "" if each.wei is None else f"{each.wei:+d}")
    return made


def difference_document(found: Difference) -> dict[str, Any]:
    """A difference as JSON, its numbers as decimal text."""
    wei = None if found.wei is None else str(found.wei)
    return {"field": found.field, "chain": str(found.chain), "model": str(found.model), "wei": wei}
