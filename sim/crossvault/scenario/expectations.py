"""Expectations of a step of a story: accepted or refused, and the state after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crossvault.differential.model import Model
from crossvault.differential.step import Outcome
from crossvault.mirror.refusal import Refusal
from crossvault.scenario import quantity
from crossvault.scenario.expected_value import ExpectedValue, expected_value
from crossvault.scenario.roster import FieldError, NameTable
from crossvault.scenario.source import did_you_mean
from crossvault.scenario.state_values import FORMS, StateExpectation, fact


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
