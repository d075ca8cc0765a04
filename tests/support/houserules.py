"""The rules of the house over files: each function returns the offenders among the files that it is given."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from sourcefiles import (
    SolidityNode,
    functions,
    label,
    name_of,
    nodes,
    python_nodes,
    python_of,
    tag,
    text_of,
    without_comments,
)

MOST_LINES, MOST_FUNCTION_LINES, MOST_PARAMETERS = 400, 40, 6

_DIVIDING_CALLS = {"divmod", "isqrt", "sqrt", "round", "pow", "fmod"}
_DIVIDING_NODES = (ast.Div, ast.FloorDiv, ast.Mod, ast.RShift, ast.LShift)
_INEXACT = {"float", "complex", "Decimal", "Fraction"}
_SHIFTS_AND_DIVISIONS = {"/", "%", ">>", "<<", "/=", "%=", ">>=", "<<="}
_ROUNDING = re.compile(r"(mulDiv|part$|sqrt|fullMulDiv)")

PythonFunction = ast.FunctionDef | ast.AsyncFunctionDef


def long_files(paths: Iterable[Path]) -> list[str]:
    """Files of too many lines."""
    lines = {name_of(path): len(text_of(path).splitlines()) for path in paths}
    return [f"{name}: {count}" for name, count in lines.items() if count > MOST_LINES]


def python_functions(paths: Iterable[Path]) -> Iterator[tuple[str, PythonFunction]]:
    """Every function of some files with its label."""
    for path in paths:
        for node in _statements(python_of(path).body):
            if isinstance(node, PythonFunction):
                yield f"{name_of(path)}:{node.name}", node


def _statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All statements, with those inside others: functions are among them, and expressions are most of a tree."""
    for each in body:
        yield each
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _statements(getattr(each, name, ()))


def long_functions(paths: Iterable[Path]) -> list[str]:
    """Python functions of too many lines."""
    return [
        name
        for name, node in python_functions(paths)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > MOST_FUNCTION_LINES
    ]


def long_solidity_functions(file: str, source: bytes, found: Iterable[SolidityNode]) -> list[str]:
    """Functions of a contract file of too many lines."""
    offenders = []
    for node in functions(found):
        start, length, _ = (int(number) for number in node["src"].split(":"))
        if source[start : start + length].count(b"\n") + 1 > MOST_FUNCTION_LINES:
            offenders.append(label(file, node))
    return offenders


def functions_of_many_parameters(paths: Iterable[Path]) -> list[str]:
    """Python functions of too many parameters, `self` not counted."""
    offenders = []
    for name, node in python_functions(paths):
        given = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        if len([each for each in given if each not in {"self", "cls"}]) > MOST_PARAMETERS:
            offenders.append(name)
    return offenders


def dividing_contracts(paths: Iterable[Path]) -> list[str]:
    """Lines of contracts other than Fixed that divide, shift, take roots or use assembly."""
    offenders = []
    for path in paths:
        if path.name == "Fixed.sol":
            continue
        code = without_comments(text_of(path))
        library = "" if path.name == "Exp.sol" else "|FixedPointMathLib"  # Exp calls its exponential and logarithm
        banned = rf"\bassembly\b|/|%|>>|<<|\bsqrt\b{library}"
        offenders += [f"{path.name}: {line.strip()}" for line in code.splitlines() if re.search(banned, line)]
    return offenders


def signed_divisions(file: str, found: Iterable[SolidityNode]) -> list[str]:
    """Divisions and shifts of signed numbers in a contract file."""
    offenders = []
    for node in found:
        if node.get("operator") in _SHIFTS_AND_DIVISIONS:
            kinds = [node["typeDescriptions"]["typeString"], node.get("commonType", {}).get("typeString", "")]
            if any(kind.startswith("int") and kind[3:4] in "1234567890" for kind in kinds):
                offenders.append(f"{file}: {node['src']}")
    return offenders


def dividing_mirrors(paths: Iterable[Path], allowed: Collection[str]) -> list[str]:
    """Lines of the mirror that divide or shift, except in the allowed files; true divisions in any file."""
    return [
        f"{path.name}:{getattr(node, 'lineno', 0)}"
        for path in paths
        for node in python_nodes(path)
        if _is_dividing(node, path.name in allowed)
    ]


def _is_dividing(node: ast.AST, allowed: bool) -> bool:
    if isinstance(node, ast.BinOp | ast.AugAssign):
        return isinstance(node.op, ast.Div) or (not allowed and isinstance(node.op, _DIVIDING_NODES))
    if isinstance(node, ast.Call) and not allowed:
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        return called in _DIVIDING_CALLS
    return False


def inexact_numbers(paths: Iterable[Path]) -> list[str]:
    """Lines that hold a float, a complex number or a fraction."""
    return [
        f"{path.name}:{node.lineno}"
        for path in paths
        for node in python_nodes(path)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float | complex))
        or (isinstance(node, ast.Name) and node.id in _INEXACT)
    ]


def unexplained_roundings(file: str, found: Iterable[SolidityNode]) -> list[str]:
    """Functions that divide and do not state how they round and why."""
    offenders = []
    for node in functions(found):
        calls = [each["expression"] for each in nodes(node) if each["nodeType"] == "FunctionCall"]
        divides = any(_ROUNDING.match(call.get("memberName", call.get("name", ""))) for call in calls)
        if divides and "because" not in tag(node, "custom:rounds"):
            offenders.append(label(file, node))
    return offenders


def misdocumented_refusals(file: str, found: Iterable[SolidityNode], known: Collection[str]) -> list[str]:
    """Functions that raise undocumented errors, or document an error that does not exist."""
    offenders = []
    for node in functions(found):
        documented = {name for name in re.split(r"[,\s]+", tag(node, "custom:reverts")) if name}
        raised = {
            each["errorCall"]["expression"]["memberName"]
            for each in nodes(node)
            if each["nodeType"] == "RevertStatement" and node["kind"] != "constructor"
        }
        offenders += [f"{label(file, node)}: no error {name}" for name in sorted(documented - set(known))]
        offenders += [f"{label(file, node)}: {name} is undocumented" for name in sorted(raised - documented)]
    return offenders
