"""Bands of trades: probe and mirror return equal prices and distances."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from crossvault.mirror import band, market
from crossvault.mirror.fixed import WAD
from crossvault.mirror.standard import Exposure
from inputs import EXPOSURE
from ledgers import Drawn, draw_any, draw_quoted, draw_setup
from probing import Integer, Probes, assert_equal, started
from test_books import on_ledger


def draw_quotable(random: Random) -> Drawn:
    """An instrument of any expiry, also a settled one, or a number that is no instrument."""
    if random.random() < 0.7:
        return draw_quoted(random)
    setup = draw_setup(random)
    return {"self": setup, "instrument": draw_any(random, setup)}


def draw_banded(random: Random) -> Drawn:
    """An underlying with a band of the value of its options or without, and a mark of nothing or of any size."""
    exposure = EXPOSURE.draw(random)
    wide = {"trade_band": random.choice([0, WAD // 10, WAD]), "value_band": random.choice([0, 1, WAD // 2, 10 * WAD])}
    exposure.option_risk = exposure.option_risk._replace(**wide)
    return {
        "exposure": exposure,
        "mark_wad": random.choice([0, 1, exposure.index_wad // 100, Integer(0, 2**97 - 1).draw(random)]),
    }


BAND: dict[str, tuple[Any, Any]] = {
    "quotation": (draw_quotable, on_ledger(band.quotation)),
    "optionBand": (draw_banded, band.option_band),
}

probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize("function", BAND)
def test_probe_and_mirror_have_the_same_band(probes: Probes, function: str) -> None:
    parameters, mirror = BAND[function]
    assert_equal(probes, "ProbeBand", function, parameters, mirror)


def test_the_band_of_an_option_on_paper() -> None:
    """An index of 2,000: 5 % of it are 100, 0.1 % are 2; half of a mark of 70 are 35, of one of 300 are 150."""
    risk = market.OptionRisk(trade_band=WAD // 20, value_band=WAD // 2)
    exposure = Exposure(index_wad=2_000 * WAD, option_risk=risk)
    found = [band.option_band(exposure, mark * WAD) // WAD for mark in (0, 70, 300)]
    assert found == [2, 37, 100]
    exposure.option_risk = risk._replace(value_band=0)
    assert [band.option_band(exposure, mark * WAD) // WAD for mark in (0, 70, 300)] == [100, 100, 100]
