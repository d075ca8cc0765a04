"""The rules of the house that can be checked without running anything: sizes, divisions, arrows, documentation."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crossvault.evm import compiler
from crossvault.evm.compiler import compile_contracts
from places import ROOT

SIM = ROOT / "sim" / "crossvault"
CONTRACTS = sorted((ROOT / "contracts").glob("*.sol"))
MIRRORS = sorted((SIM / "mirror").glob("*.py"))
PYTHON = sorted(p for folder in ("sim", "scripts", "tests") for p in (ROOT / folder).rglob("*.py"))
SOLIDITY = CONTRACTS + sorted((ROOT / "contracts").glob("[a-z]*/*.sol"))

MOST_LINES, MOST_FUNCTION_LINES, MOST_CODE_BYTES = 400, 40, 24_576

# the folders of the package, from the ground up: each may use those before it, and none after it
HOUSE = (
    "mirror", "differential", "setup", "evm", "rpc", "lockstep", "agents", "scenario", "walks", "fuzz", "shrink",
    "mutation", "conform", "portfolio", "audit", "live", "deployment", "sweep", "report", "bench", "commands",
)  # fmt: skip
DOORSTEP = frozenset({"__init__", "__main__", "plugin"})  # what stands at the top of the package

FOREIGN = {
    "numpy": {"sweep", "efficiency_plots"},
    "pandas": {"sweep", "efficiency_plots"},
    "plotly": {"efficiency_plots"},
    "ape": {"ape_networks"},
}
HEAVY = ("web3", "ape", "pydantic", "rich", "pyarrow", "numpy", "eth_abi", "solcx", "yaml", "plotly")


def python_of(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf8"))


def name_of(path: Path) -> str:
    """A file as a reader finds it."""
    return path.relative_to(ROOT).as_posix()


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
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
def syntax_trees() -> Mapping[str, Any]:
    """Those of the contracts, read once."""
    return compiler.syntax_trees()


@cache
def solidity_functions(name: str) -> list[tuple[str, dict[str, Any]]]:
    """The functions of a contract file: a label and the syntax tree."""
    found = [node for node in nodes(syntax_trees()[name]) if node["nodeType"] == "FunctionDefinition"]
    return [(f"{name}:{node['name'] or node['kind']}", node) for node in found]


def tag(node: dict[str, Any], wanted: str) -> str:
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


@pytest.mark.parametrize("path", PYTHON + SOLIDITY, ids=name_of)
def test_no_file_is_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf8").splitlines()) <= MOST_LINES


def test_no_python_function_is_long() -> None:
    long = [
        f"{name_of(path)}:{node.name}"
        for path in PYTHON
        for node in ast.walk(python_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > MOST_FUNCTION_LINES
    ]
    assert long == []


def test_no_solidity_function_is_long() -> None:
    long = []
    for path in SOLIDITY:
        source = path.read_bytes()
        for label, node in solidity_functions(path.relative_to(ROOT / "contracts").as_posix()):
            start, length, _ = (int(number) for number in node["src"].split(":"))
            if source[start : start + length].count(b"\n") + 1 > MOST_FUNCTION_LINES:
                long.append(label)
    assert long == []


@pytest.mark.parametrize("path", CONTRACTS, ids=name_of)
def test_only_fixed_divides_and_shifts_in_the_contracts(path: Path) -> None:
    code = without_comments(path.read_text(encoding="utf8"))
    assert "assembly" not in code
    foreign = "" if path.name == "Exp.sol" else "|FixedPointMathLib"  # Exp calls its exponential and logarithm
    if path.name != "Fixed.sol":
        assert re.findall(rf".*(?:/|%|>>|<<|\bsqrt\b{foreign}).*", code) == []


def test_the_comment_stripper_keeps_code_and_drops_the_rest() -> None:
    text = 'a = b / c; // d / e\nf = "g / h"; /* i % j */ k >>= 1;'
    assert without_comments(text).split() == ["a", "=", "b", "/", "c;", "f", "=", '"";', "k", ">>=", "1;"]


@pytest.mark.parametrize("path", CONTRACTS, ids=name_of)
def test_nothing_signed_is_divided_or_shifted(path: Path) -> None:
    operators = {"/", "%", ">>", "<<", "/=", "%=", ">>=", "<<="}
    for node in nodes(syntax_trees()[path.name]):
        if node.get("operator") in operators:
            kinds = [node["typeDescriptions"]["typeString"], node.get("commonType", {}).get("typeString", "")]
            assert not any(kind.startswith("int") and kind[3:4] in "1234567890" for kind in kinds), node["src"]


DIVIDING = {"fixed.py", "exp.py"}  # exp.py is the twin of Solady's assembly, which no rounding of ours reaches


@pytest.mark.parametrize("path", MIRRORS, ids=name_of)
def test_only_fixed_divides_and_shifts_in_the_mirror(path: Path) -> None:
    dividing = (ast.Div, ast.FloorDiv, ast.Mod, ast.RShift, ast.LShift)
    calls = {"divmod", "isqrt", "sqrt", "round", "pow", "fmod"}
    for node in ast.walk(python_of(path)):
        if isinstance(node, ast.BinOp | ast.AugAssign):
            assert not isinstance(node.op, ast.Div), node.lineno
            assert path.name in DIVIDING or not isinstance(node.op, dividing), node.lineno
        elif isinstance(node, ast.Call) and path.name not in DIVIDING:
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            assert called not in calls, node.lineno


@pytest.mark.parametrize("path", MIRRORS, ids=name_of)
def test_no_float_in_the_mirror(path: Path) -> None:
    for node in ast.walk(python_of(path)):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float | complex)), node.lineno
        assert not (isinstance(node, ast.Name) and node.id in {"float", "complex", "Decimal", "Fraction"}), node.lineno


def test_every_contract_fits_the_chain() -> None:
    sizes = {
        artifact.name: len(artifact.deployed_bytecode) // 2
        for artifact in compile_contracts().artifacts.values()
        if "/" not in artifact.source
    }
    assert sizes["Vault"] > 0
    assert {name: size for name, size in sizes.items() if size > MOST_CODE_BYTES} == {}


@pytest.mark.parametrize("path", CONTRACTS, ids=name_of)
def test_every_division_says_how_it_rounds_and_why(path: Path) -> None:
    dividing = re.compile(r"(mulDiv|part$|sqrt|fullMulDiv)")
    for label, function in solidity_functions(path.name):
        calls = [node["expression"] for node in nodes(function) if node["nodeType"] == "FunctionCall"]
        if any(dividing.match(call.get("memberName", call.get("name", ""))) for call in calls):
            assert "because" in tag(function, "custom:rounds"), label


@pytest.mark.parametrize("path", CONTRACTS, ids=name_of)
def test_every_refusal_is_documented_and_every_documented_refusal_exists(path: Path) -> None:
    trees = [syntax_trees()[name] for name in ("Errors.sol", "Unfillable.sol")]
    known = {node["name"] for node in nodes(trees) if node["nodeType"] == "ErrorDefinition"}
    known |= {"ReentrancyGuardReentrantCall", "SafeERC20FailedOperation"}  # OpenZeppelin's
    for label, function in solidity_functions(path.name):
        documented = {name for name in re.split(r"[,\s]+", tag(function, "custom:reverts")) if name}
        assert documented <= known, label
        raised = {
            node["errorCall"]["expression"]["memberName"]
            for node in nodes(function)
            if node["nodeType"] == "RevertStatement"
        }
        if function["kind"] != "constructor":
            assert raised <= documented, label


def imports(tree: ast.AST, lazy: bool) -> Iterator[str]:
    """The modules that a file imports, but for type checking only; `lazy`: those inside functions too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        elif lazy or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imports(node, lazy)


def room(path: Path) -> str:
    """The module or folder of sim that a file belongs to."""
    return path.relative_to(SIM).parts[0].removesuffix(".py")


def floor(name: str) -> int:
    """The place of a room in the list; the modules at the top of the package are above them all."""
    return len(HOUSE) if name in DOORSTEP else HOUSE.index(name)


def test_the_rooms_are_those_of_the_list() -> None:
    python = {room(path) for path in SIM.rglob("*.py")}
    assert python == set(HOUSE) | DOORSTEP


@pytest.mark.parametrize("path", sorted(SIM.rglob("*.py")), ids=name_of)
def test_imports_follow_the_arrows(path: Path) -> None:
    here = room(path)
    if here == "__init__":
        assert list(imports(python_of(path), True)) == []
        return
    for module in imports(python_of(path), True):
        parts = module.split(".")
        if parts[0] == "crossvault":
            there = parts[1]
            assert there == "__version__" or floor(there) <= floor(here), f"{here} may not import {there}"
        elif here == "mirror":
            assert parts[0] in sys.stdlib_module_names | {"__future__"}, module
        for rooms in [FOREIGN[parts[0]]] if parts[0] in FOREIGN else []:
            assert here in rooms or path.stem in rooms, f"{here} may not import {module}"


def test_imports_have_no_circle() -> None:
    files = {".".join(path.relative_to(SIM.parent).with_suffix("").parts): path for path in SIM.rglob("*.py")}
    edges = {
        name: {found for module in imports(python_of(path), False) for found in (module, module.rpartition(".")[0])}
        & files.keys() - {name}
        for name, path in files.items()
    }
    while leaves := {name for name, wanted in edges.items() if not wanted & edges.keys()}:
        edges = {name: wanted for name, wanted in edges.items() if name not in leaves}
    assert edges == {}


def test_help_imports_nothing_heavy() -> None:
    program = f"""
import runpy, sys
sys.argv = ["crossvault", "--help"]
try:
    runpy.run_module("crossvault", run_name="__main__")
except SystemExit as ended:
    assert ended.code == 0
print("heavy:", *sorted(set(sys.modules) & set({HEAVY!r})))
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy:"
