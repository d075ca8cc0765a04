"""Mutation operators: the edits of one node of a syntax tree.

Offsets are bytes of the file. `sim/crossvault/mutation/mutants.py` walks the tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

Node = Mapping[str, Any]


class Edit(NamedTuple):
    """A change of a text: its operator, start, end and new text."""

    operator: str
    start: int
    end: int
    text: str


class SourceText:
    """A file's bytes, with the declarations and enums that its nodes refer to."""

    def __init__(self, content: bytes, names: frozenset[str], declared: Mapping[int, Node]) -> None:
        """names: of all functions; declared: constants, and enums by the id of each of their members."""
        self.content, self.names, self.declared = content, names, declared

    def of(self, node: Node) -> str:
        """The text of a node."""
        start, end = span(node)
        return self.content[start:end].decode()


def span(node: Node) -> tuple[int, int]:
    """Start and end of a node."""
    start, length, _ = node["src"].split(":")
    return int(start), int(start) + int(length)


_ARITHMETIC: Mapping[str, Sequence[str]] = {
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "**": "*", "<<": (">>",), ">>": ("<<",),
}  # fmt: skip
_COMPARED: Mapping[str, Sequence[str]] = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
}  # fmt: skip
_LOGIC: Mapping[str, Sequence[str]] = {"&&": ("||",), "||": ("&&",)}
_BITS: Mapping[str, Sequence[str]] = {"&": "|", "|": "&", "^": "&"}
_BINARY = {"arithmetic": _ARITHMETIC, "compare": _COMPARED, "logic": _LOGIC, "bits": _BITS}
_ASSIGNED: Mapping[str, Sequence[str]] = {
    "+=": ("-=", "="),
    "-=": ("+=", "="),
    "*=": ("/=",),
    "/=": ("*=",),
    "|=": ("&=",),
}
_STEPPED = {"++": "--", "--": "++"}
_TURNS = (("Down", "Up"), ("Floor", "Ceil"))
_PAIRS = {"min": "max", "max": "min", "push": "", "pop": ""}
_COMMUTING = re.compile(r"(?:min|max|horner|mulDiv\w*|fullMulDiv\w*)$")  # in their first two arguments
_EVEN = re.compile(r"abs$")  # even functions: the sign of the argument is immaterial
_MOST_DIGITS, _WAD_DIGITS = 12, 18
_NUMBER = re.compile(r"u?int\d*$")


def binary(text: SourceText, node: Node) -> Iterator[Edit]:
    """Replaces a binary operator."""
    left, right = node["leftExpression"], node["rightExpression"]
    for kind, swaps in _BINARY.items():
        for other in swaps.get(node["operator"], ()):
            yield _between(text, kind, span(left)[1], span(right)[0], (node["operator"], other))


def assignment(text: SourceText, node: Node) -> Iterator[Edit]:
    """Replaces an assignment operator, and negates the assigned value."""
    left, right = node["leftHandSide"], node["rightHandSide"]
    for other in _ASSIGNED.get(node["operator"], ()):
        yield _between(text, "assign", span(left)[1], span(right)[0], (node["operator"], other))
    if node["operator"] == "=":
        yield from negated(text, right)


def unary(text: SourceText, node: Node) -> Iterator[Edit]:
    """Drops a sign or a `!`, and swaps increment and decrement."""
    start, end = span(node)
    inner = text.of(node["subExpression"])
    if node["operator"] in ("-", "!"):
        yield Edit("sign" if node["operator"] == "-" else "logic", start, end, inner)
    elif other := _STEPPED.get(node["operator"]):
        yield Edit("step", start, end, f"{other}{inner}" if node["prefix"] else f"{inner}{other}")


def literal(text: SourceText, node: Node) -> Iterator[Edit]:
    """Increments and decrements a number, negates a boolean, empties a string."""
    start, end = span(node)
    if node["kind"] == "bool":
        yield Edit("constant", start, end, "false" if node["value"] == "true" else "true")
    elif node["kind"] == "string" and node["value"]:
        yield Edit("constant", start, end, '""')
    elif node["kind"] == "number" and not node["value"].startswith("0x"):
        was = text.of(node)
        plain = {"0": ("1",), "1": ("0", "2")}
        least = _least(node["value"])
        for other in plain.get(was, (f"({was} + {least})", f"({was} - {least})")):
            yield Edit("constant", start, end, other)


def name(text: SourceText, node: Node) -> Iterator[Edit]:
    """Increments a constant, or replaces an enum member."""
    declared = text.declared.get(node.get("referencedDeclaration") or -1)
    if declared is None:
        return
    start, end = span(node)
    if declared["nodeType"] == "EnumDefinition":
        values = [each["name"] for each in declared["members"]]
        other = values[(values.index(node["memberName"]) + 1) % len(values)]
        yield Edit("constant", node_place(node, "memberLocation")[0], end, other)
    elif _NUMBER.match(node["typeDescriptions"]["typeString"]):
        yield Edit("constant", start, end, f"({text.of(node)} + {_least_of(declared)})")


def call(text: SourceText, node: Node) -> Iterator[Edit]:
    """Reverses rounding, swaps min and max, swaps arguments of one type, and negates arguments."""
    yield from _callee(text, node["expression"])
    arguments = node["arguments"]
    if node["names"] or node["kind"] == "typeConversion":
        return
    for one, other in pairwise(arguments):
        same = _are_alike(one, other) and text.of(one) != text.of(other)
        if same and not (one is arguments[0] and _COMMUTING.search(text.of(node["expression"]))):
            between = text.content[span(one)[1] : span(other)[0]].decode()
            yield Edit("arguments", span(one)[0], span(other)[1], text.of(other) + between + text.of(one))
    for each in () if _EVEN.search(text.of(node["expression"])) else arguments:
        yield from negated(text, each)


def negated(text: SourceText, node: Node | None) -> Iterator[Edit]:
    """Negates a signed value."""
    if node is None or not re.match(r"int\d+$", node["typeDescriptions"]["typeString"] or ""):
        return
    start, end = span(node)
    if not (node["nodeType"] == "UnaryOperation" and node["operator"] == "-"):
        yield Edit("sign", start, end, f"-({text.of(node)})")


def condition(text: SourceText, node: Node, ends: bool = True) -> Iterator[Edit]:
    """Makes a condition always true, always false, or negated; `ends`: an always-true condition terminates."""
    start, end = span(node)
    yield Edit("condition", start, end, "false")
    if ends:
        yield Edit("condition", start, end, "true")
    simple = node["nodeType"] == "BinaryOperation" and node["operator"] in _COMPARED
    if not simple and node["nodeType"] != "UnaryOperation":
        yield Edit("condition", start, end, f"!({text.of(node)})")


def removed(text: SourceText, node: Node) -> Iterator[Edit]:
    """Removes a statement."""
    start, end = span(node)
    assigned = node.get("expression", {}).get("leftHandSide")
    if assigned and assigned["typeDescriptions"]["typeString"].endswith("storage pointer"):
        return  # the compiler requires storage pointers to be initialised
    yield Edit("statement", start, past_semicolon(text, end), "{}")


def node_place(node: Node, field: str) -> tuple[int, int]:
    """Start and end of a part of a node that has its own location."""
    start, length, _ = node[field].split(":")
    return int(start), int(start) + int(length)


def past_semicolon(text: SourceText, end: int) -> int:
    """The place after the semicolon of a statement, which may or may not belong to its node."""
    if text.content[end - 1 : end] == b";":
        return end
    found = re.compile(rb"\s*;").match(text.content, end)
    return found.end() if found else end


def _least(value: str) -> str:
    """The least significant change of a number: one; for long approximations one unit of the twelfth digit."""
    digits, _, exponent = value.lower().replace("_", "").partition("e")
    many = len(digits.rstrip("0")) > _MOST_DIGITS and not exponent
    return f"1e{len(digits) - _MOST_DIGITS}" if many else "1"


def _least_of(declared: Node) -> str:
    """The least significant change of a constant: one, but of a scale finer than a wad one unit of a wad."""
    scale = re.fullmatch(r"1e(\d+)", declared["value"].get("value") or "")
    return f"1e{int(scale[1]) - _WAD_DIGITS}" if scale and int(scale[1]) > _WAD_DIGITS else "1"


def _between(text: SourceText, operator: str, start: int, end: int, swap: tuple[str, str]) -> Edit:
    """The edit of an operator between two operands, apart from spaces and comments."""
    gap = text.content[start:end].decode()
    place = start + len(gap[: gap.index(swap[0])].encode())
    return Edit(operator, place, place + len(swap[0]), swap[1])


def _callee(text: SourceText, node: Node) -> Iterator[Edit]:
    called = node.get("memberName") or node.get("name") or ""
    end = span(node)[1]
    for other in _others(called):
        if other in text.names:
            operator = "minmax" if called in _PAIRS else "rounding"
            yield Edit(operator, end - len(called), end, other)


def _others(called: str) -> Iterator[str]:
    if other := _PAIRS.get(called):
        yield other
    if called == "fullMulDiv":
        yield "fullMulDivUp"
    for one, other in _TURNS:
        for was, becomes in ((one, other), (other, one)):
            if called.endswith(was):
                yield called.removesuffix(was) + becomes


def _are_alike(one: Node, other: Node) -> bool:
    """Whether two arguments have interchangeable types; an integer literal fits any."""
    kinds = [(each["typeDescriptions"]["typeString"] or "").removesuffix(" pointer") for each in (one, other)]
    plain = [each.startswith("int_const ") for each in kinds]
    fitting = [is_plain or bool(_NUMBER.match(each)) for is_plain, each in zip(plain, kinds, strict=True)]
    return kinds[0] == kinds[1] or (any(plain) and all(fitting))


MUTATIONS: Mapping[str, Callable[[SourceText, Node], Iterator[Edit]]] = {
    "BinaryOperation": binary,
    "Assignment": assignment,
    "UnaryOperation": unary,
    "Literal": literal,
    "Identifier": name,
    "MemberAccess": name,
    "FunctionCall": call,
    "Return": lambda text, node: negated(text, node.get("expression")),
    "VariableDeclarationStatement": lambda text, node: negated(text, node.get("initialValue")),
    "ModifierInvocation": lambda text, node: iter([Edit("modifier", *span(node), "")]),
}
