"""Bands of trades: probe and mirror return equal prices and distances."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from crossvault.mirror import band
from ledgers import Drawn, draw_any, draw_quoted, draw_setup
from probing import Probes, assert_equal, started
from test_books import on_ledger


def draw_quotable(random: Random) -> Drawn:
    """An instrument of any expiry, also a settled one, or a number that is no instrument."""
    if random.random() < 0.7:
        return draw_quoted(random)
    setup = draw_setup(random)
    return {"self": setup, "instrument": draw_any(random, setup)}


BAND: dict[str, tuple[Any, Any]] = {
    "quotation": (draw_quotable, on_ledger(band.quotation)),
}

probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize("function", BAND)
def test_probe_and_mirror_have_the_same_band(probes: Probes, function: str) -> None:
    parameters, mirror = BAND[function]
    assert_equal(probes, "ProbeBand", function, parameters, mirror)
