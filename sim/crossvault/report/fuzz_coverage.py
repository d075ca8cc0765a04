"""Lines and branches of the contracts that a search has executed: a table, LCOV, and a page with every source.

A line counts once some code of it in the deployed, optimised contracts was executed. Where the optimizer has made one
piece of code of several, reaching it from one of them counts for all. A branch is what follows a condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from html import escape
from typing import Any, NamedTuple

from crossvault.fuzz.blocks import CodeBlocks, Place, SourceLine
from crossvault.report.console import ReportTable, table

_NOT_COUNTED = "by doors: what views alone execute (Lens, Teller, Analyst, Diamond) is not counted"
_STYLE = """
:root { color-scheme: light dark; --hit: #2e7d3233; --miss: #c6282840; --part: #f9a82540; --dim: #8888; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } th, td { text-align: right; padding: .15rem .8rem; }
th:first-child, td:first-child { text-align: left; } a { color: inherit; }
pre { font: 13px/1.45 ui-monospace, monospace; overflow-x: auto; } pre span { display: block; min-width: max-content; }
.hit { background: var(--hit); } .miss { background: var(--miss); } .part { background: var(--part); }
pre i { color: var(--dim); font-style: normal; display: inline-block; width: 4em; text-align: right; }
pre i::after { content: '\\00a0\\00a0'; }
.bar { display: inline-block; width: 10rem; height: .7rem; background: var(--miss); vertical-align: middle; }
.bar b { display: block; height: 100%; background: #2e7d32; }
"""


class FileCoverage(NamedTuple):
    """Counts of a file: lines and branches, in all and reached."""

    lines: int
    lines_hit: int
    branches: int
    branches_hit: int


class Coverage:
    """The code blocks of the contracts, and those that were executed."""

    def __init__(self, code: CodeBlocks, seen: Set[Place]) -> None:
        self._lines, self._hit = code.lines(), code.lines(seen)
        self._branches: dict[SourceLine, list[tuple[bool, bool]]] = {}
        for branch in code.branches:
            no, yes = branch.after
            self._branches.setdefault(branch.line, []).append((no in seen, yes in seen))
        self.files = sorted({line.file for line in self._lines})

    def counts(self, file: str | None = None) -> FileCoverage:
        """The counts of a file, or of all."""
        lines = [line for line in self._lines if file in (None, line.file)]
        ends = [
            end for line, each in self._branches.items() if file in (None, line.file) for pair in each for end in pair
        ]
        return FileCoverage(len(lines), sum(line in self._hit for line in lines), len(ends), sum(ends))

    def table(self) -> ReportTable:
        """A row per file, and one for all."""
        made = table("coverage", ">lines", ">reached", ">branches", ">taken")
        for file in (*self.files, None):
            found = self.counts(file)
            lines, branches = (_percent(found.lines_hit, found.lines), _percent(found.branches_hit, found.branches))
            made.add_row(file or "all", f"{found.lines}", lines, f"{found.branches}", branches)
        made.caption = _NOT_COUNTED
        return made

    def document(self) -> dict[str, Any]:
        """The counts as JSON."""
        return {file or "all": self.counts(file)._asdict() for file in (*self.files, None)}

    def lcov(self, folder: str) -> str:
        """The LCOV of it; a line has the count 1 or 0, as it is known only whether it was reached."""
        return "".join(f"{text}\n" for file in self.files for text in self._lcov(file, f"{folder}/{file}"))

    def _lcov(self, file: str, path: str) -> Iterator[str]:
        found = self.counts(file)
        yield f"SF:{path}"
        for line in sorted(each for each in self._lines if each.file == file):
            for number, pair in enumerate(self._branches.get(line, [])):
                for end, taken in enumerate(pair):
                    yield f"BRDA:{line.number},{number},{end},{int(taken) if line in self._hit else '-'}"
            yield f"DA:{line.number},{int(line in self._hit)}"
        yield from (f"BRF:{found.branches}", f"BRH:{found.branches_hit}", f"LF:{found.lines}", f"LH:{found.lines_hit}")
        yield "end_of_record"

    def page(self, sources: Mapping[str, str]) -> str:
        """One page with a table of the files and the text of each, in colours."""
        rows = "".join(self._row(file) for file in (*self.files, None))
        texts = "".join(self._source(file, sources[file]) for file in self.files)
        head = "<tr><th>file<th>lines<th>reached<th><th>branches<th>taken</tr>"
        return (
            f'<!doctype html><html lang="en"><meta charset="utf8"><meta name="viewport" content="width=device-width">'
            f"<title>Coverage</title><style>{_STYLE}</style><h1>What the search has reached</h1>"
            f'<p><span class="hit">reached</span>, <span class="part">reached, a branch not taken</span>, '
            f'<span class="miss">never reached</span>; {_NOT_COUNTED}'
            f"</p><table>{head}{rows}</table>{texts}</html>\n"
        )

    def _row(self, file: str | None) -> str:
        found = self.counts(file)
        name = f'<a href="#{escape(file)}">{escape(file)}</a>' if file else "all"
        part = 100 * found.lines_hit / max(1, found.lines)
        return (
            f"<tr><td>{name}<td>{found.lines}<td>{_percent(found.lines_hit, found.lines)}"
            f'<td><span class="bar"><b style="width:{part:.1f}%"></b></span>'
            f"<td>{found.branches}<td>{_percent(found.branches_hit, found.branches)}</tr>"
        )

    def _source(self, file: str, text: str) -> str:
        shown = "".join(
            f'<span class="{self._colour(SourceLine(file, number))}"><i>{number}</i>{escape(line) or " "}</span>'
            for number, line in enumerate(text.splitlines(), start=1)
        )
        return f'<h2 id="{escape(file)}">{escape(file)}</h2><pre>{shown}</pre>'

    def _colour(self, line: SourceLine) -> str:
        if line not in self._lines:
            return ""
        if line not in self._hit:
            return "miss"
        return "hit" if all(end for pair in self._branches.get(line, []) for end in pair) else "part"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
