"""Expected shortfall of a book: the mean of its worst losses, from the moves of prices over a horizon."""

from __future__ import annotations

import numpy as np

from crossvault.sweep.population import Floats


def expected_shortfall(losses: Floats, level: float) -> float:
    """Mean of the losses beyond a level, such as 0.99: (L1 + … + Lk + (q - k) L(k+1)) / q, q = n (1 - level), k = ⌊q⌋.

    The losses L1 ≥ L2 ≥ … are those of the sample in order; the last one counts in part. Raises ValueError for none.
    """
    if losses.size == 0:
        raise ValueError("there are no losses to average")
    ordered = np.sort(losses)[::-1]
    count = ordered.size * (1 - level)
    whole = min(int(count), ordered.size - 1)
    return float((ordered[:whole].sum() + (count - whole) * ordered[whole]) / count)


def moves(times: Floats, values: Floats, secs: int) -> tuple[Floats, Floats]:
    """Pairs of values that are exactly `secs` apart: before, after. Times rise; a gap makes no pair."""
    later = np.searchsorted(times, times + secs)
    found = later < times.size
    found[found] = times[later[found]] == times[found] + secs
    return values[found], values[later[found]]
