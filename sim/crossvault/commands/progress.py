"""A bar with the time that is left, on a terminal only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from crossvault.setup.notices import is_drawn

Tick = Callable[[int], None]

_EVERY = 20


@contextmanager
def bar(name: str, expected: int, unit: str = "steps") -> Iterator[Tick]:
    """Yields a function of the count of steps (or units) so far, which draws a bar where progress is drawn."""
    if not is_drawn():
        yield lambda steps: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TextColumn(f"{unit}, left:"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(name, total=max(1, expected))

        def tick(steps: int) -> None:
            if steps % _EVERY == 0 or unit != "steps":
                progress.update(task, completed=steps, total=max(expected, steps))

        yield tick
