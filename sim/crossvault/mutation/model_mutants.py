"""Mutants of the mirror, each with one small change, from Python's syntax tree: the changes that both sides may have.

Every mutant has an identifier that edits elsewhere do not change: file, function, operator and number within the
function. Annotations, defaults, texts and declarations are never mutated.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from crossvault.mutation.mutants import FoundEdit, Mutant, named_mutants
from crossvault.mutation.mutations import Edit
from crossvault.mutation.tree_mutations import (
    MUTATIONS,
    PythonText,
    condition,
    is_boundary,
    removed,
    returned,
)
from crossvault.setup import toolchain

FOLDER = "sim/crossvault/mirror"
_DECLARATIONS = ("_errors.py", "refusal.py", "__init__.py")  # ends the name of a file that only declares
_LOCK = "non_reentrant"
_BODIES = ("body", "orelse", "finalbody")


class ModelMutant(NamedTuple):
    """A mutant of the mirror. module: its name; place: its function or constant; lines: first and last of that."""

    mutant: Mutant
    module: str
    place: str
    lines: tuple[int, int]

    @property
    def is_rounding(self) -> bool:
        """Whether it reverses a direction of rounding."""
        return self.mutant.edit.operator == "rounding"


def mirror_files() -> list[str]:
    """The files of the mirror that can be mutated, by name."""
    names = sorted(path.name for path in (toolchain.PACKAGE / "mirror").glob("*.py"))
    return [name for name in names if not name.endswith(_DECLARATIONS)]


def mirror_source(file: str) -> str:
    """The text of a file of the mirror."""
    return Path(toolchain.PACKAGE, "mirror", file).read_text(encoding="utf8")


def model_mutants(files: Sequence[str]) -> list[ModelMutant]:
    """All mutants of some files, in the order of the text."""
    found: list[ModelMutant] = []
    for file in files:
        module = f"crossvault.mirror.{file.removesuffix('.py')}"
        text = PythonText(mirror_source(file).encode(), importlib.import_module(module))
        tree = ast.parse(text.content)
        edits = _TreeEdits(text)
        mutants = named_mutants(file, text.content, edits.all(tree))
        found += [ModelMutant(each, module, *edits.around(each)) for each in mutants]
    return found


class _TreeEdits:
    """One pass over the tree of a file."""

    def __init__(self, text: PythonText) -> None:
        self.text = text
        self._places: list[tuple[str, int, int]] = []

    def around(self, mutant: Mutant) -> tuple[str, tuple[int, int]]:
        """The function or constant around a mutant, and its lines."""
        name, first, last = next(each for each in self._places if each[1] <= mutant.line <= each[2])
        return name, (first, last)

    def all(self, tree: ast.Module, outer: str = "") -> Iterator[FoundEdit]:
        """Yields every edit with its function or constant."""
        for item in tree.body:
            yield from self._item(item, outer)

    def _item(self, item: ast.stmt, outer: str) -> Iterator[FoundEdit]:
        if isinstance(item, ast.ClassDef):
            for inner in item.body:
                if isinstance(inner, ast.FunctionDef):
                    yield from self._item(inner, f"{outer}{item.name}.")
        elif isinstance(item, ast.FunctionDef):
            place = f"{outer}{item.name}"
            first = min([item.lineno, *(each.lineno for each in item.decorator_list)])
            self._places.append((place, first, item.end_lineno or first))
            yield from (FoundEdit(place, edit) for edit in self._function(item))
        elif isinstance(item, ast.Assign) and isinstance(item.value, ast.Constant | ast.BinOp | ast.UnaryOp):
            place = self.text.of(item.targets[0])
            self._places.append((place, item.lineno, item.end_lineno or item.lineno))
            yield from (FoundEdit(place, edit) for edit in self._node(item.value))

    def _function(self, item: ast.FunctionDef) -> Iterator[Edit]:
        for each in item.decorator_list:
            if isinstance(each, ast.Name) and each.id == _LOCK:
                start, end = self.text.span(each)
                yield Edit("modifier", start - 1, end, "")
        returns = self.text.of(item.returns) if item.returns else ""
        yield from self._block(item.body, returns)

    def _block(self, body: Sequence[ast.stmt], returns: str, is_sole: bool = False) -> Iterator[Edit]:
        """is_sole: the body is of a condition without `else`, so removing all of it equals one that never holds."""
        for each in body:
            yield from self._statement(each, returns, is_sole and len(body) == 1)

    def _statement(self, item: ast.stmt, returns: str, is_sole: bool) -> Iterator[Edit]:
        if not is_sole:
            yield from removed(self.text, item)
        if isinstance(item, ast.FunctionDef):
            yield from self._function(item)
            return
        if isinstance(item, ast.Return):
            yield from returned(self.text, item, returns)
        if isinstance(item, ast.If | ast.While):
            yield from condition(self.text, item.test, ends=isinstance(item, ast.If))
        if make := MUTATIONS.get(type(item)):
            yield from make(self.text, item)
        for name, child in ast.iter_fields(item):
            if name == "annotation":
                continue
            if name in _BODIES:
                yield from self._block(child, returns, isinstance(item, ast.If) and not item.orelse)
            else:
                for each in child if isinstance(child, list) else [child]:
                    if isinstance(each, ast.expr):
                        yield from self._node(each)

    def _node(self, node: ast.AST) -> Iterator[Edit]:
        make = MUTATIONS.get(type(node))
        if make and not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
            yield from make(self.text, node)
        if isinstance(node, ast.IfExp):
            yield from condition(self.text, node.test)
        for each in node.ifs if isinstance(node, ast.comprehension) else ():
            yield from condition(self.text, each)
        for name, child in ast.iter_fields(node):
            if name == "slice" and isinstance(child, ast.Constant | ast.Slice):
                continue  # a member of a tuple by its number
            if name == "value" and isinstance(node, ast.Attribute):
                yield from self._owner(child)
                continue
            for each in child if isinstance(child, list) else [child]:
                if not isinstance(each, ast.AST):
                    continue
                found = self._node(each)
                if name == "test" and self._picks(node):
                    found = (edit for edit in found if not is_boundary(edit, self.text))
                yield from found

    def _owner(self, node: ast.expr) -> Iterator[Edit]:
        """Yields the edits of the object of an attribute, which is no constant itself."""
        if not isinstance(node, ast.Name):
            yield from self._node(node)

    def _picks(self, node: ast.AST) -> bool:
        """Whether a conditional selects one of the two values that it compares, so that equality is immaterial."""
        if not isinstance(node, ast.IfExp) or not isinstance(node.test, ast.Compare):
            return False
        compared = {self.text.of(node.test.left), self.text.of(node.test.comparators[0])}
        return compared == {self.text.of(node.body), self.text.of(node.orelse)}
