"""Records as pages: one HTML file that needs no other."""

from __future__ import annotations

from html import escape
from os import PathLike
from pathlib import Path

from crossvault.differential.ending import BadInput
from crossvault.report.page_files import KEYS, SUFFIXES, page_of, written
from crossvault.report.page_history import RunHistory


class Report:
    """The page of a record, or of two and where they part. Raises BadInput for a file that is no record."""

    def __init__(self, record: str | PathLike[str], other: str | PathLike[str] | None = None) -> None:
        self.records = tuple(Path(each) for each in (record, other) if each is not None)
        pairs = zip(self.records, KEYS, strict=False)
        self._histories = [RunHistory(path, lambda lines: None, key) for path, key in pairs]

    @property
    def differences(self) -> tuple[int, ...]:
        """The step of each record in which the sides differ first; nothing of a record in which they do not."""
        return tuple(each.difference for each in self._histories if each.difference)

    def save(self, path: str | PathLike[str]) -> Path:
        """Writes the page, whole or not at all. Raises BadInput."""
        target = Path(path)
        if target.suffix not in SUFFIXES:
            raise BadInput(f"save: expected a name that ends in {' or '.join(SUFFIXES)}, found {str(path)!r}")
        written(target, page_of(self._histories, ""), "save")
        return target

    def _repr_html_(self) -> str:
        named = " and ".join(f"<code>{escape(str(path))}</code>" for path in self.records)
        return f"<p>The page of {named}: <code>.save('run.html')</code> writes it.</p>"
