"""Mutants compiled: as many as fit in one source woven together, the others each beside the rest of the contracts.

What is woven is optimised: it is compiled once and played often. What is compiled alone is not: that takes a third of
the time and changes nothing that a step can show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crossvault.differential.step import EXCHANGE, VAULT
from crossvault.evm.compiler import (
    SETTINGS,
    Build,
    CompileFailed,
    Sources,
    imports,
    reached,
    standard_input,
    standard_json,
)
from crossvault.evm.deploy import APPRAISER, FEED, POLICY, REGISTRY, STRESS, TELLER
from crossvault.mutation.mutants import Mutant, mutated
from crossvault.mutation.schemata import SWITCH, SWITCH_UNIT, SchemataSource, weave
from crossvault.setup import install, toolchain

WOVEN, ALONE = 400, 8  # mutants in one start of solc

_DEPLOYED = tuple(name.capitalize() for name in (STRESS, TELLER, POLICY, FEED, REGISTRY, APPRAISER, VAULT, EXCHANGE))
_FOLDER = "contracts/"
_PROBES = "probes/Probe"
Numbered = Sequence[tuple[int, Mutant]]


@dataclass(frozen=True)
class MutantBuild:
    """A build that holds mutants: each is what the switch says, or, where there is none, the only one."""

    build: Build
    mutants: Numbered
    woven: bool


@dataclass(frozen=True)
class CompiledMutants:
    """Mutants by how they are compiled, and those that the compiler refuses."""

    woven: Numbered
    alone: Numbered
    refused: Numbered


class MutantCompiler:
    """Compiles mutants of one set of contracts."""

    def __init__(self, sources: Sources, build: Build) -> None:
        """build: of the same sources as they are."""
        install.ensure()
        self.sources = {name: text for name, text in sources.items() if not name.startswith(_PROBES)}
        self.build = build
        self._homes = {name: build.artifacts[name].source for name in _DEPLOYED}

    def sorted(self, mutants: Numbered) -> CompiledMutants:
        """Which mutants can be woven, which are compiled alone, and which are refused. Raises CompileFailed."""
        left = [each for each in mutants if each[1].site is not None]
        alone = [each for each in mutants if each[1].site is None]
        refused: list[tuple[int, Mutant]] = []
        while wrong := self._wrong(left):
            exact = {number for number, is_own in wrong.items() if is_own}
            refused += [each for each in left if each[0] in exact and _is_exact(each[1])]
            alone += [each for each in left if each[0] in wrong and not (each[0] in exact and _is_exact(each[1]))]
            left = [each for each in left if each[0] not in wrong]
        return CompiledMutants(left, alone, refused)

    def batches(self, mutants: CompiledMutants) -> Iterator[MutantBuild]:
        """The builds, one after another, each with its mutants; what a batch refuses is in none."""
        for some in _parts(mutants.woven, WOVEN):
            yield self._woven(some)
        for some in _parts(mutants.alone, ALONE):
            yield from self._alone(some)

    def _weave(self, mutants: Numbered) -> dict[str, SchemataSource]:
        by_file: dict[str, list[tuple[int, Mutant]]] = {}
        for each in mutants:
            by_file.setdefault(each[1].file, []).append(each)
        return {file: weave(self.sources[file], some) for file, some in by_file.items()}

    def _wrong(self, mutants: Numbered) -> dict[int, bool]:
        """The mutants that cannot be woven, by number: whether the compiler's complaint is of their own text."""
        woven = self._weave(mutants)
        found: dict[int, bool] = {}
        for error in _errors(self._solc(self._units(woven), {})):
            where = error.get("sourceLocation") or {}
            file = where.get("file", "").removeprefix(_FOLDER)
            if file not in woven:
                raise CompileFailed(error["formattedMessage"])
            number = woven[file].mutant_at(where["start"], where["end"])
            if number is not None:
                found[number] = True
            else:
                found |= dict.fromkeys(_around(woven[file], mutants, where["start"]), False)
        return found

    def _woven(self, mutants: Numbered) -> MutantBuild:
        output = self._solc(self._units(self._weave(mutants)), self._wanted("", self._homes), optimised=True)
        _require_clean(output)
        return MutantBuild(self._build(output, ""), mutants, True)

    def _alone(self, mutants: Numbered) -> Iterator[MutantBuild]:
        """One build each: what depends on the changed file is its own, the rest that of the whole."""
        units: dict[str, str] = {}
        wanted: dict[str, Any] = {}
        for number, mutant in mutants:
            homes = self._touched(mutant.file)
            texts = self.sources | {mutant.file: mutated(mutant, self.sources[mutant.file])}
            units |= {f"{number}/{_FOLDER}{name}": texts[name] for name in self._needed(homes.values())}
            wanted |= self._wanted(f"{number}/", homes)
        errors = _errors(self._solc(units, {}))
        refused = {int(each["sourceLocation"]["file"].partition("/")[0]) for each in errors}
        left = [each for each in mutants if each[0] not in refused]
        numbers = {str(number) for number, _ in left}
        units = {name: text for name, text in units.items() if name.partition("/")[0] in numbers}
        wanted = {name: each for name, each in wanted.items() if name.partition("/")[0] in numbers}
        output = self._solc(units, wanted) if left else {}
        _require_clean(output)
        for each in left:
            yield MutantBuild(self._build(output, f"{each[0]}/"), [each], False)

    def _touched(self, file: str) -> dict[str, str]:
        near = reached(self.sources, {file})
        return {name: home for name, home in self._homes.items() if home in near}

    def _needed(self, homes: Iterable[str]) -> set[str]:
        """Files, and all that they import."""
        known, found = imports(self.sources), set(homes)
        while more := set().union(*(known[name] for name in found)) - found:
            found |= more
        return found

    def _units(self, woven: Mapping[str, SchemataSource]) -> dict[str, str]:
        texts = self.sources | {file: each.text for file, each in woven.items()} | {SWITCH_UNIT: SWITCH}
        return {f"{_FOLDER}{name}": text for name, text in texts.items()}

    def _wanted(self, prefix: str, homes: Mapping[str, str]) -> dict[str, Any]:
        return {f"{prefix}{_FOLDER}{home}": {name: ["evm.bytecode.object"]} for name, home in homes.items()}

    def _solc(self, units: Mapping[str, str], wanted: Mapping[str, Any], optimised: bool = False) -> dict[str, Any]:
        request = standard_input(units, {})
        request["settings"]["optimizer"] = {**SETTINGS["optimizer"], "enabled": optimised}
        request["settings"]["outputSelection"] = dict(wanted)
        return standard_json(toolchain.solc(), request)

    def _build(self, output: Mapping[str, Any], prefix: str) -> Build:
        """The whole with the code that was compiled anew."""
        artifacts = dict(self.build.artifacts)
        for name, home in self._homes.items():
            unit = output["contracts"].get(f"{prefix}{_FOLDER}{home}", {})
            if name in unit:
                code = unit[name]["evm"]["bytecode"]["object"]
                artifacts[name] = replace(artifacts[name], bytecode=code, deployed_bytecode="")
        return replace(self.build, artifacts=artifacts)


def _is_exact(mutant: Mutant) -> bool:
    """Whether a complaint of the woven text is one of the mutant: it is, where a statement stands as it would alone."""
    return mutant.site is not None and mutant.site.kind == "statement"


def _around(woven: SchemataSource, mutants: Numbered, start: int) -> list[int]:
    """The mutants of the functions before and after a place: one of them makes a complaint that is of none's text."""
    before = [number for number, (low, _) in woven.places.items() if low <= start]
    after = [number for number, (low, _) in woven.places.items() if low > start]
    near = {*before[-1:], *after[:1]}
    places = {mutant.id.rsplit(":", 2)[0] for number, mutant in mutants if number in near}
    return [number for number, mutant in mutants if mutant.id.rsplit(":", 2)[0] in places]


def _errors(output: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [each for each in output.get("errors", []) if each["severity"] == "error"]


def _require_clean(output: Mapping[str, Any]) -> None:
    if errors := _errors(output):
        raise CompileFailed("\n".join(each["formattedMessage"] for each in errors[:3]))


def _parts(mutants: Numbered, most: int) -> Iterator[Numbered]:
    for start in range(0, len(mutants), most):
        yield mutants[start : start + most]
