"""Mutants of the contracts, each with one small change, from the compiler's syntax tree.

Every mutant has an identifier that edits elsewhere do not change: file, function, operator and number within the
function. Comments are never mutated.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crossvault.mutation.mutations import (
    MUTATIONS,
    Edit,
    Node,
    SourceText,
    condition,
    past_semicolon,
    removed,
    span,
)

Sources = Mapping[str, str]

_SKIPPED = frozenset({
    "ImportDirective", "PragmaDirective", "StructDefinition", "EventDefinition", "ErrorDefinition", "EnumDefinition",
    "StructuredDocumentation", "ParameterList", "OverrideSpecifier", "InheritanceSpecifier", "UsingForDirective",
    "ElementaryTypeName", "UserDefinedTypeName", "ArrayTypeName", "Mapping", "ElementaryTypeNameExpression",
    "UserDefinedValueTypeDefinition", "NewExpression", "InlineAssembly",
})  # fmt: skip
_SIMPLE = ("ExpressionStatement", "Return", "EmitStatement", "RevertStatement", "Continue", "Break")
_REMOVABLE = ("ExpressionStatement", "EmitStatement", "RevertStatement", "Continue", "Break")
_TESTED = ("IfStatement", "WhileStatement", "ForStatement", "Conditional")
_LOOPS = ("WhileStatement", "ForStatement")

STATEMENT, DECLARATION, CHOICE = "statement", "declaration", "choice"


class MutationSite(NamedTuple):
    """The text around an edit that combines with its original: a statement, a declaration, or an expression.

    lead, target: of a declaration, the declarations of its names, and the left side of the assignment.
    """

    kind: str
    start: int
    end: int
    lead: str = ""
    target: str = ""


class Mutant(NamedTuple):
    """One change: its place (line from 1, bytes of the file), the original text, and the new text.

    becomes: the whole line with the change. site: the text to combine with the original; None outside of functions.
    """

    id: str
    file: str
    line: int
    edit: Edit
    was: str
    becomes: str
    site: MutationSite | None

    @property
    def change(self) -> str:
        """The change in one line."""
        return f"{_one_line(self.was)} -> {_one_line(self.edit.text) or 'nothing'}"


def mutants(trees: Mapping[str, Any], sources: Sources, files: Sequence[str]) -> list[Mutant]:
    """All mutants of some files in text order. trees: the compiler's syntax trees of all files."""
    nodes = list(_nodes(trees))
    names = frozenset(node["name"] for node in nodes if node["nodeType"] == "FunctionDefinition")
    declared = {node["id"]: node for node in nodes if node["nodeType"] == "VariableDeclaration" and node["constant"]}
    for node in nodes:
        if node["nodeType"] == "EnumDefinition":
            declared |= {value["id"]: node for value in node["members"]}
    found: list[Mutant] = []
    for file in files:
        text = SourceText(sources[file].encode(), names | {"fullMulDivUp"}, declared)
        found += named_mutants(file, text.content, _TreePass(text).all(trees[file]))
    return found


def mutated(mutant: Mutant, source: str) -> str:
    """The text of the file with the change."""
    content = source.encode()
    edit = mutant.edit
    return (content[: edit.start] + edit.text.encode() + content[edit.end :]).decode()


def diff(mutant: Mutant, source: str, folder: str = "contracts") -> str:
    """The change as a unified diff. folder: of its file, as the diff shows it."""
    lines = source.splitlines(), mutated(mutant, source).splitlines()
    name = f"{folder}/{mutant.file}"
    return "\n".join(difflib.unified_diff(*lines, name, name, n=1, lineterm=""))


class FoundEdit(NamedTuple):
    """An edit with its place (a function or constant), and the site that combines it with the original."""

    place: str
    edit: Edit
    site: MutationSite | None = None


class _TreePass:
    """One pass over the tree of a file."""

    def __init__(self, text: SourceText) -> None:
        self.text = text

    def all(self, tree: Node) -> Iterator[FoundEdit]:
        """Yields every edit with its function (or constant) and its site."""
        for contract in tree["nodes"]:
            for item in contract.get("nodes", [contract]):
                kind = item["nodeType"]
                if kind in ("FunctionDefinition", "ModifierDefinition") and item.get("body"):
                    place = item["name"] or item["kind"]
                    for each in item.get("modifiers", ()):
                        yield from self._plain(place, each)
                    yield from self._walk(place, item["body"], None)
                elif kind == "VariableDeclaration" and item.get("value"):
                    yield from self._plain(item["name"], item["value"])

    def _plain(self, place: str, node: Node) -> Iterator[FoundEdit]:
        """Yields the edits of a node that cannot be combined."""
        if node["nodeType"] == "ModifierInvocation" and node.get("kind") != "modifierInvocation":
            return  # the constructor call of a base contract
        for each in self._walk(place, node, None):
            yield each._replace(site=None)

    def _walk(self, place: str, node: Node, site: MutationSite | None, sole: bool = False) -> Iterator[FoundEdit]:
        """sole: the node is the whole body of a condition, so removing it equals a condition that never holds."""
        kind = node["nodeType"]
        if kind in _SKIPPED:
            return
        if not (site and site.kind == CHOICE):
            site = self._site(node) or site
        make = MUTATIONS.get(kind)
        for edit in make(self.text, node) if make else ():
            yield FoundEdit(place, edit, site)
        if kind in _REMOVABLE and site and site.kind == STATEMENT and not sole:
            yield from (FoundEdit(place, edit, site) for edit in removed(self.text, node))
        if kind in _TESTED:
            yield from self._tested(place, node, site)
        for name, child in _children(node):
            if kind in ("IfStatement", *_LOOPS) and name in ("condition", "initializationExpression", "loopExpression"):
                yield from self._walk(place, child, self._header(child))
            elif name == "condition" and self._picks(node):
                yield from (each for each in self._walk(place, child, site) if not self._is_boundary(each.edit))
            else:
                is_sole = kind == "IfStatement" and name == "trueBody" and not node.get("falseBody")
                yield from self._walk(place, child, site, (is_sole or (kind == "Block" and sole)) and _is_one(child))

    def _picks(self, node: Node) -> bool:
        """Whether a conditional selects one of the two values that it compares, so that equality is immaterial."""
        test = node["condition"]
        if node["nodeType"] != "Conditional" or test["nodeType"] != "BinaryOperation":
            return False
        compared = {self.text.of(test["leftExpression"]), self.text.of(test["rightExpression"])}
        return compared == {self.text.of(node["trueExpression"]), self.text.of(node["falseExpression"])}

    def _is_boundary(self, edit: Edit) -> bool:
        return edit.operator == "compare" and self.text.content[edit.start : edit.start + 1].decode() == edit.text[0]

    def _tested(self, place: str, node: Node, site: MutationSite | None) -> Iterator[FoundEdit]:
        test = node.get("condition")
        if test is not None:
            where = site if node["nodeType"] == "Conditional" else MutationSite(CHOICE, *span(test))
            for edit in condition(self.text, test, ends=node["nodeType"] not in _LOOPS):
                yield FoundEdit(place, edit, where)

    def _site(self, node: Node) -> MutationSite | None:
        kind = node["nodeType"]
        start, end = span(node)
        if kind in _SIMPLE:
            return MutationSite(STATEMENT, start, past_semicolon(self.text, end))
        if kind == "VariableDeclarationStatement" and node.get("initialValue"):
            return self._declaration(node)
        return None

    def _declaration(self, node: Node) -> MutationSite:
        parts = [each and (self.text.of(each), each["name"]) for each in node["declarations"]]
        lead = " ".join(f"{part[0]};" for part in parts if part)
        target = ", ".join(part[1] if part else "" for part in parts)
        init = span(node["initialValue"])
        target = target if len(parts) == 1 else f"({target})"
        return MutationSite(DECLARATION, span(node)[0], past_semicolon(self.text, init[1]), lead, target)

    def _header(self, node: Node) -> MutationSite:
        """The site of the expression in the head of a loop or condition."""
        inner = node.get("initialValue") or node.get("expression") if node["nodeType"] in _HEADS else node
        return MutationSite(CHOICE, *span(inner or node))


_HEADS = ("VariableDeclarationStatement", "ExpressionStatement")


def _children(node: Node) -> Iterator[tuple[str, Node]]:
    """The children of a node in text order."""
    found = []
    for name, value in node.items():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, dict) and "nodeType" in child and "src" in child:
                found.append((span(child)[0], name, child))
    yield from ((name, child) for _, name, child in sorted(found, key=lambda each: each[0]))


def _is_one(node: Node) -> bool:
    return node["nodeType"] != "Block" or len(node["statements"]) == 1


def _nodes(tree: Any) -> Iterator[Node]:
    if isinstance(tree, dict):
        if "nodeType" in tree:
            yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


def named_mutants(file: str, content: bytes, found: Iterable[FoundEdit]) -> Iterator[Mutant]:
    """Yields the edits of a file as mutants, without duplicates of a change."""
    counts: Counter[tuple[str, str]] = Counter()
    seen: set[tuple[int, int, str]] = set()
    for place, edit, site in sorted(found, key=lambda each: each.edit.start):
        change = edit.start, edit.end, edit.text
        was = content[edit.start : edit.end].decode()
        if change in seen or was == edit.text:
            continue
        seen.add(change)
        counts[place, edit.operator] += 1
        number = counts[place, edit.operator]
        line = content[: edit.start].count(b"\n") + 1
        identifier = f"{file}:{place}:{edit.operator}:{number}"
        yield Mutant(identifier, file, line, edit, was, _becomes(content, edit), site)


def _becomes(content: bytes, edit: Edit) -> str:
    start, end = content.rfind(b"\n", 0, edit.start) + 1, content.find(b"\n", edit.end)
    return _one_line((content[start : edit.start] + edit.text.encode() + content[edit.end : end]).decode())


def _one_line(text: str) -> str:
    return " ".join(text.split())
