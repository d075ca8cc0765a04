"""The parser of a command, which refuses arguments that would have no effect."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import Any, NamedTuple, NoReturn

from crossvault.commands.exits import UsageError


class ArgumentRule(NamedTuple):
    """A rule of an argument: it acts only with another, or only without it. values: those of the other that count."""

    name: str
    other: str
    values: Collection[str] = ()
    is_excluded: bool = False


class CommandParser(argparse.ArgumentParser):
    """Declares arguments and which of them act only together, and raises UsageError instead of ending the process."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs)  # type: ignore[arg-type]
        self._rules: list[ArgumentRule] = []

    def only_with(self, other: str, *names: str, values: Collection[str] = ()) -> None:
        """Declares that arguments act only with another one, or with some of its values."""
        self._rules += [ArgumentRule(name, other, values) for name in names]

    def never_with(self, other: str, *names: str) -> None:
        """Declares that arguments do not act with another one."""
        self._rules += [ArgumentRule(name, other, is_excluded=True) for name in names]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parses, and requires that every argument has an effect. Raises UsageError."""
        found, rest = super().parse_known_args(args, namespace)
        for rule in self._rules:
            if self._is_given(rule.name, found):
                self._require(rule, found)
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Raises UsageError, with the usage of the command."""
        raise UsageError(f"{message.removeprefix('argument ')}\n{self.format_usage().rstrip()}")

    def _require(self, rule: ArgumentRule, found: argparse.Namespace) -> None:
        value = getattr(found, self._action(rule.other).dest)
        acts = value in rule.values if rule.values else self._is_given(rule.other, found)
        if rule.is_excluded and acts:
            raise UsageError(f"{rule.name}: has no effect with {rule.other}")
        if not rule.is_excluded and not acts:
            which = f"{rule.other} {' or '.join(rule.values)}" if rule.values else rule.other
            raise UsageError(f"{rule.name}: has an effect only with {which}")

    def _is_given(self, name: str, found: argparse.Namespace) -> bool:
        action = self._action(name)
        return bool(getattr(found, action.dest) != action.default)

    def _action(self, name: str) -> argparse.Action:
        """The declared argument of an option's name or of a positional's."""
        return next(each for each in self._actions if name in each.option_strings or name == each.metavar)
