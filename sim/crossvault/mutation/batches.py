"""Batch compilation of mutants: many in one source behind switches, the others one by one.

Many combined mutants are optimised, since they are compiled once and played often. Few of them, and separate ones, are
not: that takes a third of the time and changes no result of a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import SETTINGS, CompileFailed, Sources, imports, reached, standard_input, standard_json
from crossvault.evm.deploy import MODULES
from crossvault.evm.search_evm import is_in_process
from crossvault.mutation.mutants import Mutant, mutated
from crossvault.mutation.schemata import SWITCH, SWITCH_UNIT, SchemataSource, combine
from crossvault.setup import install, toolchain

COMBINED, SEPARATE = 400, 8  # mutants per run of solc
_MANY = 100  # combined ones, from which on the time to play them is more than that of the optimizer

_FOLDER = "contracts/"
_PROBES = "probes/Probe"
Numbered = Sequence[tuple[int, Mutant]]


@dataclass(frozen=True)
class MutantBuild:
    """A build with mutants: combined ones are selected by the switch, a separate one is always on."""

    build: Build
    mutants: Numbered
    combined: bool


@dataclass(frozen=True)
class CompiledMutants:
    """Mutants by the way they are compiled, and those that do not compile."""

    combined: Numbered
    separate: Numbered
    refused: Numbered


class MutantCompiler:
    """Compiles mutants of one set of contracts."""

    def __init__(self, sources: Sources, build: Build, is_played_long: bool = False) -> None:
        """build: of the same, unchanged sources. is_played_long: whether few combined mutants are optimised, too."""
        install.ensure()
        self._many = 0 if is_played_long else _MANY
        self.sources = {name: text for name, text in sources.items() if not name.startswith(_PROBES)}
        self.build = build
        self._homes = {name: build.artifacts[name].source for name in MODULES}

    def sorted_by_build(self, mutants: Numbered) -> CompiledMutants:
        """Sorts mutants into combined, separate and refused ones. Raises CompileFailed."""
        has_switch = is_in_process()  # a node has no block variable for it
        left = [each for each in mutants if each[1].site is not None and has_switch]
        separate = [each for each in mutants if each[1].site is None or not has_switch]
        refused: list[tuple[int, Mutant]] = []
        while left and (wrong := self._failing(left)):
            exact = {number for number, is_own in wrong.items() if is_own}
            refused += [each for each in left if each[0] in exact and _is_exact(each[1])]
            separate += [each for each in left if each[0] in wrong and not (each[0] in exact and _is_exact(each[1]))]
            left = [each for each in left if each[0] not in wrong]
        return CompiledMutants(left, separate, refused)

    def batches(self, mutants: CompiledMutants) -> Iterator[MutantBuild]:
        """Yields the builds with their mutants; mutants that do not compile are in none."""
        for some in _parts(mutants.combined, COMBINED):
            yield self._combined_build(some)
        for some in _parts(mutants.separate, SEPARATE):
            yield from self._separate_builds(some)

    def _combined_sources(self, mutants: Numbered) -> dict[str, SchemataSource]:
        by_file: dict[str, list[tuple[int, Mutant]]] = {}
        for each in mutants:
            by_file.setdefault(each[1].file, []).append(each)
        return {file: combine(self.sources[file], some) for file, some in by_file.items()}

    def _failing(self, mutants: Numbered) -> dict[int, bool]:
        """Mutants that fail in a combined source, by number: whether the compiler error is in their own text."""
        combined = self._combined_sources(mutants)
        found: dict[int, bool] = {}
        for error in _errors(self._solc(self._units(combined), {})):
            where = error.get("sourceLocation") or {}
            file = where.get("file", "").removeprefix(_FOLDER)
            if file not in combined:
                raise CompileFailed(error["formattedMessage"])
            number = combined[file].mutant_at(where["start"], where["end"])
            if number is not None:
                found[number] = True
            else:
                found |= dict.fromkeys(_around(combined[file], mutants, where["start"]), False)
        return found

    def _combined_build(self, mutants: Numbered) -> MutantBuild:
        """Compiles what depends on a changed file; the code of all other contracts is the original's."""
        homes = self._touched({mutant.file for _, mutant in mutants})
        units = self._units(self._combined_sources(mutants))
        output = self._solc(units, self._wanted("", homes), optimised=len(mutants) >= self._many)
        _require_clean(output)
        return MutantBuild(self._build(output, ""), mutants, True)

    def _separate_builds(self, mutants: Numbered) -> Iterator[MutantBuild]:
        """Yields one build per mutant: files that depend on the changed one are recompiled, all others are shared."""
        units: dict[str, str] = {}
        wanted: dict[str, Any] = {}
        for number, mutant in mutants:
            homes = self._touched({mutant.file})
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

    def _touched(self, files: set[str]) -> dict[str, str]:
        near = reached(self.sources, files)
        return {name: home for name, home in self._homes.items() if home in near}

    def _needed(self, homes: Iterable[str]) -> set[str]:
        """Files with their transitive imports."""
        known, found = imports(self.sources), set(homes)
        while more := set().union(*(known[name] for name in found)) - found:
            found |= more
        return found

    def _units(self, combined: Mapping[str, SchemataSource]) -> dict[str, str]:
        texts = self.sources | {file: each.text for file, each in combined.items()} | {SWITCH_UNIT: SWITCH}
        return {f"{_FOLDER}{name}": text for name, text in texts.items()}

    def _wanted(self, prefix: str, homes: Mapping[str, str]) -> dict[str, Any]:
        return {f"{prefix}{_FOLDER}{home}": {name: ["evm.bytecode.object"]} for name, home in homes.items()}

    def _solc(self, units: Mapping[str, str], wanted: Mapping[str, Any], optimised: bool = False) -> dict[str, Any]:
        request = standard_input(units, {})
        request["settings"]["optimizer"] = {**SETTINGS["optimizer"], "enabled": optimised}
        request["settings"]["outputSelection"] = dict(wanted)
        return standard_json(toolchain.solc(), request)

    def _build(self, output: Mapping[str, Any], prefix: str) -> Build:
        """The original build with the recompiled code."""
        artifacts = dict(self.build.artifacts)
        for name, home in self._homes.items():
            unit = output["contracts"].get(f"{prefix}{_FOLDER}{home}", {})
            if name in unit:
                code = unit[name]["evm"]["bytecode"]["object"]
                artifacts[name] = replace(artifacts[name], bytecode=code, deployed_bytecode="")
        return replace(self.build, artifacts=artifacts)


def _is_exact(mutant: Mutant) -> bool:
    """Whether an error in the combined source is the mutant's own: true where the statement stands unchanged."""
    return mutant.site is not None and mutant.site.kind == "statement"


def _around(combined: SchemataSource, mutants: Numbered, start: int) -> list[int]:
    """The mutants of the functions around an error outside every mutant's text: one of them causes it."""
    before = [number for number, (low, _) in combined.places.items() if low <= start]
    after = [number for number, (low, _) in combined.places.items() if low > start]
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
