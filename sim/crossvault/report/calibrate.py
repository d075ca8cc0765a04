"""A calibration: what each class of book lost, the parameters that cover it, and the preset with them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import yaml
from rich.console import Group, RenderableType
from rich.text import Text

from crossvault.report.console import table
from crossvault.scenario import preset_files
from crossvault.sweep.book_losses import HORIZON_SECS
from crossvault.sweep.calibration import Shortfall

PRESET = "crossvault"

_SCHEMA = "# yaml-language-server: $schema=./preset.schema.json\n"
_LISTS = "rules.scenarios"
_WIDTH = 118  # of a line


def document(found: Mapping[str, Shortfall], derived: Mapping[str, Any]) -> dict[str, Any]:
    """The figures as JSON: expected shortfall by class, and every derived parameter beside the shipped one."""
    shipped = preset_files.open_source(PRESET).data
    rows = {path: {"derived": value, "shipped": _at(shipped, path)} for path, value in derived.items()}
    return {
        "horizon_secs": HORIZON_SECS,
        "books": [
            {
                "class": each.kind, "book": each.book, "moves": each.moves,
                "maintenance_pct": round(each.maintenance * 100, 6), "initial_pct": round(each.initial * 100, 6),
            }
            for each in found.values()
        ],
        "parameters": rows,
        "is_shipped": all(row["derived"] == row["shipped"] for row in rows.values()),
    }  # fmt: skip


def page(shown: Mapping[str, Any]) -> RenderableType:
    """The figures as tables, above the preset."""
    books = table("class of book", "worst of it", ">moves", ">ES 99 %", ">ES 99.7 %")
    for each in shown["books"]:
        percents = (f"{each[name]:.2f} %" for name in ("maintenance_pct", "initial_pct"))
        books.add_row(each["class"], each["book"], f"{each['moves']:,}", *percents)
    rows = table("parameter", ">derived", ">shipped")
    for path, row in shown["parameters"].items():
        if path != _LISTS:
            rows.add_row(path, row["derived"], row["shipped"] or "none")
    hours = shown["horizon_secs"] // 3600
    verdict = (
        ("the shipped preset has these figures", "green") if shown["is_shipped"]
        else ("the shipped preset has other figures", "bold red")
    )  # fmt: skip
    return Group(
        f"Expected shortfall over {hours} hours (vols: a day), relative to one leg\n", books, "",
        rows, Text(*verdict), "\nthe preset:\n",
    )  # fmt: skip


def preset_text(derived: Mapping[str, Any]) -> str:
    """The shipped preset with the derived parameters, as a file."""
    data = deepcopy(preset_files.open_source(PRESET).data)
    for path, value in derived.items():
        *outer, last = path.split(".")
        place = data
        for key in outer:
            place = place.setdefault(key, {})
        place[last] = value
    return _SCHEMA + yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


class _Dumper(yaml.SafeDumper):
    """Writes what fits on one line on one line, and equal lists in full."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _mapping(dumper: yaml.SafeDumper, data: dict[str, Any]) -> yaml.Node:
    fits = len(str(data)) < _WIDTH and not any(isinstance(each, dict) for each in data.values())
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=fits)


def _sequence(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.Node:
    flat = all(isinstance(each, str) for each in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flat)


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _sequence)


def _at(data: Any, path: str) -> Any:
    for key in path.split("."):
        data = data.get(key) if isinstance(data, dict) else None
    return data
