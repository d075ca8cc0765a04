"""The source files of the clone, each read and parsed once, for the rules of the house."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from crossvault.evm import compiler
from places import ROOT

PACKAGE = ROOT / "sim" / "crossvault"
CONTRACTS = sorted((ROOT / "contracts").glob("*.sol"))
MIRRORS = sorted((PACKAGE / "mirror").glob("*.py"))
PYTHON = sorted(path for folder in ("sim", "scripts", "tests") for path in (ROOT / folder).rglob("*.py"))
SOLIDITY = CONTRACTS + sorted((ROOT / "contracts").glob("[a-z]*/*.sol"))

SolidityNode = dict[str, Any]


@cache
def text_of(path: Path) -> str:
    """The content of a file."""
    return path.read_text(encoding="utf8")


@cache
def python_of(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(text_of(path))


@cache
def python_nodes(path: Path) -> list[ast.AST]:
    """Every node of a Python file."""
    return list(ast.walk(python_of(path)))


def name_of(path: Path) -> str:
    """The path of a file in the clone."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


@cache
def package() -> dict[str, ast.Module]:
    """The modules of the package by their dotted names."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = python_of(path)
    return found


@cache
def syntax_trees() -> Mapping[str, Any]:
    """The syntax trees of the contracts."""
    return compiler.syntax_trees()


def nodes(tree: Any) -> Iterator[SolidityNode]:
    """Every node of a Solidity syntax tree."""
    if isinstance(tree, dict):
        if "nodeType" in tree:
            yield tree
        for value in tree.values():
            yield from nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from nodes(value)


@cache
def solidity_nodes(name: str) -> list[SolidityNode]:
    """Every node of a contract file."""
    return list(nodes(syntax_trees()[name]))


def functions(found: Iterable[SolidityNode]) -> list[SolidityNode]:
    """The functions among some nodes."""
    return [node for node in found if node["nodeType"] == "FunctionDefinition"]


def label(file: str, node: SolidityNode) -> str:
    """The label of a function of a contract file: `file:function`."""
    return f"{file}:{node['name'] or node['kind']}"


def tag(node: SolidityNode, wanted: str) -> str:
    """The text of one NatSpec tag; nothing if there is none."""
    text = (node.get("documentation") or {}).get("text", "")
    for part in re.split(r"(?:^|\n)\s*@", text):
        word, _, rest = part.partition(" ")
        if word == wanted:
            return " ".join(rest.split())
    return ""


def without_comments(text: str) -> str:
    """Solidity without its comments and the content of its strings."""
    pattern = r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
    return re.sub(pattern, lambda found: '""' if found[0][0] in "\"'" else " ", text, flags=re.S)
