"""Accounts in two parts, of which one is at stale prices: probes and mirror return equal books, times and bounds."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from books import BOOK
from crossvault.mirror import stranded
from crossvault.mirror.account import Image
from drawn_books import draw_held, draw_position_call
from inputs import LINE
from ledgers import Drawn, Setup, draw_position, draw_setup, state
from probing import NOW, Integer, Probes, assert_equal, started
from test_books import on_ledger

# arguments


def draw_print(random: Random) -> Drawn:
    """A print of any time, and a heartbeat that is often its age."""
    age_secs = Integer(0, 2**20).draw(random)
    near = random.choice([age_secs - 1, age_secs, age_secs + 1, 60])
    return {"published_at": random.choice([0, NOW - age_secs, NOW - age_secs]), "heartbeat_secs": max(1, near)}


def draw_instruments(random: Random) -> Drawn:
    """A ledger, and instruments of it or none."""
    setup = draw_setup(random)
    return {"self": setup, "instruments": [draw_position(random, setup) for _ in range(random.choice([0, 1, 3]))]}


def draw_of_a_book(random: Random) -> Drawn:
    """A valued account, and an option on one of its underlyings."""
    late = BOOK.draw(random)
    line = LINE.draw(random)
    return {"late": late, "line": replace(line, underlying=random.randrange(len(late.exposures)))}


# results


def split(self: Setup, held: Image, now: int) -> tuple[stranded.Parts]:
    return (stranded.split(state(self), held, now=now),)


APART: dict[str, tuple[Any, Any]] = {
    "split": (draw_held, split),
    "lastStaleSince": (draw_instruments, on_ledger(stranded.last_stale_since)),
    "staleSince": (draw_position_call, on_ledger(stranded.stale_since)),
    "lateAfter": (draw_print, stranded.late_after),
    "most": ({"late": BOOK}, stranded.most),
    "least": ({"late": BOOK}, stranded.least),
    "ceiling": (draw_of_a_book, stranded.ceiling),
}

probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize("function", APART)
def test_probe_and_mirror_part_an_account_alike(probes: Probes, function: str) -> None:
    parameters, mirror = APART[function]
    assert_equal(probes, "ProbeStranded", function, parameters, mirror)
