"""Mistakes planted into Python code in this process: functions get the code of a changed source, and later their own.

A process that is forked meanwhile inherits them. A change must be within functions, which are found by their qualified
names; references to a function that other modules hold stay valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

Case = Mapping[str, Any]
_HIDDEN = ("<lambda>", "<genexpr>", "<listcomp>", "<setcomp>", "<dictcomp>")
_NEWLOCALS = 0x02  # of functions, and of no body of a class


def planted_mirror(case: Case) -> Any:
    """The mirror with the mistake of a case of tests/plants.yaml, until the end of the context."""
    return planted_code(f"crossvault.mirror.{case['mirror']}", case["mirror was"], case["mirror becomes"])


@contextmanager
def planted_together(cases: Iterable[Case]) -> Iterator[None]:
    """The mirror with several mistakes, of which a module may have more than one, until the end of the context."""
    changes: dict[str, list[tuple[str, str]]] = {}
    for case in cases:
        changes.setdefault(case["mirror"], []).append((case["mirror was"], case["mirror becomes"]))
    with ExitStack() as stack:
        for module, texts in changes.items():
            stack.enter_context(_planted(f"crossvault.mirror.{module}", texts))
        yield


def planted_code(name: str, was: str, becomes: str) -> AbstractContextManager[None]:
    """A module with a text, found once, replaced by another, until the end of the context."""
    return _planted(name, [(was, becomes)])


@contextmanager
def _planted(name: str, texts: Sequence[tuple[str, str]]) -> Iterator[None]:
    module = import_module(name)
    source = replaced = Path(str(module.__file__)).read_text(encoding="utf8")
    for was, becomes in texts:
        assert source.count(was) == 1, f"{was!r} must occur once in {name}, not {source.count(was)} times"
        replaced = replaced.replace(was, becomes)
    live, changed = _functions(module), _codes(replaced)
    missing = [each for each in changed if each not in live and changed[each] != _codes(source).get(each)]
    assert not missing, f"{name}: {missing} cannot be replaced"
    own = {each: function.__code__ for each, function in live.items()}
    try:
        for each in changed.keys() & live.keys():
            live[each].__code__ = changed[each]
        yield
    finally:
        for each, code in own.items():
            live[each].__code__ = code


@cache
def _codes(source: str) -> dict[str, CodeType]:
    """The code of the functions of a source, by their qualified names."""
    found: dict[str, CodeType] = {}
    _collect(compile(source, "<planted>", "exec", dont_inherit=True), "", found)
    return found


def _collect(code: CodeType, within: str, found: dict[str, CodeType]) -> None:
    for each in code.co_consts:
        if not isinstance(each, CodeType) or each.co_name in _HIDDEN:
            continue
        name = f"{within}{each.co_name}"
        if each.co_flags & _NEWLOCALS:
            found[name] = each
        else:
            _collect(each, f"{name}.", found)


def _functions(module: ModuleType) -> dict[str, FunctionType]:
    """The functions and methods that a module defines, without their decorators, by their qualified names."""
    found: dict[str, FunctionType] = {}
    spaces = [vars(module), *(vars(each) for each in vars(module).values() if isinstance(each, type))]
    for space in spaces:
        for each in space.values():
            function = _plain(each)
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                found[function.__qualname__] = function
    return found


def _plain(value: Any) -> Any:
    """The function of a property, a static method, or one with decorators."""
    value = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
    while hasattr(value, "__wrapped__"):
        value = value.__wrapped__
    return value
