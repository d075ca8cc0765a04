"""The map of the house: allowed imports between rooms, and unique names; each function returns the offenders."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache

# the folders of code in the package, from the ground up: each may use those before it, and none after it
ROOMS = (
    "mirror", "differential", "judge", "setup", "evm", "rpc", "lockstep", "agents", "scenario", "portfolio", "sweep",
    "history", "walks", "fuzz", "shrink", "attack", "upgrade", "mutation", "conform", "deployment", "audit", "live",
    "report", "bench", "api", "commands",
)  # fmt: skip
DOORSTEP = frozenset({"", "__main__", "plugin"})  # the modules at the top of the package; "" is the package itself
FORBIDDEN = {
    ("judge", "mirror"),
    ("sweep", "evm"),
    ("sweep", "rpc"),
    ("sweep", "lockstep"),
    ("agents", "evm"),
    ("portfolio", "evm"),
}
MOST_ROOMS, MOST_FLOORS = 26, 9

_FOREIGN = {
    "numpy": {"sweep"},
    "pandas": {"sweep", "frames"},
    "matplotlib": {"picture", "run_picture", "margin_picture", "efficiency_picture", "drawing"},
    "ape": {"ape_networks"},
}
# libraries that are slow to import, and that no help text needs
HEAVY = (
    "web3",
    "ape",
    "pydantic",
    "rich",
    "pyarrow",
    "numpy",
    "eth_abi",
    "solcx",
    "yaml",
    "matplotlib",
    "pandas",
    "duckdb",
    "xlsxwriter",
)
_NAMED_FOR_USE = {"mirror", "report", "commands", "bench"}  # rooms whose files bear the name of what they are for

Modules = Mapping[str, ast.Module]  # by dotted name
Edges = Mapping[str, set[str]]


def room(module: str) -> str:
    """The room of a module of the package; the module itself at the top of the package."""
    return module.split(".")[1] if "." in module else ""


@cache
def imports(tree: ast.Module) -> list[str]:
    """The imports of a file, inside functions too, except those for type checking only."""
    return list(_imports(tree))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module or ''}.{alias.name}" for alias in node.names)
        elif not isinstance(node, ast.expr) and not _is_for_types(node):
            yield from _imports(node)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def arrows(modules: Modules) -> dict[str, set[str]]:
    """The modules of the package that each module imports."""
    found: dict[str, set[str]] = {}
    for name, tree in modules.items():
        wanted = {each if each in modules else each.rpartition(".")[0] for each in imports(tree)}
        found[name] = {each for each in wanted if each in modules and each != name}
    return found


def room_arrows(modules: Modules) -> dict[str, set[str]]:
    """The rooms that each room uses."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, wanted in arrows(modules).items():
        found[room(name)] |= {room(each) for each in wanted} - {room(name)}
    return found


def misplaced_rooms(modules: Modules, rooms: Sequence[str] = ROOMS) -> list[str]:
    """Rooms that the list lacks, and rows of the list for rooms that do not exist."""
    found = {room(name) for name in modules}
    offenders = [f"no row for {name}" for name in sorted(found - {*rooms, *DOORSTEP})]
    return offenders + [f"no room {name}" for name in rooms if name not in found]


def misdirected_imports(modules: Modules, rooms: Sequence[str] = ROOMS) -> list[str]:
    """Imports of a room further down the list, of a forbidden pair, or by the package itself."""
    height = {name: number for number, name in enumerate(rooms)} | {name: len(rooms) for name in DOORSTEP}
    offenders = []
    for name, wanted in arrows(modules).items():
        for other in sorted(wanted):
            here, there = room(name), room(other)
            if "." not in name or (other != "crossvault" and height[there] > height[here]):
                offenders.append(f"{name} may not import {other}")
            elif (here, there) in FORBIDDEN or (name.endswith(".ape_networks") and there not in {"rpc", ""}):
                offenders.append(f"{name} must not know {other}")
    return offenders


def misplaced_libraries(modules: Modules) -> list[str]:
    """Imports of a library outside the rooms and modules that may use it; of any in the mirror."""
    offenders = []
    for name, tree in modules.items():
        for library in sorted({each.split(".")[0] for each in imports(tree)} - {"crossvault"}):
            places = {room(name), name.split(".")[-1]}
            is_foreign = room(name) == "mirror" and library not in sys.stdlib_module_names
            if is_foreign or (library in _FOREIGN and not places & _FOREIGN[library]):
                offenders.append(f"{name} may not import {library}")
    return offenders


def circles(edges: Edges) -> list[str]:
    """Modules in a circle, and modules that use one of these."""
    left = dict(edges)
    while leaves := {name for name, wanted in left.items() if not wanted & left.keys()}:
        left = {name: wanted for name, wanted in left.items() if name not in leaves}
    return sorted(left)


def floors(edges: Edges) -> int:
    """The length of the longest chain of rooms that use each other; there must be no circle."""

    @cache
    def height(name: str) -> int:
        return 1 + max((height(each) for each in edges.get(name, ())), default=0)

    return max(map(height, edges))


def repeated_classes(modules: Modules) -> list[str]:
    """Class names that occur twice in the package, private ones too."""
    return _repeated((node.name, name) for name, tree in modules.items() for node in _classes(tree))


def _classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def repeated_stems(modules: Modules, packages: Collection[str]) -> list[str]:
    """File names that occur twice, except for files named for their use and mirrors of contracts."""
    kept = [name for name in modules if name not in packages and room(name) not in _NAMED_FOR_USE]
    return _repeated((name.split(".")[-1], name) for name in kept)


def _repeated(pairs: Iterator[tuple[str, str]]) -> list[str]:
    places: dict[str, list[str]] = defaultdict(list)
    for name, place in pairs:
        places[name].append(place)
    return [f"{name}: {', '.join(found)}" for name, found in sorted(places.items()) if len(found) > 1]
