"""`crossvault bench gas`: sizes, gas of every door, and the profile of one call, on the console or into a page."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossvault.commands.exits import UsageError
from crossvault.differential.ending import DONE, MISSED, BadInput, reason
from crossvault.report.console import show
from crossvault.report.gas import BEGIN, END, console_table, gas_tables, page_block
from crossvault.setup.notices import notice

if TYPE_CHECKING:
    from crossvault.bench.gas import GasCase


def gas(arguments: Namespace) -> int:
    """Measures, prints and writes the figures; returns MISSED where a door needs more than a transaction may have."""
    from crossvault.bench.gas import gas_benchmark, over_limit

    page = Path(arguments.page) if arguments.page else None
    text = _page_text(page) if page else ""
    rows = _rows(arguments.door, "--door")
    profiled = _rows([arguments.profile], "--profile")[0]
    contracts = Path(arguments.contracts) if arguments.contracts else None
    figures = gas_benchmark(_cases(arguments), profiled, contracts, (lambda _: None) if arguments.json else notice)
    if page:
        _write(page, text, figures)
    shown = _only(figures, rows)
    if arguments.json:
        print(json.dumps(shown, indent=2))
    else:
        _print(shown)
    found = over_limit(shown)
    for each in found:
        print(f"over the limit of {figures['limit']:,} gas: {each}", file=sys.stderr)
    return MISSED if found else DONE


def _cases(arguments: Namespace) -> list[GasCase]:
    """The columns that are chosen. Raises UsageError for a portfolio that is unknown or that no account may hold."""
    from crossvault.bench.gas import gas_cases
    from crossvault.bench.gas_portfolios import PORTFOLIOS
    from crossvault.mirror.account import MAX_OPTIONS

    for name in arguments.portfolio:
        _known("--portfolio", name, [each.name for each in PORTFOLIOS])
    chosen = [each for each in PORTFOLIOS if not arguments.portfolio or each.name in arguments.portfolio]
    refused = [each for each in chosen if not each.is_allowed]
    why = f"an account in portfolio mode holds at most {MAX_OPTIONS} options"
    if arguments.portfolio and refused:
        raise UsageError(f"--portfolio: {refused[0].name} has {refused[0].options} options: {why}")
    if refused and not arguments.json:
        notice(f"left out: {', '.join(each.about for each in refused)}: {why}")
    return gas_cases(chosen, sorted(set(arguments.scenarios)))


def _rows(names: Sequence[str], argument: str) -> list[str]:
    """The rows of some doors, each by its whole name or by that of its door. Raises UsageError."""
    from crossvault.bench.gas_doors import ROWS

    found: list[str] = []
    for name in names:
        rows = [row for row in ROWS if name in (row, _door(row))]
        if not rows:
            _known(argument, name, list(dict.fromkeys(map(_door, ROWS))))
        found += rows
    return found


def _door(row: str) -> str:
    return row.partition(":")[0].removesuffix(" (view)")


def _known(argument: str, name: str, names: Sequence[str]) -> None:
    from difflib import get_close_matches

    if name in names:
        return
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UsageError(f"{argument}: {name[:60]!r}: {hint}expected one of: {', '.join(dict.fromkeys(names))}")


def _only(figures: dict[str, Any], rows: Sequence[str]) -> dict[str, Any]:
    """The figures with some rows of the doors, or with all."""
    if not rows:
        return figures
    columns = [
        {**column, "doors": {row: door for row, door in column["doors"].items() if row in rows}}
        for column in figures["columns"]
    ]
    return {**figures, "columns": columns}


def _print(figures: Mapping[str, Any]) -> None:
    for number, each in enumerate(gas_tables(figures)):
        print(("\n" if number else "") + each.title)
        show(console_table(each))
    profile = figures["profile"]
    print(f"\nthe profile is of {profile['row']}, {profile['case']}; all figures are the same on every machine")
    print(", ".join(f"{name} {version}" for name, version in figures["versions"].items()))


def _page_text(page: Path) -> str:
    """The page as it is; an empty one where there is none. Raises UsageError where the figures have no place in it."""
    if page.suffix != ".md":
        raise UsageError(f"--page: expected a name that ends in .md, found {str(page)!r}")
    if not page.parent.is_dir():
        raise UsageError(f"--page: {page} cannot be written: {page.parent} is not a folder")
    if not page.exists():
        return f"# Gas\n\n{BEGIN}\n{END}\n"
    try:
        text = page.read_text(encoding="utf8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise UsageError(f"--page: {page} cannot be read: {reason(wrong)}") from wrong
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise UsageError(f"--page: {page} has no place for the figures: expected a line {BEGIN} and a later one {END}")
    return text


def _write(page: Path, text: str, figures: Mapping[str, Any]) -> None:
    """Writes the page whole, with the figures between the marks. Raises BadInput."""
    whole = text[: text.index(BEGIN)] + page_block(figures) + text[text.index(END) + len(END) :]
    part = page.with_name(f".{page.name}.part")
    try:
        part.write_text(whole, encoding="utf8")
        part.replace(page)
    except OSError as wrong:
        raise BadInput(f"--page: {page} cannot be written: {wrong.strerror}") from wrong
    finally:
        part.unlink(missing_ok=True)
