"""The example of `conform` with mistakes in it, all in one build: a switch selects each."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from crossvault.conform.adapter import load
from crossvault.conform.subject import Subject, subject
from crossvault.mutation.mutants import CHOICE, STATEMENT, Mutant, MutationSite
from crossvault.mutation.mutations import Edit
from crossvault.mutation.schemata import SWITCH, SWITCH_UNIT, combine
from crossvault.setup.toolchain import PACKAGE

EXAMPLE = PACKAGE / "conform" / "example"
ADAPTER = "perp-vault.adapter.yaml"


class Mistake(NamedTuple):
    """A mistake: in a file an expression, or a statement that ends with a semicolon, becomes another.

    after: the text right before it, where it occurs more than once. clause: what is broken.
    """

    file: str
    after: str
    was: str
    becomes: str
    clause: str


def woven(folder: Path, mistakes: Sequence[Mistake]) -> list[Subject]:
    """The example with each of some mistakes, in their order."""
    for path in EXAMPLE.iterdir():
        shutil.copy(path, folder / path.name)
    (folder / SWITCH_UNIT).write_text(SWITCH, encoding="utf8")
    for file in {each.file for each in mistakes}:
        text = (folder / file).read_text(encoding="utf8")
        made = [(number, _mutant(each, text)) for number, each in enumerate(mistakes, 1) if each.file == file]
        (folder / file).write_text(combine(text, made).text, encoding="utf8")
    sound = subject(f"{folder / 'PerpVault.sol'}:PerpVault", load(folder / ADAPTER, ADAPTER))
    return [replace(sound, mix=number, most_code=2**20) for number in range(1, len(mistakes) + 1)]


def _mutant(each: Mistake, text: str) -> Mutant:
    context = each.after + each.was
    assert text.count(context) == 1, f"{context!r} must occur once in {each.file}"
    start = len(text[: text.index(context) + len(each.after)].encode())
    end = start + len(each.was.encode())
    kind = STATEMENT if each.was.endswith(";") else CHOICE
    site = MutationSite(kind, start, end)
    return Mutant(each.clause, each.file, 1, Edit("planted", start, end, each.becomes), each.was, each.becomes, site)
