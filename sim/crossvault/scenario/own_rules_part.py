"""The invariants of the user that a file names."""

from __future__ import annotations

from collections.abc import Sequence

from crossvault.differential import own_rules
from crossvault.differential.own_code import OwnCodeError
from crossvault.differential.own_rules import OwnInvariant
from crossvault.scenario.source import SourceFile


def own_invariants(source: SourceFile, written: Sequence[str], folders: tuple[str, ...]) -> tuple[OwnInvariant, ...]:
    """The invariants of `invariants:`; what is wrong with them is noted at its line."""
    known, found = own_rules.of_packages() if written else {}, []
    for place, text in enumerate(written):
        try:
            found += own_rules.named([text], folders, known)
        except OwnCodeError as wrong:
            source.note(("invariants", place), str(wrong))
    return tuple(found)
