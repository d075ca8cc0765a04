"""The rules of the house about steps: only constructors make them, and one loop drives their generators."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from places import ROOT

PACKAGE = ROOT / "sim" / "crossvault"
PYTHON = sorted(path for folder in ("sim", "scripts", "tests") for path in (ROOT / folder).rglob("*.py"))
MAKERS = {PACKAGE / "differential" / f"{name}.py" for name in ("account_doors", "exchange_doors", "governance_doors")}


def made_by_hand(source: str) -> Iterator[int]:
    """The lines that construct a step without a constructor of its door, or that hide the class under a name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            changed = [keyword.arg for keyword in node.keywords]
            if called == "Step" or (called == "replace" and "action" in changed):
                yield node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield from (node.lineno for each in node.names if each.name == "Step" and each.asname)


def driven_by_hand(source: str) -> Iterator[int]:
    """The lines that send something into a generator."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "send":
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id != "self" and len(node.args) == 1 and not node.keywords:
                yield node.lineno


def found(rule: Callable[[str], Iterator[int]], words: tuple[str, ...], but: Iterable[Path]) -> list[str]:
    """The lines of all files but some, with their labels; only files with one of some words are searched."""
    offenders = []
    for path in PYTHON:
        if not {path, *path.parents} & set(but):
            source = path.read_text(encoding="utf8")
            lines = rule(source) if any(word in source for word in words) else ()
            offenders += [f"{path.relative_to(ROOT).as_posix()}:{line}" for line in lines]
    return offenders


def test_only_constructors_of_doors_make_steps() -> None:
    assert found(made_by_hand, ("Step(", "Step as ", "action="), MAKERS) == []


def test_a_step_made_by_hand_is_found() -> None:
    assert len(list(made_by_hand('Step(1, "a", "trade")\nstep.Step(1, "a", "trade")'))) == 2
    assert list(made_by_hand("from crossvault.differential.step import Step as Call")) == [1]
    assert list(made_by_hand('replace(step, action="trade")')) == [1]
    assert list(made_by_hand('replace(step, at=1)\ndoors.pause(1, "a")\nScheduledStep(1)')) == []
    assert all(list(made_by_hand(path.read_text(encoding="utf8"))) for path in MAKERS)


def test_only_one_file_drives_generators_of_steps() -> None:
    assert found(driven_by_hand, (".send(",), {PACKAGE / "differential" / "drive.py"}) == []


def test_a_loop_written_by_hand_is_found() -> None:
    assert list(driven_by_hand("while True:\n    step = steps.send(play(step))")) == [2]
    assert list(driven_by_hand('node.send(sender, to, "0x", GAS)\nself.read(self.send(prepared))')) == []
    assert list(driven_by_hand((PACKAGE / "differential" / "drive.py").read_text(encoding="utf8")))
