"""Puts a mutant into the mirror that is already imported: every importer sees it, also those that hold a function.

Code objects are replaced in place. There is no way back: a mutant has a process of its own.
"""

from __future__ import annotations

import ast
import gc
import inspect
import sys
from collections.abc import Iterator, Sequence
from types import CodeType, FunctionType
from typing import Any

from crossvault.mutation.kept_results import forget_results
from crossvault.mutation.model_mutants import ModelMutant, mirror_source
from crossvault.mutation.mutants import mutated
from crossvault.setup import toolchain

_MIRROR = "crossvault.mirror"


class MutantRefused(Exception):
    """A mutant that cannot be put into the package: it is no Python, or closes over other names than the original."""


def put_in(mutant: ModelMutant, functions: Sequence[FunctionType]) -> None:
    """Changes the imported mirror. functions: of `mirror_functions`, from before. Raises MutantRefused."""
    source = mutated(mutant.mutant, mirror_source(mutant.mutant.file))
    module = sys.modules[mutant.module]
    try:
        tree = compile(source, str(module.__file__), "exec")
    except SyntaxError as wrong:
        raise MutantRefused(str(wrong)) from wrong
    if mutant.mutant.edit.operator == "modifier":
        _unwrap(mutant)
    elif is_constant(mutant):
        _set_constant(mutant, source)
    else:
        _replace(mutant, tree, functions)
    forget_results()


def is_constant(mutant: ModelMutant) -> bool:
    """Whether a mutant changes a constant of its module, which has no code that runs."""
    return "." not in mutant.place and not inspect.isroutine(getattr(sys.modules[mutant.module], mutant.place))


def mirror_functions() -> list[FunctionType]:
    """All live functions that the mirror defines, wherever they are held."""
    folder = str(toolchain.PACKAGE / "mirror")
    functions = (each for each in _live_objects() if isinstance(each, FunctionType))
    return [each for each in functions if each.__code__.co_filename.startswith(folder)]


def _live_objects() -> list[Any]:
    """All objects that the garbage collector knows, those that are spared from it included."""
    is_frozen = gc.get_freeze_count() > 0
    gc.unfreeze()
    found = gc.get_objects()
    if is_frozen:
        gc.freeze()
    return found


def _replace(mutant: ModelMutant, tree: CodeType, functions: Sequence[FunctionType]) -> None:
    file, (first, last) = sys.modules[mutant.module].__file__, mutant.lines
    here = [each for each in functions if each.__code__.co_filename == file]
    live = [each for each in here if first <= each.__code__.co_firstlineno <= last]
    made: dict[str, list[CodeType]] = {}
    for code in _codes(tree):
        made.setdefault(code.co_qualname, []).append(code)
    lines: dict[str, list[int]] = {}
    for each in live:
        lines.setdefault(each.__code__.co_qualname, []).append(each.__code__.co_firstlineno)
    changes: list[tuple[FunctionType, CodeType]] = []
    for each in live:
        known = sorted(set(lines[each.__code__.co_qualname]))
        candidates = made.get(each.__code__.co_qualname, [])
        if len(candidates) < len(known):
            raise MutantRefused(f"{each.__qualname__} is no longer there")
        code = candidates[known.index(each.__code__.co_firstlineno)]
        if code.co_freevars != each.__code__.co_freevars:
            raise MutantRefused(f"{each.__qualname__} closes over {code.co_freevars}")
        changes.append((each, code))
    for each, code in changes:
        each.__code__ = code


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


def _set_constant(mutant: ModelMutant, source: str) -> None:
    """Sets a constant in its module, and wherever it is imported by name."""
    home = sys.modules[mutant.module]
    was = getattr(home, mutant.place)
    value = next(
        each.value
        for each in ast.parse(source).body
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == mutant.place
    )
    becomes: Any = eval(compile(ast.Expression(value), str(home.__file__), "eval"), dict(vars(home)))
    for name, module in list(sys.modules.items()):
        if name.startswith(_MIRROR) and vars(module).get(mutant.place) is was:
            setattr(module, mutant.place, becomes)


def _unwrap(mutant: ModelMutant) -> None:
    """Takes the lock off a door."""
    owner, _, name = mutant.place.partition(".")
    kind = getattr(sys.modules[mutant.module], owner)
    setattr(kind, name, inspect.unwrap(vars(kind)[name]))
