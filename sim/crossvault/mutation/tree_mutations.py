"""Mutation operators of the mirror: the edits of one node of Python's syntax tree.

Offsets are bytes of the file. `sim/crossvault/mutation/model_mutants.py` walks the tree.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from itertools import pairwise
from types import ModuleType
from typing import Any

from crossvault.mutation.mutations import Edit

_ARITHMETIC: Mapping[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "//"), ast.FloorDiv: ("//", "*"), ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"), ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<"), ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
}  # fmt: skip
_COMPARED: Mapping[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">=")), ast.LtE: ("<=", ("<", ">")), ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")), ast.Eq: ("==", ("!=",)), ast.NotEq: ("!=", ("==",)), ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)), ast.Is: ("is", ("is not",)), ast.IsNot: ("is not", ("is",)),
}  # fmt: skip
_BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_TURNS = (("_down", "_up"), ("_floor", "_ceil"))
_PAIRS = {"min": "max", "max": "min"}
_COMMUTING = re.compile(r"(?:min|max|horner|mul_div\w*)$")  # in their first two arguments
_CONSTANT = re.compile(r"(?:\w+\.)?[A-Z][A-Z0-9_]+$")
_MOST_DIGITS, _WAD_DIGITS = 12, 18
_REMOVABLE = (ast.Raise, ast.Continue, ast.Break, ast.AugAssign, ast.Delete)


class PythonText:
    """A file of the mirror: its bytes, and the imported module, in which its names are looked up."""

    def __init__(self, content: bytes, module: ModuleType) -> None:
        self.content, self.module = content, module
        self._starts = [0]
        for line in content.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: Any) -> tuple[int, int]:
        """Start and end of a node."""
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset

    def of(self, node: ast.AST) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.content[start:end].decode()

    def value(self, node: ast.AST) -> Any:
        """The value of a dotted name in the module; None where it has none."""
        first, *rest = self.of(node).split(".")
        found = vars(self.module).get(first)
        for name in rest:
            found = getattr(found, name, None)
        return found

    def replaced(self, operator: str, node: ast.AST, becomes: str) -> Edit:
        """The edit that replaces a node."""
        return Edit(operator, *self.span(node), becomes)

    def between(self, operator: str, one: ast.AST, other: ast.AST, swap: tuple[str, str]) -> Edit:
        """The edit of an operator between two operands."""
        start, end = self.span(one)[1], self.span(other)[0]
        place = start + self.content[start:end].decode().index(swap[0])
        return Edit(operator, place, place + len(swap[0]), swap[1])


def binary(text: PythonText, node: ast.BinOp) -> Iterator[Edit]:
    """Replaces an arithmetic operator."""
    yield text.between("arithmetic", node.left, node.right, _ARITHMETIC[type(node.op)])


def comparison(text: PythonText, node: ast.Compare) -> Iterator[Edit]:
    """Moves the boundary of a comparison, and reverses it."""
    for one, operator, other in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
        was, swaps = _COMPARED[type(operator)]
        for becomes in swaps:
            yield text.between("compare", one, other, (was, becomes))


def is_boundary(edit: Edit, text: PythonText) -> bool:
    """Whether an edit moves the boundary of a comparison."""
    was = text.content[edit.start : edit.end].decode()
    return edit.operator == "compare" and _BOUNDARY.get(was) == edit.text


def logic(text: PythonText, node: ast.BoolOp) -> Iterator[Edit]:
    """Swaps `and` and `or`."""
    swap = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    yield from (text.between("logic", one, other, swap) for one, other in pairwise(node.values))


def unary(text: PythonText, node: ast.UnaryOp) -> Iterator[Edit]:
    """Drops a sign or a `not`."""
    operator = {ast.USub: "sign", ast.Not: "logic"}.get(type(node.op))
    if operator:
        yield text.replaced(operator, node, f"({text.of(node.operand)})")


def augmented(text: PythonText, node: ast.AugAssign) -> Iterator[Edit]:
    """Replaces an assignment operator."""
    was, other = _ARITHMETIC[type(node.op)]
    for becomes in (f"{other}=", "="):
        yield text.between("assign", node.target, node.value, (f"{was}=", becomes))


def literal(text: PythonText, node: ast.Constant) -> Iterator[Edit]:
    """Increments and decrements a number, and negates a boolean."""
    if isinstance(node.value, bool):
        yield text.replaced("constant", node, str(not node.value))
    elif isinstance(node.value, int):
        was = text.of(node)
        digits = len(str(node.value).rstrip("0"))
        least = f"10**{len(str(node.value)) - _MOST_DIGITS}" if digits > _MOST_DIGITS else "1"
        plain = {0: ("1",), 1: ("0", "2")}
        for becomes in plain.get(node.value, (f"({was} + {least})", f"({was} - {least})")):
            yield text.replaced("constant", node, becomes)


def name(text: PythonText, node: ast.Name | ast.Attribute) -> Iterator[Edit]:
    """Increments a constant, or replaces a member of an enumeration."""
    was = text.of(node)
    if not _CONSTANT.match(was):
        return
    value = text.value(node)
    if isinstance(value, IntEnum):
        members = list(type(value))
        other = members[(members.index(value) + 1) % len(members)]
        yield text.replaced("constant", node, f"{was.rpartition('.')[0]}.{other.name}")
    elif isinstance(value, int) and not isinstance(value, bool):
        scale = len(str(value)) - 1
        least = f"10**{scale - _WAD_DIGITS}" if value == 10**scale and scale > _WAD_DIGITS else "1"
        yield text.replaced("constant", node, f"({was} + {least})")


def call(text: PythonText, node: ast.Call) -> Iterator[Edit]:
    """Reverses rounding, swaps min and max, and swaps arguments of one type."""
    called = text.value(node.func)
    short = text.of(node.func).rpartition(".")[2]
    yield from _callee(text, node.func, short)
    types = _parameter_types(called)
    for place, (one, other) in enumerate(pairwise(node.args)):
        are_alike = len(types) > place + 1 and types[place] == types[place + 1]
        if are_alike and text.of(one) != text.of(other) and not (place == 0 and _COMMUTING.search(short)):
            between = text.content[text.span(one)[1] : text.span(other)[0]].decode()
            whole = text.of(other) + between + text.of(one)
            yield Edit("arguments", text.span(one)[0], text.span(other)[1], whole)


def condition(text: PythonText, test: ast.expr, ends: bool = True) -> Iterator[Edit]:
    """Makes a condition always true, always false, or negated. ends: an always-true condition terminates."""
    yield text.replaced("condition", test, "False")
    if ends:
        yield text.replaced("condition", test, "True")
    if not isinstance(test, ast.Compare | ast.UnaryOp):
        yield text.replaced("condition", test, f"(not ({text.of(test)}))")


def removed(text: PythonText, node: ast.stmt) -> Iterator[Edit]:
    """Removes a statement that acts: a call, a write to a field, a refusal."""
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    is_write = isinstance(node, ast.Assign) and all(
        isinstance(each, ast.Attribute | ast.Subscript) for each in node.targets
    )
    if is_call or is_write or isinstance(node, _REMOVABLE):
        yield text.replaced("statement", node, "pass")


def returned(text: PythonText, node: ast.Return, kind: str) -> Iterator[Edit]:
    """Returns a constant. kind: the type that the function returns."""
    constants = {"int": ("0",), "bool": ("True", "False")}.get(kind, ())
    for each in constants if node.value is not None and not isinstance(node.value, ast.Constant) else ():
        yield text.replaced("return", node.value, each)  # type: ignore[arg-type]  # it is not None


def _callee(text: PythonText, node: ast.expr, short: str) -> Iterator[Edit]:
    home = text.value(node.value) if isinstance(node, ast.Attribute) else text.module
    end = text.span(node)[1]
    for other in _others(short):
        if hasattr(home, other) or short in _PAIRS:
            operator = "minmax" if short in _PAIRS else "rounding"
            yield Edit(operator, end - len(short), end, other)


def _others(called: str) -> Iterator[str]:
    if other := _PAIRS.get(called):
        yield other
    for turn in _TURNS:
        for was, becomes in (turn, turn[::-1]):
            if called.endswith(was):
                yield called.removesuffix(was) + becomes


def _parameter_types(called: Any) -> list[str]:
    """The types of the positional parameters of what is called, as they are written; empty if it is not known."""
    if inspect.isfunction(called):
        found = inspect.signature(called).parameters.values()
        return [str(each.annotation) for each in found if each.kind is each.POSITIONAL_OR_KEYWORD]
    if inspect.isclass(called):
        fields = vars(called).get("__annotations__", {}).values()
        return [str(getattr(each, "__forward_arg__", each)) for each in fields]
    return []


MUTATIONS: Mapping[type[ast.AST], Callable[[PythonText, Any], Iterator[Edit]]] = {
    ast.BinOp: binary,
    ast.Compare: comparison,
    ast.BoolOp: logic,
    ast.UnaryOp: unary,
    ast.AugAssign: augmented,
    ast.Constant: literal,
    ast.Name: name,
    ast.Attribute: name,
    ast.Call: call,
}
