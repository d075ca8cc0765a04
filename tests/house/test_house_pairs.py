"""Every contract file and its mirror have the same items in the same order with the same first sentences."""

import ast
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from crossvault.evm import compiler
from places import ROOT

MIRROR = ROOT / "sim" / "crossvault" / "mirror"
PAIRS = sorted(path.stem for path in (ROOT / "contracts").glob("*.sol"))
DOORS = [
    "Store",
    "Teller",
    "Policy",
    "Appraiser",
    "Governance",
    "Feed",
    "Registry",
    "Checks",
    "Auction",
    "Vault",
    "Exchange",
]
LIBRARIES = [name for name in PAIRS if name not in {"Errors", "Unfillable", *DOORS}]

# what a contract passes on to another, or asks of itself, its twin inherits
REACHED = {
    ("Vault", "Proxy"): "Registry", ("Registry", "Proxy"): "Feed", ("Checks", "Store"): "Appraiser",
    ("Feed", "Store"): "Policy", ("Policy", "Store"): "Teller",
}  # fmt: skip
CHAIN_ONLY = {"registry", "appraiser", "feed", "policy", "teller", "stress"}
CHAIN_ONLY_FIELDS = {"State.stress"}  # a module needs no address
UNPAIRED = {"__init__", "evm", "refusal"}
FROM_THE_AIR = {"sender", "now", "this", "tokens", "wallets", "chain_id", "journal"}
MIRROR_ONLY_STATE = ["entered", "events", "tokens", "wallets", "chain_id", "this"]  # what the machine keeps
MIRROR_ONLY_METHODS = ["emit"]
MIRROR_ONLY_TYPES = {"Refusal", "Digest", "Signature"}  # what stands for bytes is a value
BASES = {"StorageStruct", "NamedTuple", "IntEnum", "Refusal"}


class Item(NamedTuple):
    """A function or type: name and members in the mirror's form, and the first sentence of its documentation."""

    name: str
    members: tuple[str, ...]
    sentence: str


def snake(name: str) -> str:
    """camelCase -> snake_case, without a trailing underscore; names of types and constants stay."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name.rstrip("_")).lower() if name[:1].islower() else name


def sentence(text: str) -> str:
    """The first sentence of a text, on one line."""
    return re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0]


def notice(node: dict[str, Any]) -> str:
    """The first sentence of the @notice of a node; of its only text where it has no @notice."""
    text = (node.get("documentation") or {}).get("text", "")
    found = re.search(r"@notice\s+(.*?)(?=\n\s*@|\Z)", text, flags=re.S)
    return sentence(found[1]) if found else ""


@cache
def syntax_trees() -> Mapping[str, Any]:
    """Those of the contracts, read once."""
    return compiler.syntax_trees()


class SolidityFile:
    """What a contract file declares."""

    def __init__(self, name: str) -> None:
        tree = syntax_trees()[f"{name}.sol"]
        [self.contract] = [node for node in tree["nodes"] if node["nodeType"] == "ContractDefinition"]
        self.declared = [*(node for node in tree["nodes"] if node is not self.contract), *self.contract["nodes"]]

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        return [node for node in self.declared if node["nodeType"] in kinds]

    def constants(self) -> list[str]:
        return [n["name"] for n in self.of("VariableDeclaration") if n["constant"] and n["visibility"] != "private"]

    def state(self) -> list[str]:
        names = [snake(node["name"]) for node in self.of("VariableDeclaration") if not node["constant"]]
        return [name for name in names if name not in CHAIN_ONLY]

    def types(self) -> list[Item]:
        found = self.of("StructDefinition", "ErrorDefinition", "EnumDefinition", "UserDefinedValueTypeDefinition")
        return [Item(node["name"], _members(node), notice(node)) for node in found]

    def functions(self) -> list[Item]:
        return [
            Item(snake(node["name"] or "__init__"), _parameters(node), notice(node))
            for node in self.of("FunctionDefinition")
            if (node["kind"] != "constructor" or _parameters(node)) and not node["name"].startswith("_")
        ]

    def events(self) -> dict[str, int]:
        return {n["name"]: len(n["parameters"]["parameters"]) for n in self.of("EventDefinition")}


def _members(node: dict[str, Any]) -> tuple[str, ...]:
    if node["nodeType"] == "ErrorDefinition":
        return _parameters(node)
    if node["nodeType"] == "EnumDefinition":
        return tuple(member["name"].upper() for member in node["members"])
    names = (snake(member["name"]) for member in node.get("members", []))
    return tuple(name for name in names if f"{node['name']}.{name}" not in CHAIN_ONLY_FIELDS)


def _parameters(node: dict[str, Any]) -> tuple[str, ...]:
    names = (snake(each["name"]) for each in node["parameters"]["parameters"])
    return tuple(name for name in names if name not in CHAIN_ONLY)


class PythonFile:
    """What a mirror file declares; names that start with an underscore are its own."""

    def __init__(self, path: Path) -> None:
        self.tree = ast.parse(path.read_text(encoding="utf8"))
        self.classes = [n for n in self.tree.body if isinstance(n, ast.ClassDef) and n.name[0] != "_"]

    def constants(self) -> list[str]:
        targets = [target for n in self.tree.body if isinstance(n, ast.Assign) for target in n.targets]
        return [t.id for t in targets if isinstance(t, ast.Name) and t.id[0] != "_"]

    def door(self, name: str) -> ast.ClassDef:
        [found] = [node for node in self.classes if node.name == name]
        return found

    def types(self) -> list[Item]:
        kept = [node for node in self.classes if node.name not in {*MIRROR_ONLY_TYPES, *DOORS}]
        return [Item(node.name, _fields(node), sentence(ast.get_docstring(node) or "")) for node in kept]

    def functions(self) -> list[Item]:
        return [_function(n) for n in self.tree.body if isinstance(n, ast.FunctionDef) and n.name[0] != "_"]

    def methods(self, door: str) -> list[Item]:
        found = [n for n in self.door(door).body if isinstance(n, ast.FunctionDef)]
        kept = [n for n in found if n.name not in MIRROR_ONLY_METHODS and (n.name == "__init__" or n.name[0] != "_")]
        return [_function(n, skip=1) for n in kept]


def _fields(node: ast.ClassDef) -> tuple[str, ...]:
    if any(isinstance(base, ast.Name) and base.id == "IntEnum" for base in node.bases):
        return tuple(t.id for n in node.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name))
    return tuple(n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name))


def _function(node: ast.FunctionDef, skip: int = 0) -> Item:
    assert not node.args.vararg and not node.args.kwarg and not node.args.posonlyargs, node.name
    extras = {arg.arg for arg in node.args.kwonlyargs}
    assert extras <= FROM_THE_AIR, f"{node.name}: {extras} are not taken from the air"
    parameters = tuple(arg.arg for arg in node.args.args[skip:])
    return Item(node.name, parameters, sentence(ast.get_docstring(node) or ""))


def pair(name: str) -> tuple[SolidityFile, PythonFile]:
    return SolidityFile(name), PythonFile(MIRROR / f"{name.lower()}.py")


def zeros(node: ast.ClassDef) -> list[str]:
    """The fields of a struct in storage, from its table of zeros."""
    for each in node.body:
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Dict):
            return [str(key.value) for key in each.value.keys if isinstance(key, ast.Constant)]
    return []


def test_every_contract_has_a_mirror_and_every_mirror_a_contract() -> None:
    assert {name.lower() for name in PAIRS} | UNPAIRED == {path.stem for path in MIRROR.glob("*.py")}
    assert all(name.isalpha() for name in PAIRS), "a file name is one word"


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_has_the_same_subject_constants_and_types(name: str) -> None:
    solidity, python = pair(name)
    assert sentence(ast.get_docstring(python.tree) or "") == notice(solidity.contract) != ""
    assert python.constants() == solidity.constants()
    assert [item.name for item in python.types()] == [item.name for item in solidity.types()]
    values = {node["name"] for node in solidity.of("UserDefinedValueTypeDefinition")}
    for mine, theirs in zip(python.types(), solidity.types(), strict=True):
        assert mine.name in values or mine.members == theirs.members, mine.name
        assert mine.sentence == (theirs.sentence or mine.sentence) != "", mine.name
        assert theirs.sentence or mine.name in values | {"Level"}, f"{mine.name} has no @notice"


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_stored_has_a_zero_a_slot_and_an_annotation_for_every_field(name: str) -> None:
    for node in pair(name)[1].classes:
        if not any(isinstance(base, ast.Name) and base.id == "StorageStruct" for base in node.bases):
            continue
        assigned = (n for n in node.body if isinstance(n, ast.Assign))
        slots = [n.value for n in assigned if isinstance(n.targets[0], ast.Name) and n.targets[0].id == "__slots__"]
        assert list(_fields(node)) == zeros(node), node.name
        assert sorted(ast.literal_eval(slots[0])) == sorted(zeros(node)), node.name


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_and_its_module_have_the_same_functions(name: str) -> None:
    solidity, python = pair(name)
    _assert_same(python.functions(), solidity.functions())


@pytest.mark.parametrize("name", DOORS)
def test_a_contract_and_its_class_have_the_same_functions(name: str) -> None:
    solidity, python = pair(name)
    assert python.functions() == []
    assert sentence(ast.get_docstring(python.door(name)) or "") == notice(solidity.contract)
    names = [base["baseName"]["name"] for base in solidity.contract["baseContracts"]]
    parents = [REACHED.get((name, each), each) for each in names]
    bases = [base.id for base in python.door(name).bases if isinstance(base, ast.Name)]
    assert bases == ([each for each in parents if each in DOORS] or ["StorageStruct"])
    _assert_same(python.methods(name), solidity.functions())
    if state := solidity.state():
        assert [field for field in zeros(python.door(name)) if field not in MIRROR_ONLY_STATE] == state


def _assert_same(mine: Sequence[Item], theirs: Sequence[Item]) -> None:
    assert [item.name for item in mine] == [item.name for item in theirs]
    for python, solidity in zip(mine, theirs, strict=True):
        assert python.members == solidity.members, python.name
        assert python.sentence == solidity.sentence, python.name
        assert python.sentence or python.name == "__init__", f"{python.name} has no documentation"


@pytest.mark.parametrize("name", DOORS)
def test_a_contract_and_its_class_have_the_same_events(name: str) -> None:
    solidity, python = pair(name)
    emitted: dict[str, set[int]] = {}
    for node in ast.walk(python.door(name)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "emit":
            event, *values = node.args
            assert isinstance(event, ast.Constant)
            exact = not any(isinstance(value, ast.Starred) for value in values)
            emitted.setdefault(str(event.value), set()).add(len(values) if exact else -1)
    assert emitted.keys() == solidity.events().keys()
    for each, counts in emitted.items():
        assert counts <= {solidity.events()[each], -1}, each


def test_events_and_doors_carry_who_sent() -> None:
    for name in DOORS:
        for event in SolidityFile(name).of("EventDefinition"):
            assert event["parameters"]["parameters"][0]["name"] == "sender", event["name"]
