"""The contracts of tests/broken.yaml, all but a few in one build: a switch selects each change.

They are built as mutants are (sim/crossvault/mutation/batches.py).
A change within the body of a function is combined with the original at the smallest statement around it; a change
elsewhere, or one that the compiler refuses in this form, is compiled alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from shutil import copytree
from typing import Any

from crossvault.evm.artifacts import Build
from crossvault.evm.compiler import compile_contracts, contract_sources, syntax_trees
from crossvault.mutation.batches import CompiledMutants, MutantCompiler, Numbered
from crossvault.mutation.mutants import STATEMENT, Mutant, MutationSite
from crossvault.mutation.mutations import Edit, Node, span
from places import ROOT

_SIMPLE = ("ExpressionStatement", "Return", "EmitStatement", "RevertStatement", "Continue", "Break")
_COMPOUND = ("Block", "UncheckedBlock", "IfStatement", "ForStatement", "WhileStatement", "InlineAssembly")
_HEADS = ("initializationExpression", "loopExpression")  # of a loop: no place for a block

Case = Mapping[str, Any]


def planted(cases: Sequence[Case]) -> dict[str, tuple[Build, int]]:
    """The build of each case and the switch that selects it there, by identifier."""
    sources = contract_sources()
    changes = [(number, _change(case, sources[case["file"]])) for number, case in enumerate(cases, 1)]
    compiler = MutantCompiler(sources, compile_contracts(), is_played_long=True)
    sites = _sites(changes)
    numbered = [(number, each._replace(site=sites.get(number))) for number, each in changes]
    parts = compiler.sorted_by_build(numbered)
    parts = CompiledMutants(parts.combined, [*parts.separate, *(_alone(each) for each in parts.refused)], [])
    return {
        mutant.id: (batch.build, number if batch.combined else 0)
        for batch in compiler.batches(parts)
        for number, mutant in batch.mutants
    }


def planted_folder(case: Case, folder: Path) -> Path:
    """A copy of the contracts with the change of a case, in a folder that is not there yet."""
    copytree(ROOT / "contracts", folder)
    source = folder / case["file"]
    text = source.read_text(encoding="utf8")
    assert text.count(case["was"]) == 1, f"{case['id']}: {case['was']!r} must occur once in {case['file']}"
    source.write_text(text.replace(case["was"], case["becomes"]), encoding="utf8")
    return folder


def _change(case: Case, source: str) -> Mutant:
    """A case as a mutant without a site; the edit excludes the common ends of its two texts."""
    was, becomes = case["was"].encode(), case["becomes"].encode()
    assert source.count(case["was"]) == 1, f"{case['id']}: {case['was']!r} must occur once in {case['file']}"
    head = _common(was, becomes)
    tail = min(_common(was[::-1], becomes[::-1]), len(was) - head, len(becomes) - head)
    start = source.encode().index(was)
    edit = Edit("planted", start + head, start + len(was) - tail, becomes[head : len(becomes) - tail].decode())
    line = source.encode()[: edit.start].count(b"\n") + 1
    return Mutant(case["id"], case["file"], line, edit, case["was"], case["becomes"], None)


def _alone(numbered: tuple[int, Mutant]) -> tuple[int, Mutant]:
    number, mutant = numbered
    return number, mutant._replace(site=None)


def _common(one: bytes, other: bytes) -> int:
    """The number of bytes that two texts have in common at the beginning."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _sites(changes: Numbered) -> dict[int, MutationSite]:
    """The sites of changes by their numbers; of two nested sites, the larger one for both."""
    found: dict[int, MutationSite] = {}
    trees, sources = syntax_trees(), contract_sources()
    for file in {each.file for _, each in changes}:
        content, statements = sources[file].encode(), list(_statements(trees[file]))
        chosen = {
            number: site
            for number, each in changes
            if each.file == file and (site := _smallest(each.edit, statements, content))
        }
        for number, site in chosen.items():
            around = [each for each in chosen.values() if each.start <= site.start and site.end <= each.end]
            found[number] = max(around, key=lambda each: each.end - each.start)
    return found


def _smallest(edit: Edit, statements: Sequence[Node], content: bytes) -> MutationSite | None:
    """The smallest statement around an edit that declares nothing for those after it."""
    spans = [(start, _end(end, content)) for each in statements for start, end in [span(each)]]
    around = [each for each in spans if each[0] <= edit.start and edit.end <= each[1]]
    return MutationSite(STATEMENT, *min(around, key=lambda each: each[1] - each[0])) if around else None


def _end(end: int, content: bytes) -> int:
    """The end of a statement, with its semicolon."""
    return end if content[end - 1 : end] in (b";", b"}") else content.index(b";", end) + 1


def _statements(node: Any) -> Iterator[Node]:
    """The statements of all functions of a tree that can be put into a block."""
    if isinstance(node, list):
        for each in node:
            yield from _statements(each)
    elif isinstance(node, dict):
        if node.get("nodeType") in (*_SIMPLE, *_COMPOUND):
            yield node
        for name, value in node.items():
            if name not in _HEADS:
                yield from _statements(value)
