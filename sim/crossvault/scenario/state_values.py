"""Values of the state that a story expects, by their names: of accounts, instruments, prices and the pool."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from crossvault.differential.model import Model
from crossvault.differential.story import due_funding, mark, utilisation_and_rate, value
from crossvault.mirror import account as accounts, cash, ledger, market, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.margin import UNBOUNDED
from crossvault.mirror.valuation import Metrics
from crossvault.scenario import quantity
from crossvault.scenario.expected_value import ExpectedValue, expected_value
from crossvault.scenario.roster import FieldError, NameTable
from crossvault.scenario.source import did_you_mean

Reader = Callable[[Model, int], int]

_OF_ACCOUNT: dict[str, tuple[str, Callable[[Metrics], int]]] = {
    "equity": ("value", lambda read_metric: read_metric.equity_wad),
    "initial margin": (
        "value",
        lambda read_metric: read_metric.initial_equity_wad - read_metric.initial_requirement_wad,
    ),
    "maintenance margin": (
        "value",
        lambda read_metric: read_metric.maintenance_equity_wad - read_metric.maintenance_requirement_wad,
    ),
    "initial requirement": ("value", lambda read_metric: read_metric.initial_requirement_wad),
    "maintenance requirement": ("value", lambda read_metric: read_metric.maintenance_requirement_wad),
    "free collateral": ("value", lambda read_metric: read_metric.free_collateral_wad),
    "health": ("%", lambda read_metric: read_metric.health_wad),
    "leverage": ("x", lambda read_metric: read_metric.leverage_wad),
}
FORMS = (
    *(f"{name} of ACCOUNT" for name in _OF_ACCOUNT), "cash of ACCOUNT", "size of ACCOUNT in INSTRUMENT",
    "quote of ACCOUNT in INSTRUMENT", "balance of ACCOUNT in TOKEN", "wallet of ROLE in TOKEN", "insurance", "deficit",
    "value of ACCOUNT in INSTRUMENT", "funding of ACCOUNT in INSTRUMENT", "mark of INSTRUMENT",
    "funding index of INSTRUMENT", "settlement of INSTRUMENT", "index of UNDERLYING", "stable price of UNDERLYING",
    "open interest of UNDERLYING", "open interest of INSTRUMENT",
    "supply index", "borrow index", "utilisation", "borrow rate",
)  # fmt: skip
_FORM = re.compile(r"([a-z ]+?)(?: of ([A-Za-z0-9_./-]+))?(?: in ([A-Za-z0-9_.-]+))?")


class StateExpectation(NamedTuple):
    """A value of the state and its expected value."""

    label: str
    expected: ExpectedValue
    read: Reader
    decimals: int
    unit: str

    def failure(self, model: Model, at: int) -> str | None:
        """The message of a failed comparison, or None."""
        actual = self.read(model, at)
        if self.expected.holds(actual):
            return None
        text = "unbounded" if actual == UNBOUNDED else f"{quantity.plain(actual, self.decimals)} {self.unit}".strip()
        return f"{self.label}: expected {self.expected.text}, got {text}"


def fact(names: NameTable, key: str, written: Any) -> StateExpectation:
    """Parses a value of the state by its key, and its expected value. Raises FieldError."""
    match = _FORM.fullmatch(key)
    if match is None:
        raise FieldError(key, f"{key!r} is not a state value: {did_you_mean(key, FORMS)}")
    what, owner, where = match[1], match[2], match[3]
    if what in _OF_ACCOUNT and owner and not where:
        account = names.account(key, owner)
        unit, read_metric = _OF_ACCOUNT[what]
        decimals, unit = (16, "%") if unit == "%" else (18, "x") if unit == "x" else (18, names.quote)
        read: Reader = lambda m, at: read_metric(m.metrics([account], at)[0])  # noqa: E731
    else:
        read, decimals, unit = _reader(names, key, what, owner or "", where or "")
    units = (unit, "USD") if unit == names.quote else (unit,)
    return StateExpectation(key, expected_value(key, written, dict.fromkeys(units, decimals)), read, decimals, unit)


def _reader(names: NameTable, key: str, what: str, owner: str, where: str) -> tuple[Reader, int, str]:
    shape = f"{what}{' of' if owner else ''}{' in' if where else ''}"
    if shape == "cash of":
        account = names.account(key, owner)
        return lambda m, at: _cash(m, account, at), 18, names.quote
    if shape in ("size of in", "quote of in"):
        account, instrument = names.account(key, owner), names.instrument(key, where)
        unit = names.underlyings[market.underlying_of(instrument)] if what == "size" else names.quote
        return lambda m, at: getattr(accounts.entry(m.vault.ledger.holders[account], instrument), what), 18, unit
    if shape == "balance of in":
        account, number = names.account(key, owner), names.collateral(key, where)
        return lambda m, at: m.vault.ledger.holders[account].balances[number], names.decimals[where], where
    if shape == "wallet of in":
        role = names.role(key, owner)
        if where not in names.decimals:
            raise FieldError(key, did_you_mean(where, names.decimals))
        return lambda m, at: m.tokens[where].balance_of(role), names.decimals[where], where
    if shape in ("insurance", "deficit"):
        return lambda m, at: getattr(m.vault.ledger.cash, f"{what}_wad"), 18, names.quote
    if shape in ("value of in", "funding of in"):
        account, instrument = names.account(key, owner), names.instrument(key, where)
        read_metric = value if what == "value" else due_funding
        return lambda m, at: read_metric(m, account, instrument, at), 18, names.quote
    return _price_reader(names, key, shape, owner)


def _price_reader(names: NameTable, key: str, shape: str, owner: str) -> tuple[Reader, int, str]:
    if shape == "mark of":
        instrument = names.instrument(key, owner)
        return lambda m, at: mark(m, instrument, at), 18, "USD"
    if shape == "funding index of":
        instrument = names.instrument(key, owner)
        return lambda m, at: ledger.funding_index(m.vault.ledger, instrument, now=at), 27, names.quote
    if shape == "settlement of":
        instrument = names.instrument(key, owner)
        return lambda m, at: valuation.curve_of(m.vault.ledger, instrument).settlement, 18, "USD"
    if shape in ("index of", "stable price of"):
        number, field_name = names.underlying(key, owner), shape.split()[0]
        return lambda m, at: getattr(m.vault.ledger.prices[number], field_name), 18, "USD"
    if shape == "open interest of":
        return _interest_reader(names, key, owner)
    if shape in ("supply index", "borrow index"):
        field_name = shape.split()[0]
        return lambda m, at: getattr(cash.indexes(m.vault.ledger.cash, now=at), field_name), 27, "x"
    if shape in ("utilisation", "borrow rate"):
        return lambda m, at: utilisation_and_rate(m, at)[shape == "borrow rate"], 16, "%"
    raise FieldError(key, f"{key!r} is not a state value: {did_you_mean(key, FORMS)}")


def _interest_reader(names: NameTable, key: str, owner: str) -> tuple[Reader, int, str]:
    """Open interest of an underlying, or of an instrument on it."""
    if owner in names.underlyings:
        number = names.underlying(key, owner)
        return lambda m, at: m.vault.ledger.caps.interests[number], 18, owner
    instrument = names.instrument(key, owner)
    unit = names.underlyings[market.underlying_of(instrument)]
    return lambda m, at: m.vault.ledger.caps.longs[instrument], 18, unit


def _cash(model: Model, account: AccountId, at: int) -> int:
    pool, holders = model.vault.ledger.cash, model.vault.ledger.holders
    return cash.present(pool, holders[account].principal, now=at)
