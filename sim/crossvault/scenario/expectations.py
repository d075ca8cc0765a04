"""Expectations of a story: of a step, of the state after it, and of the whole run."""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome, Step
from crossvault.differential.story import due_funding, mark, utilisation_and_rate, value
from crossvault.judge.books import read_books
from crossvault.judge.conservation_rules import unconserved
from crossvault.mirror import account as accounts, cash, ledger, market, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.margin import UNBOUNDED
from crossvault.mirror.refusal import Refusal
from crossvault.mirror.valuation import Metrics
from crossvault.scenario import quantity
from crossvault.scenario.roster import FieldError, NameTable
from crossvault.scenario.source import did_you_mean

Reader = Callable[[Model, int], int]

_OPERATORS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "": operator.eq,
}  # fmt: skip
_COMPARISON = re.compile(r"(>=|<=|>|<|~|)\s*(.*)")
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


class ExpectedValue(NamedTuple):
    """A comparison with a number, such as `>= 5 ETH`; `~` allows less than one unit of the last place."""

    text: str
    sign: str
    number: int
    tolerance: int

    def holds(self, actual: int) -> bool:
        """Whether a number satisfies the comparison."""
        return (
            abs(actual - self.number) < self.tolerance
            if self.sign == "~"
            else _OPERATORS[self.sign](actual, self.number)
        )


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


@dataclass(frozen=True, slots=True)
class StepExpectation:
    """Expectation of one step: accepted, refused (with some of its values) or any outcome, and facts of the state."""

    anything: bool = False
    refused: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    facts: tuple[StateExpectation, ...] = ()

    def failure(self, outcome: Outcome | None, model: Model, at: int) -> str | None:
        """The message of the first failure of an outcome and the state after it, or None.

        Without an outcome only the state is checked.
        """
        if outcome is not None and (wrong := self._refusal(outcome.refusal)):
            return wrong
        return next((wrong for fact in self.facts if (wrong := fact.failure(model, at))), None)

    def _refusal(self, actual: Refusal | None) -> str | None:
        if self.anything:
            return None
        if not self.refused:
            return f"expected accepted, got refused: {actual}" if actual else None
        if actual is None or actual.name != self.refused:
            return f"expected refused: {self.refused}, got {f'refused: {actual}' if actual else 'accepted'}"
        for name, expected in self.values.items():
            value = dict(zip(actual.fields, actual.args, strict=True))[name]
            if not (expected.holds(value) if isinstance(expected, ExpectedValue) else expected == value):
                text = expected.text if isinstance(expected, ExpectedValue) else expected
                return f"expected refused: {self.refused} with {name} = {text}, got {actual}"
        return None


def expectation(names: NameTable, written: Any) -> StepExpectation:
    """Parses the `expect` of a step. Raises FieldError."""
    if written is None or written == "accepted":
        return StepExpectation()
    if written == "any":
        return StepExpectation(anything=True)
    if not isinstance(written, dict):
        known = ("accepted", "any", "refused: NAME", *FORMS)
        raise FieldError("", f"{written!r}: {did_you_mean(str(written), known)}")
    rest = dict(written)
    name, values = refusal(names, rest.pop("refused")) if "refused" in rest else ("", {})
    return StepExpectation(False, name, values, tuple(fact(names, key, value) for key, value in rest.items()))


def refusal(names: NameTable, written: Any) -> tuple[str, dict[str, Any]]:
    """Parses a refusal by name, with or without values. Raises FieldError."""
    name, values = next(iter(written.items())) if isinstance(written, dict) and len(written) == 1 else (written, {})
    known = refusals()
    if not isinstance(name, str) or name not in known:
        raise FieldError("refused", f"{name!r} is not a refusal: {did_you_mean(str(name), known)}")
    fields = known[name].fields
    if not isinstance(values, dict):
        raise FieldError("refused", f"expected a mapping of {', '.join(fields) or 'nothing'}")
    field_names = {field.replace("_", " "): field for field in fields}
    found = {}
    for key, text in values.items():
        if key not in fields and key not in field_names:
            raise FieldError("refused", f"{name} has no {key!r}: {did_you_mean(str(key), fields)}")
        argument = field_names.get(str(key), str(key))
        found[argument] = _argument(names, argument, str(known[name].__annotations__[argument]), text)
    return name, found


def refusals() -> dict[str, type[Refusal]]:
    """Every refusal of the model by name, without the classes of a chain that have the same names."""
    ours = ("crossvault.mirror", "crossvault.differential.model")
    kinds = (kind for kind in Refusal.__subclasses__() if kind.__module__.startswith(ours))
    return {kind.__name__: kind for kind in kinds}


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


def expected_value(key: str, written: Any, decimals: Mapping[str, int]) -> ExpectedValue:
    """Parses an expected value, such as `1,200 USDC`, `>= 5 ETH`, `~ 33.3 %`, `unbounded`. Raises FieldError.

    decimals: by accepted unit.
    """
    if written == "unbounded":
        return ExpectedValue(written, "", UNBOUNDED, 0)
    try:
        example = f"1,200 {next(iter(decimals))}"
        text = quantity.required_text(written, example)
        sign, rest = _COMPARISON.fullmatch(text).groups()  # type: ignore[union-attr] # matches everything
        found = quantity.quantity(rest, example)
        if found.unit not in decimals:
            raise FieldError(key, f"'{found}' is in {found.unit}: {did_you_mean(found.unit, decimals)}")
        scale = decimals[found.unit]
        return ExpectedValue(text, sign, found.scaled(scale), 10 ** max(0, scale - found.places))
    except ValueError as error:
        raise FieldError(key, str(error)) from None


def _argument(names: NameTable, name: str, kind: str, written: Any) -> Any:
    if kind == "str":
        return str(written)
    if (kind == "AccountId" or name.endswith(("underlying", "collateral", "instrument"))) and not isinstance(
        written, str
    ):
        raise FieldError(name, f"expected a name, got {written!r}")
    if kind == "AccountId":
        return names.account(name, written)
    if name.endswith(("underlying", "collateral", "instrument")):
        return getattr(names, name.rpartition("_")[2])(name, written)
    try:
        if name == "expiry":
            return 0 if written == "none" else quantity.expiry(written)
        if name.endswith("_secs"):
            return quantity.duration(written)
        if name.endswith("_at"):
            return quantity.moment(written).at(names.script.starts)
    except ValueError as error:
        raise FieldError(name, str(error)) from None
    if isinstance(written, int):
        return written
    values = {names.quote: 18, "USD": 18, "%": 16, **dict.fromkeys(names.underlyings, 18)}
    return expected_value(name, written, names.decimals if name.endswith("_raw") else values)


@dataclass(slots=True)
class RunCounts:
    """Counts of a run so far: steps, refusals, bids, liquidated and insolvent accounts."""

    steps: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    liquidated: dict[AccountId, None] = field(default_factory=dict)
    insolvent: dict[AccountId, None] = field(default_factory=dict)
    bids: int = 0

    def note(self, step: Step, outcome: Outcome) -> None:
        """Counts one outcome."""
        self.steps += 1
        if outcome.refusal is not None:
            self.refusals[outcome.refusal.name] += 1
        for event in outcome.events:
            if event.name == "LiquidationStarted":
                self.liquidated[event.values[1]] = None
            if event.name == "InsolvencyDeclared" or (event.name == "LiquidationStarted" and event.values[2] <= 0):
                self.insolvent[event.values[1]] = None
            self.bids += event.name == "Bid"


Check = Callable[[Model, int, RunCounts], str | None]

_WORDS = ("conserved", "solvent", "liquidated", "not liquidated", "insolvent", "refusals", "steps", "bids")


def check(names: NameTable, written: Any) -> Check:
    """Parses an entry of `checks`, which is evaluated at the end of a run. Raises FieldError."""
    if written == "conserved":
        return lambda model, at, counts: conserved(model)
    if written == "solvent":
        return lambda model, at, counts: _nonzero_failure("open deficits", model.vault.ledger.cash.deficit_wad)
    if not isinstance(written, dict) or len(written) != 1:
        raise FieldError("", f"{written!r}: {did_you_mean(str(written), (*_WORDS, *FORMS))}")
    key, value = next(iter(written.items()))
    if key in ("liquidated", "not liquidated", "insolvent"):
        return _accounts_check(names, key, value)
    if key in ("steps", "bids"):
        expected = _count(key, value)
        return lambda model, at, counts: _count_failure(key, expected, getattr(counts, key))
    if key == "refusals":
        return _refusals_check(names, value)
    state = fact(names, key, value)
    return lambda model, at, counts: state.failure(model, at)


def _accounts_check(names: NameTable, key: str, written: Any) -> Check:
    listed_names = [written] if isinstance(written, str) else written
    if not isinstance(listed_names, list) or not all(isinstance(name, str) for name in listed_names):
        raise FieldError(key, "expected a list of accounts")
    accounts = [names.account(key, name) for name in listed_names]
    field_name, expected = key.removeprefix("not "), not key.startswith("not ")

    def failure(model: Model, at: int, counts: RunCounts) -> str | None:
        actual = getattr(counts, field_name)
        wrong = [str(account) for account in accounts if (account in actual) != expected]
        listed = ", ".join(map(str, actual)) or "none"
        return f"expected {key}: {', '.join(wrong)}, got {field_name}: {listed}" if wrong else None

    return failure


def _refusals_check(names: NameTable, written: Any) -> Check:
    if not isinstance(written, dict):
        raise FieldError("refusals", "expected a mapping of refusals to counts, such as 'InsufficientMargin: \">= 1\"'")
    expected = {refusal(names, name)[0]: _count(name, value) for name, value in written.items()}
    return lambda model, at, counts: next(
        (wrong for name, count in expected.items() if (wrong := _count_failure(name, count, counts.refusals[name]))),
        None,
    )


def _count(key: str, written: Any) -> ExpectedValue:
    sign, number = _COMPARISON.fullmatch(str(written)).groups()  # type: ignore[union-attr] # matches everything
    if not number.isdecimal() or sign == "~":
        raise FieldError(key, f"{written!r} is not a count: expected something like 3 or '>= 3'")
    return ExpectedValue(str(written), sign, int(number), 0)


def _count_failure(key: str, expected: ExpectedValue, actual: int) -> str | None:
    return None if expected.holds(actual) else f"expected {key}: {expected.text}, got {actual}"


def _nonzero_failure(label: str, amount_wad: int) -> str | None:
    return f"expected no {label}, got {quantity.plain(amount_wad, 18)}" if amount_wad else None


def conserved(model: Model) -> str | None:
    """The first broken conservation law (sizes sum to zero; tokens held equal claims), as a message, or None."""
    return next((f"expected conserved, got {number}: {what}" for number, what in unconserved(read_books(model))), None)
