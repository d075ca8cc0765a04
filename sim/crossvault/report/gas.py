"""The tables of `bench gas`: on the console, and as the part of a Markdown page that the command writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crossvault.report.console import ReportTable, table

Figures = Mapping[str, Any]

BEGIN = "<!-- begin: written by `crossvault bench gas --page`, not by hand -->"
END = "<!-- end: written by `crossvault bench gas --page` -->"
ROWS = 40  # functions of a profile that are shown one by one

_MEASURED = """\
Measured on Anvil {anvil}, hardfork {hardfork}, with solc {solc} for the EVM `{evm_version}`, {optimizer}, code \
`{code}`.
The model plays along; at the end state, curves and metrics of both sides are equal."""
_DOORS = """\
Gas as a receipt has it. A transaction may have a limit of {limit:,} gas (EIP-7825), and needs a limit above what it
uses: refunds come at the end, and a call keeps a 64th back. **over**: refused with that limit. Every optional term is
in force: interest, funding, doubtful prices, a quote token below its peg, a guard on every price; 8 collaterals are
held, 64 expiries are open, both traders have loans. In portfolio mode no two scenarios share a move. Options *among*
other positions have an expiry each. Views have no such limit."""
_LIMITS = "The least limit of a transaction that goes through, rounded up to 10,000, of doors above 70 % of the limit."
_PROFILE = """\
{row} with {case}: {gas:,} gas. *Own* is the gas of a function's own instructions, wherever the optimizer put
them, and sums to all gas; *total* is that of all that runs while it does (of inlined code its own only). Blocks that
the optimizer merged count for one of their functions. Reads and writes of storage are rows of their own, in no
function's own gas."""


class GasTable(NamedTuple):
    """A table with its heading, and what the text above it states; the first column is of names."""

    title: str
    about: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def gas_tables(figures: Figures) -> Iterator[GasTable]:
    """The tables of the figures of the benchmark."""
    yield _sizes(figures)
    groups: dict[tuple[str, int], list[Any]] = {}
    for column in figures["columns"]:
        groups.setdefault((column["mode"], column["scenarios"]), []).append(column)
    about = _DOORS.format(limit=figures["limit"])
    for (mode, scenarios), columns in groups.items():
        title = f"Gas in {mode} mode" + (f", {scenarios} scenario{'s' * (scenarios > 1)}" if scenarios else "")
        yield _doors(title, about, columns)
        about = ""
    if near := [column for column in figures["columns"] if any(_limits(column))]:
        yield _near(near)
    if figures["profile"]["functions"]:
        yield _by_contract(figures["profile"])
        yield _by_function(figures["profile"])


def _sizes(figures: Figures) -> GasTable:
    settings = figures["settings"]
    pipeline = "through IR" if settings["via_ir"] else "legacy pipeline"
    optimizer = f"optimizer at {settings['runs']} runs, {pipeline}"
    about = _MEASURED.format(**figures["versions"], **settings, optimizer=optimizer, code=figures["code"])
    rows = [
        [each["contract"], *(f"{each[name]:,}" for name in ("bytes", "left", "creation_gas"))]
        for each in figures["sizes"]
    ]
    return GasTable(
        "Contracts", about, ["contract", "bytes", f"left of {figures['code_limit']:,}", "gas to create"], rows
    )


def _doors(title: str, about: str, columns: Sequence[Any]) -> GasTable:
    names = dict.fromkeys(row for column in columns for row in column["doors"])
    rows = [[name, *(_cell(column["doors"].get(name)) for column in columns)] for name in names]
    return GasTable(title, about, ["door", *(column["about"] for column in columns)], rows)


def _cell(door: Any) -> str:
    return "" if door is None else f"{door['gas']:,}{'' if door['is_within'] else ' **over**'}"


def _limits(column: Any) -> Iterator[tuple[str, int]]:
    """The doors of a column that come near the limit, with the limit that each needs."""
    for name, door in column["doors"].items():
        if door["least_limit"] is not None:
            yield name, door["least_limit"]


def _near(columns: Sequence[Any]) -> GasTable:
    rows = [
        [column["case"], name, f"{limit:,}"]
        for column in columns
        for name, limit in sorted(_limits(column), key=lambda each: -each[1])
    ]
    return GasTable("Limits that doors need", _LIMITS, ["account", "door", "least limit"], rows)


def _by_contract(profile: Figures) -> GasTable:
    own: dict[str, int] = {}
    for each in profile["functions"]:
        own[each["contract"]] = own.get(each["contract"], 0) + each["own"]
    rows = [[name, f"{gas:,}", _share(gas, profile)] for name, gas in sorted(own.items(), key=lambda each: -each[1])]
    return GasTable("One call, by contract", _PROFILE.format(**profile), ["code of", "gas", "share"], rows)


def _by_function(profile: Figures) -> GasTable:
    shown, rest = profile["functions"][:ROWS], profile["functions"][ROWS:]
    rows = [
        [each["function"], each["contract"], f"{each['own']:,}", _share(each["own"], profile), f"{each['total']:,}",
         f"{each['calls']:,}" if each["calls"] else "inlined" if each["contract"] != "transaction" else ""]
        for each in shown
    ]  # fmt: skip
    if rest:
        own = sum(each["own"] for each in rest)
        rows.append([f"{len(rest)} others", "", f"{own:,}", _share(own, profile), "", ""])
    rows.append(["all", "", f"{profile['gas']:,}", _share(profile["gas"], profile), "", ""])
    return GasTable("One call, by function", "", ["function", "code of", "own", "share", "total", "calls"], rows)


def _share(gas: int, profile: Figures) -> str:
    return f"{100 * gas / profile['gas']:.1f} %"


def console_table(shown: GasTable) -> ReportTable:
    """A table for the console."""
    texts = {"function", "code of", "account", "door", "contract"}
    made = table(*(name if name in texts else f">{name}" for name in shown.headings))
    for row in shown.rows:
        made.add_row(*(cell.replace("**", "") for cell in row))
    return made


def page_block(figures: Figures) -> str:
    """The part of a Markdown page that states the figures, between its marks."""
    lines = [BEGIN, ""]
    for each in gas_tables(figures):
        lines += [f"## {each.title}", ""]
        lines += [*([each.about, ""] if each.about else []), *_markdown(each), ""]
    return "\n".join([*lines, END])


def _markdown(shown: GasTable) -> Iterator[str]:
    for row in (shown.headings, ["---"] * len(shown.headings), *shown.rows):
        yield "| " + " | ".join(row) + " |"
