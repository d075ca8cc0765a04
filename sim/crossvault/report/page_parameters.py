"""The parameters of a vault as tables of text with every digit: a row each, a column for what they are of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crossvault.differential.model import Model
from crossvault.mirror import ruleset
from crossvault.report.figures import scale_of
from crossvault.report.page_data import exact


class ParameterTable(NamedTuple):
    """A title, what the parameters are of, and rows of (parameter, value of each)."""

    title: str
    names: Sequence[str]
    rows: Sequence[tuple[str, ...]]


def parameter_tables(model: Model) -> list[ParameterTable]:
    """The parameters in force; what is not set has no table."""
    state = model.vault.ledger
    names, units, rules = state.names, range(len(state.names)), state.model.data.rules
    found = [
        _table("Auctions, interest, and the peg of the quote token", {
            "vault": {**state.terms._asdict(), **state.cash.interest._asdict(), **state.cash.terms._asdict()},
        }),
        _table("Standard margin, by underlying", {names[k]: state.risks[k] for k in units}),
        _table("Options, by underlying", {names[k]: state.option_risks[k] for k in units}),
        _table("Portfolio margin, by underlying", {names[k]: ruleset.risk_of(state.model.data, k) for k in units}),
        _table("Guards of prices, by underlying", {names[k]: state.guards[k] for k in units}),
        _table("Collateral", {asset.token: asset.terms for asset in state.assets}),
        _table("Portfolio margin, all underlyings", {"vault": {"terms": rules.terms, "matrix": rules.matrix}}),
        _table("Scenarios of portfolio margin", {str(k): each for k, each in enumerate(rules.scenarios, start=1)}),
    ]  # fmt: skip
    return [each for each in found if any(text not in ("0", "0 s") for row in each.rows for text in row[1:])]


def _table(title: str, owners: Mapping[str, Any]) -> ParameterTable:
    columns = [dict(_flat("", owner)) for owner in owners.values()]
    fields = dict.fromkeys(name for column in columns for name in column)
    rows = [(name.replace("_", " "), *(column.get(name, "") for column in columns)) for name in fields]
    return ParameterTable(title, tuple(owners), rows)


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        for key, inside in value.items():
            yield from _flat(f"{name}.{key}" if name else key, inside)
    elif isinstance(value, tuple):
        for place, inside in enumerate(value, start=1):
            yield from _flat(f"{name} {place}", inside)
    else:
        yield name.removesuffix("_secs").removesuffix("_wad"), _text(name.rsplit(".", 1)[-1].split(" ")[0], value)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return str(value)
    if name.endswith("_secs"):
        return f"{value} s"
    scale = scale_of(name)
    return str(value) if scale is None else exact(value, scale)
