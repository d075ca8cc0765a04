"""Mistakes planted into the mirror in this process: functions get the code of a changed source, and later their own.

A process that is forked meanwhile inherits them. A change must be within functions, which are found by their qualified
names; references to a function that other modules hold stay valid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

Case = Mapping[str, Any]
_HIDDEN = ("<lambda>", "<genexpr>", "<listcomp>", "<setcomp>", "<dictcomp>")


def changed_source(case: Case) -> str:
    """The source of a module of the mirror with the mistake of a case."""
    source = Path(str(_module(case).__file__)).read_text(encoding="utf8")
    assert source.count(case["mirror was"]) == 1, f"{case['id']}: {case['mirror was']!r} must occur once"
    return source.replace(case["mirror was"], case["mirror becomes"])


@contextmanager
def planted_mirror(case: Case) -> Iterator[None]:
    """The mirror with the mistake of a case, until the end of the context."""
    module = _module(case)
    live, changed = _functions(module), _codes(changed_source(case))
    own = {name: function.__code__ for name, function in live.items()}
    missing = [name for name in changed if name not in live]
    assert not missing, f"{case['id']}: {missing} cannot be replaced"
    try:
        for name, code in changed.items():
            live[name].__code__ = code
        yield
    finally:
        for name, code in own.items():
            live[name].__code__ = code


def _module(case: Case) -> ModuleType:
    return import_module(f"crossvault.mirror.{case['mirror']}")


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
        if each.co_flags & 0x02:  # CO_NEWLOCALS: a function, and no body of a class
            found[name] = each
        else:
            _collect(each, f"{name}.", found)


def _functions(module: ModuleType) -> dict[str, FunctionType]:
    """The functions and methods that a module defines, without their decorators, by their qualified names."""
    found: dict[str, FunctionType] = {}
    spaces = [vars(module), *(vars(each) for each in vars(module).values() if isinstance(each, type))]
    for space in spaces:
        for each in space.values():
            function = getattr(each, "__wrapped__", each)
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                found[function.__qualname__] = function
    return found
