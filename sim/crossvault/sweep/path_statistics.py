"""Statistics of a replay: liquidation rates, losses, and their standard errors."""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from crossvault.sweep.account_arrays import Flags
from crossvault.sweep.population import Floats


class PathStatistics(NamedTuple):
    """Results of books held in one way on the paths of one regime.

    capital [owners]: initial. touched, lost, short [paths, owners]: whether any position was liquidated, the loss
    realised with it, and its part beyond the capital. profit [paths, owners]: of the book at the end of the path.
    closed [paths]: share of all positions that was liquidated.
    """

    capital: Floats
    touched: Flags
    lost: Floats
    short: Floats
    profit: Floats
    closed: Floats

    @property
    def touched_pct(self) -> Floats:
        """Share of books that were liquidated [paths]."""
        found: Floats = 100 * self.touched.mean(axis=1)
        return found

    @property
    def lost_pct(self) -> Floats:
        """Loss in liquidations as a share of all capital [paths]."""
        found: Floats = 100 * self.lost.sum(axis=1) / self.capital.sum()
        return found

    def row(self) -> dict[str, Any]:
        """Figures per book or as shares of all capital over all paths; the median is over liquidated books."""
        paths = np.broadcast_to(self.capital, self.lost.shape)
        hit = self.touched & (paths > 0)
        parts = 100 * self.lost[hit] / paths[hit]
        return {
            "capital_usd": round(float(self.capital.mean()), 2),
            "liquidated_pct": round(float(self.touched_pct.mean()), 2),
            "liquidated_error_pct": standard_error(self.touched_pct),
            "positions_closed_pct": round(100 * float(self.closed.mean()), 2),
            "lost_usd": round(float(self.lost.mean()), 2),
            "lost_pct_of_capital": round(float(self.lost_pct.mean()), 3),
            "lost_error_pct": standard_error(self.lost_pct),
            "net_loss_usd": round(float(np.maximum(0.0, -self.profit).mean()), 2),
            "net_loss_pct_of_capital": round(
                100 * float(np.maximum(0.0, -self.profit).mean() / self.capital.mean()), 3
            ),
            "median_loss_pct_where_liquidated": round(float(np.median(parts)), 1) if len(parts) else None,
            "shortfall_usd": round(float(self.short.mean()), 2),
            "shortfall_pct_of_capital": round(100 * float(self.short.mean() / self.capital.mean()), 4),
        }


def change(calm: PathStatistics, broken: PathStatistics) -> dict[str, Any]:
    """Difference made by a correlation breakdown on the same draws [points of per cent], with its standard error."""
    more, lost = broken.touched_pct - calm.touched_pct, broken.lost_pct - calm.lost_pct
    return {
        "liquidated_points": round(float(more.mean()), 2),
        "liquidated_error_points": standard_error(more),
        "lost_points": round(float(lost.mean()), 2),
        "lost_error_points": standard_error(lost),
    }


def standard_error(of_paths: Floats) -> float | None:
    """Standard error of a mean over paths; a path and its mirror image are one draw. None for a single draw."""
    draws = of_paths[: len(of_paths) // 2 * 2].reshape(-1, 2).mean(axis=1)
    return round(float(draws.std(ddof=1)) / sqrt(len(draws)), 2) if len(draws) > 1 else None
