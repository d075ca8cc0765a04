"""Invariants of the user: named predicates over the state before and after a step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from crossvault.differential.own_code import OwnCode, OwnCodeError, calls, installed, place_of
from crossvault.differential.suggestion import did_you_mean

GROUP = "crossvault.invariants"  # of entry points
_PARAMETERS = ("before", "after", "step", "outcome")


class OwnInvariant(NamedTuple):
    """An invariant of the user: its name in messages, and its function."""

    name: str
    code: OwnCode

    @classmethod
    def of(cls, function: Callable[..., object]) -> OwnInvariant:
        """A function as an invariant, named by its module and name."""
        name = f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', function)}"
        return cls(name, OwnCode(name, (), function))

    def require(self) -> OwnInvariant:
        """Requires a function of known parameters. Raises OwnCodeError."""
        _predicate(self.code)
        return self

    def broken(self, values: Mapping[str, Any]) -> str:
        """What is wrong after a step, or nothing. Raises OwnCodeError. values: by the name of a parameter."""
        predicate, parameters = _predicate(self.code)
        with calls(self.code.text):
            found = predicate(**{name: values[name] for name in parameters})
        if isinstance(found, str) and found.strip():
            return found.strip()
        if not isinstance(found, bool):
            expected = "expected True, False, or a text that states what is wrong"
            raise OwnCodeError(f"{place_of(predicate)}{self.code.text}: returns {found!r}: {expected}")
        return "" if found else "does not hold"


def named(texts: Sequence[str], folders: tuple[str, ...], known: Mapping[str, OwnCode]) -> list[OwnInvariant]:
    """Invariants by their references `module:function` or the names of installed ones. Raises OwnCodeError."""
    found = []
    for text in texts:
        if ":" not in text and text not in known:
            expected = f"expected module:function, or an installed one: {did_you_mean(text, known)}"
            raise OwnCodeError(f"{text!r} is no invariant: {expected}")
        found.append(OwnInvariant(text, known.get(text) or OwnCode(text, folders)).require())
    return found


def of_packages() -> dict[str, OwnCode]:
    """The invariants of installed packages, which hold in every run, by their names."""
    return installed(GROUP)


@cache
def _predicate(code: OwnCode) -> tuple[Callable[..., object], tuple[str, ...]]:
    """The function of an invariant, and the names of its parameters. Raises OwnCodeError."""
    function = code.load()
    if not callable(function) or isinstance(function, type):
        raise OwnCodeError(f"{place_of(function)}{code.text}: is {function!r}: expected a function of {_listed()}")
    parameters = tuple(inspect.signature(function).parameters)
    for name in parameters:
        if name not in _PARAMETERS:
            hint = did_you_mean(name, _PARAMETERS)
            raise OwnCodeError(f"{place_of(function)}{code.text}: no parameter {name!r} is passed: {hint}")
    return function, parameters


def _listed() -> str:
    return ", ".join(_PARAMETERS)
