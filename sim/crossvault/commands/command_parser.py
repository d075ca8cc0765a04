"""The parser of a command, which refuses arguments that would have no effect."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, NoReturn

from crossvault.commands.exits import UsageError


class ArgumentRule(NamedTuple):
    """A rule of an argument: it acts only with another, or only without it. values: those of the other that count."""

    name: str
    other: str
    values: Collection[str] = ()
    is_excluded: bool = False


class _Absent(list[str]):
    """The mark of an argument that a command line does not have; a list, because some arguments are appended to it."""


class CommandParser(argparse.ArgumentParser):
    """Declares arguments and which of them act only together, and raises UsageError instead of ending the process."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs)  # type: ignore[arg-type]
        self._rules: list[ArgumentRule] = []
        self._usual: dict[str, Any] = {}

    def only_with(self, other: str, *names: str, values: Collection[str] = ()) -> None:
        """Declares that arguments act only with another one, or with some of its values."""
        self._rules += [ArgumentRule(name, other, values) for name in names]

    def never_with(self, other: str, *names: str) -> None:
        """Declares that arguments do not act with another one."""
        self._rules += [ArgumentRule(name, other, is_excluded=True) for name in names]

    def configure(self, values: Mapping[str, Any]) -> None:
        """Sets what arguments are where the command line does not have them, by `dest`.

        A switch that is set has a `--no-` form. A network is set for where its flag stands without a value.
        """
        for action in [each for each in self._actions if each.dest in values]:
            value = values[action.dest]
            if action.dest == "network" and not action.required:
                action.nargs, action.const = "?", value
                continue
            self._usual[action.dest] = value
            action.required = False
            if action.nargs == "+" and not action.option_strings:
                action.nargs = "*"
            if value is True:
                name = f"--no-{action.option_strings[-1].lstrip('-')}"
                self.add_argument(name, dest=action.dest, action="store_false", help=argparse.SUPPRESS)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parses, and requires that every argument has an effect. Raises UsageError."""
        namespace = namespace or argparse.Namespace()
        marks = {dest: _Absent() for dest in self._usual}
        vars(namespace).update(marks)
        found, rest = super().parse_known_args(args, namespace)
        absent = [dest for dest, mark in marks.items() if getattr(found, dest) is mark or getattr(found, dest) == []]
        for dest in absent:
            setattr(found, dest, self._default(dest))
        for rule in self._rules:
            if self._is_given(rule.name, found):
                self._require(rule, found)
        for dest in [each for each in absent if not self._is_shut_out(each, found)]:
            setattr(found, dest, self._usual[dest])
        for rule in self._rules if absent else ():
            if rule.is_excluded and self._is_given(rule.name, found):
                self._require(rule, found)
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Raises UsageError, with the usage of the command."""
        raise UsageError(f"{message.removeprefix('argument ')}\n{self.format_usage().rstrip()}")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """The value of an argument; an empty one, as a shell makes of a variable that is not set, is refused."""
        if not arg_string.strip() and action.nargs != argparse.PARSER:
            name = action.option_strings[-1] if action.option_strings else action.metavar
            raise UsageError(f"{name}: expected a value, got {arg_string!r}")
        return super()._get_value(action, arg_string)

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

    def _default(self, dest: str) -> Any:
        return next(each.default for each in self._actions if each.dest == dest)

    def _is_shut_out(self, dest: str, found: argparse.Namespace) -> bool:
        """Whether the command line has an argument that the usual value of another one does not go with."""
        names = [name for each in self._actions if each.dest == dest for name in each.option_strings]
        others = [rule.other for rule in self._rules if rule.is_excluded and rule.name in names]
        others += [rule.name for rule in self._rules if rule.is_excluded and rule.other in names]
        for group in self._mutually_exclusive_groups:
            members = [each.option_strings[-1] for each in group._group_actions]
            others += [each for each in members if each not in names] if set(members) & set(names) else []
        return any(self._is_given(each, found) for each in others)

    def _action(self, name: str) -> argparse.Action:
        """The declared argument of an option's name or of a positional's."""
        return next(each for each in self._actions if name in each.option_strings or name == each.metavar)
