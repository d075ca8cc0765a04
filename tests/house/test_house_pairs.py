"""Every contract file and its mirror have the same items in the same order with the same first sentences."""

import ast
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest

from places import ROOT
from sourcefiles import PACKAGE, syntax_trees, text_of

MIRROR = PACKAGE / "mirror"
PAIRS = sorted(path.stem for path in (ROOT / "contracts").glob("*.sol"))
DOORS = [
    "Store",
    "Teller",
    "Analyst",
    "Policy",
    "Appraiser",
    "Comparison",
    "Governance",
    "Listing",
    "Feed",
    "Registry",
    "Checks",
    "Auction",
    "Custody",
    "Vault",
    "Exchange",
]
LIBRARIES = [name for name in PAIRS if name not in DOORS and not name.endswith("Errors")]

# functions that a contract forwards to another or calls on itself, and that its mirror inherits
REACHED = {
    ("Vault", "Checks"): ("Custody",),
    ("Vault", "Diamond"): (
        "Auction", "Governance", "Registry", "Feed", "Policy", "Teller", "Analyst", "Listing",
    ),  # its other facets
    ("Checks", "Store"): ("Appraiser", "Comparison"), ("Auction", "Store"): ("Appraiser",),
}  # fmt: skip
CHAIN_ONLY = {"stress", "pricer", "facets"}
# a module needs no address, a tuple no count
CHAIN_ONLY_FIELDS = {"State.stress", "State.pricer", "Holder.count"}
UNPAIRED = {"__init__", "evm", "refusal"}
FROM_THE_AIR = {"sender", "now", "this", "tokens", "wallets", "chain_id", "journal"}
MIRROR_ONLY_STATE = ["entered", "events", "tokens", "wallets", "chain_id", "this"]  # state of the EVM on the chain
MIRROR_ONLY_METHODS = ["emit"]
MIRROR_ONLY_TYPES = {"Refusal", "Digest", "Signature"}  # values in place of bytes
BASES = {"StorageStruct", "NamedTuple", "IntEnum", "Refusal"}


class Item(NamedTuple):
    """A function or type: name and members in the mirror's form, and the first sentence of its documentation."""

    name: str
    members: tuple[str, ...]
    sentence: str


def snake(name: str) -> str:
    """camelCase -> snake_case, without a trailing underscore; names of types and constants stay."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name.rstrip("_")).lower() if name[:1].islower() else name


def stem(name: str) -> str:
    """NameOfContract -> name_of_contract, the file of its mirror."""
    return snake(name[:1].lower() + name[1:])


def sentence(text: str) -> str:
    """The first sentence of a text, on one line."""
    return re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0]


def notice(node: dict[str, Any]) -> str:
    """The first sentence of the @notice of a node; of its only text where it has no @notice."""
    text = (node.get("documentation") or {}).get("text", "")
    found = re.search(r"@notice\s+(.*?)(?=\n\s*@|\Z)", text, flags=re.S)
    return sentence(found[1]) if found else ""


class SolidityFile:
    """The declarations of a contract file."""

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
    """The declarations of a mirror file, without private names."""

    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
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
    return SolidityFile(name), PythonFile(text_of(MIRROR / f"{stem(name)}.py"))


def zeros(node: ast.ClassDef) -> list[str]:
    """The fields of a struct in storage, from its table of zeros."""
    for each in node.body:
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Dict):
            return [str(key.value) for key in each.value.keys if isinstance(key, ast.Constant)]
    return []


def unequal(subject: str, python: object, solidity: object) -> list[str]:
    """A difference between the two sides of a pair, as a list of one or none."""
    return [] if python == solidity else [f"{subject}: {python!r} here, {solidity!r} on the chain"]


def different_subjects(name: str, solidity: SolidityFile, python: PythonFile) -> list[str]:
    """Differences in the subject and the constants."""
    subject = sentence(ast.get_docstring(python.tree) or "")
    return [
        *unequal(f"{name}: subject", subject or "nothing", notice(solidity.contract)),
        *unequal(f"{name}: constants", python.constants(), solidity.constants()),
    ]


def different_types(name: str, solidity: SolidityFile, python: PythonFile) -> list[str]:
    """Differences in structs, errors and enums: order, members, first sentence."""
    here, there = ([item.name for item in side.types()] for side in (python, solidity))
    found = unequal(f"{name}: types", here, there)
    values = {node["name"] for node in solidity.of("UserDefinedValueTypeDefinition")}
    for mine, theirs in zip(python.types(), solidity.types(), strict=False):
        if mine.name not in values:
            found += unequal(f"{name}.{mine.name}", mine.members, theirs.members)
        found += unequal(f"{name}.{mine.name}", mine.sentence or "nothing", theirs.sentence or mine.sentence)
        if not theirs.sentence and mine.name not in values | {"Level"}:
            found.append(f"{name}.{mine.name} has no @notice")
    return found


def misdeclared_storage(name: str, _: SolidityFile, python: PythonFile) -> list[str]:
    """Structs in storage whose zeros, slots and annotations are not of the same fields."""
    found = []
    for node in python.classes:
        if any(isinstance(base, ast.Name) and base.id == "StorageStruct" for base in node.bases):
            assigned = (n for n in node.body if isinstance(n, ast.Assign))
            slots = [n.value for n in assigned if isinstance(n.targets[0], ast.Name) and n.targets[0].id == "__slots__"]
            if list(_fields(node)) != zeros(node) or sorted(ast.literal_eval(slots[0])) != sorted(zeros(node)):
                found.append(f"{name}.{node.name}")
    return found


def different_functions(name: str, solidity: SolidityFile, python: PythonFile) -> list[str]:
    """Differences in the functions of a library, or of a contract with its class: order, arguments, first sentence."""
    if name not in DOORS:
        return _different(name, python.functions(), solidity.functions()) if name in LIBRARIES else []
    found = unequal(f"{name}: functions outside its class", python.functions(), [])
    return found + _different(name, python.methods(name), solidity.functions())


def _different(name: str, mine: Sequence[Item], theirs: Sequence[Item]) -> list[str]:
    found = unequal(name, [item.name for item in mine], [item.name for item in theirs])
    for python, solidity in zip(mine, theirs, strict=False):
        found += unequal(f"{name}.{python.name}", python.members, solidity.members)
        found += unequal(f"{name}.{python.name}", python.sentence, solidity.sentence)
        if not python.sentence and python.name != "__init__":
            found.append(f"{name}.{python.name} has no documentation")
    return found


def different_classes(name: str, solidity: SolidityFile, python: PythonFile) -> list[str]:
    """Differences of a contract and its class in documentation, parents, and state variables."""
    if name not in DOORS:
        return []
    door = python.door(name)
    names = [base["baseName"]["name"] for base in solidity.contract["baseContracts"]]
    parents = [parent for each in names for parent in REACHED.get((name, each), (each,))]
    bases = [base.id for base in door.bases if isinstance(base, ast.Name)]
    found = unequal(name, sentence(ast.get_docstring(door) or ""), notice(solidity.contract))
    found += unequal(f"{name}: parents", bases, [each for each in parents if each in DOORS] or ["StorageStruct"])
    if state := solidity.state():
        kept = [field for field in zeros(door) if field not in MIRROR_ONLY_STATE]
        found += unequal(f"{name}: state", kept, state)
    return found


def different_events(name: str, solidity: SolidityFile, python: PythonFile) -> list[str]:
    """Differences of a contract and its class in the events they emit and the number of their values."""
    if name not in DOORS:
        return []
    emitted: dict[str, set[int]] = {}
    for node in ast.walk(python.door(name)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "emit":
            event, *values = node.args
            assert isinstance(event, ast.Constant)
            exact = not any(isinstance(value, ast.Starred) for value in values)
            emitted.setdefault(str(event.value), set()).add(len(values) if exact else -1)
    found = unequal(f"{name}: events", sorted(emitted), sorted(solidity.events()))
    counts = {each: count for each, count in solidity.events().items() if each in emitted}
    return found + [f"{name}.{each}" for each, count in counts.items() if not emitted[each] <= {count, -1}]


def anonymous_events(name: str, solidity: SolidityFile, _: PythonFile) -> list[str]:
    """Events of a contract whose first value is not the sender."""
    first = {node["name"]: node["parameters"]["parameters"][0]["name"] for node in solidity.of("EventDefinition")}
    return [f"{name}.{event}" for event, parameter in first.items() if name in DOORS and parameter != "sender"]


RULES: Sequence[Callable[[str, SolidityFile, PythonFile], list[str]]] = (
    different_subjects,
    different_types,
    misdeclared_storage,
    different_functions,
    different_classes,
    different_events,
    anonymous_events,
)


def test_every_contract_has_a_mirror_and_every_mirror_a_contract() -> None:
    assert {stem(name) for name in PAIRS} | UNPAIRED == {path.stem for path in MIRROR.glob("*.py")}
    assert all(name.removesuffix("Errors").istitle() for name in PAIRS), "one word, but for `Errors` at its end"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_sides_of_every_pair_are_alike(rule: Callable[[str, SolidityFile, PythonFile], list[str]]) -> None:
    assert [each for name in PAIRS for each in rule(name, *pair(name))] == []


# rule, pair, and a change of the mirror that violates the rule
PLANTED = {
    "subject": (different_subjects, "Fixed", r'\A"""', '"""Other: '),
    "no subject": (different_subjects, "Fixed", r'\A""".*?"""', ""),
    "constant": (different_subjects, "Fixed", r"^WAD\b", "WADS"),
    "type renamed": (different_types, "Market", r"class MarketRisk\b", "class Risk"),
    "field renamed": (different_types, "Market", r"^    heartbeat_secs:", "    heartbeat_wad:"),
    "type undocumented": (different_types, "Market", r'(class MarketRisk\b[^\n]*\n\s*)"""', r'\1"""Other '),
    "zero missing": (misdeclared_storage, "Store", r'^(\s+)"owner":', r'\1"other":'),
    "function renamed": (different_functions, "Fixed", r"^def mul_div_down\b", "def mul_down"),
    "argument renamed": (different_functions, "Fixed", r"^(def mul_div_down\()a\b", r"\1x"),
    "function documented": (different_functions, "Fixed", r'(def mul_div_down.*?\n\s*)"""', r'\1"""Other '),
    "function outside its class": (different_functions, "Teller", r"\Z", "\ndef other(): ...\n"),
    "method renamed": (different_functions, "Vault", r"^    def trade\b", "    def swap"),
    "class documented": (different_classes, "Vault", r'(class Vault\b[^\n]*\n\s*)"""', r'\1"""Other '),
    "parent": (different_classes, "Vault", r"class Vault\(", "class Vault(Store, "),
    "state": (different_classes, "Store", r'^(\s+)"owner":', r'\1"other":'),
    "event renamed": (different_events, "Vault", r'emit\("', 'emit("Other'),
    "value of an event": (different_events, "Vault", r'(emit\("\w+"), ', r"\1, 0, "),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_pair_that_differs_is_found(planted: str) -> None:
    rule, name, was, becomes = PLANTED[planted]
    solidity, _ = pair(name)
    text = text_of(MIRROR / f"{stem(name)}.py")
    changed, count = re.subn(was, becomes, text, count=1, flags=re.M | re.S)
    assert count == 1
    assert any(name in each for each in rule(name, solidity, PythonFile(changed)))


def test_an_event_without_the_sender_first_is_found() -> None:
    solidity, python = pair("Vault")
    event = {"nodeType": "EventDefinition", "name": "Odd", "parameters": {"parameters": [{"name": "account"}]}}
    solidity.declared.append(event)
    assert anonymous_events("Vault", solidity, python) == ["Vault.Odd"]
