"""V33 of surfaces: what a guard lets through, by paper; a contract and mirror that let more through are red."""

from __future__ import annotations

import pytest

from code_planting import planted_code
from crossvault.differential import doors
from crossvault.judge.surface_moves import is_close
from crossvault.mirror.fixed import WAD
from crossvault.mirror.oracle import PriceGuard
from crossvault.mirror.surface import Svi
from judged_market import DAY, EXPIRY, FEEDER, JudgedMarket

GUARD = PriceGuard(max_jump=WAD // 10, confirm_secs=60, surface_move=WAD // 4)
WEEK = 7 * DAY


def flat(vol_pct: int, slope: int = 0, rho: int = 0) -> Svi:
    """A surface of one vol, whose smile starts there: a week of 365 / 7 in a year."""
    return Svi(vol_pct**2 * WAD * 7 // 3_650_000, slope, rho, 0, 0, WEEK, 2_000 * WAD)


def after_print(market: JudgedMarket, svi: Svi, secs: int = 0) -> tuple[bool, bool]:
    """Whether a print so many seconds later is in force, and whether one waits; no rule is red."""
    market.at += secs
    assert show(market, svi) == [], market.found
    curve = market.books.curve(0, EXPIRY)
    assert curve is not None
    return curve.svi == svi, curve.watch[3] != 0


def show(market: JudgedMarket, svi: Svi) -> list[str]:
    """The rules that a print of a surface breaks."""
    return market.do(
        doors.publish_surface, FEEDER, underlying=0, expiry=EXPIRY, svi=svi, confidence_wad=WAD, published_at=market.at
    )


def started() -> JudgedMarket:
    """A market whose vol was 72 %, is 80 %, and whose base is that."""
    market = JudgedMarket(GUARD)
    assert after_print(market, flat(80)) == (True, False)
    assert after_print(market, flat(80), 60) == (True, False)
    return market


def test_prints_of_one_minute_move_a_vol_by_a_quarter() -> None:
    """From 80 %: 99 % is in force, 101 % is beyond 100 % until the base is a minute old and 99 %."""
    market = started()
    assert after_print(market, flat(99), 1) == (True, False)
    assert after_print(market, flat(101), 1) == (False, True)
    assert after_print(market, flat(101), 58) == (True, False)


def test_a_jump_waits_for_a_print_near_itself() -> None:
    market = started()
    assert after_print(market, flat(300), 100) == (False, True)
    assert after_print(market, flat(290), 59) == (False, True)
    assert after_print(market, flat(290), 1) == (True, False)


def test_a_print_elsewhere_waits_anew_and_one_that_lapsed_confirms_none() -> None:
    market = started()
    assert after_print(market, flat(300), 100) == (False, True)
    assert after_print(market, flat(150), 60) == (False, True)
    heartbeat = market.books.underlyings[0].options.heartbeat_secs
    assert after_print(market, flat(150), 60 + heartbeat + 1) == (False, True)
    assert after_print(market, flat(150), 60) == (True, False)


def test_each_wing_is_bounded_beside_the_vol() -> None:
    """From slopes of 0.1 those of 0.124 pass; then a skew of 26 % passes on neither side, and one of 24 % does."""
    market = started()
    assert after_print(market, flat(80, WAD // 10), 100) == (False, True)
    assert after_print(market, flat(80, WAD // 10), 60) == (True, False)
    assert after_print(market, flat(80, 124 * WAD // 1_000), 100) == (True, False)
    assert after_print(market, flat(80, 124 * WAD // 1_000, -26 * WAD // 100), 100) == (False, True)
    assert after_print(market, flat(80, 124 * WAD // 1_000, 24 * WAD // 100), 100) == (True, False)


def test_the_judge_leaves_open_what_the_error_of_vols_decides() -> None:
    """A quarter above 80 % is 100 %: an error of total variance decides on which side of the bound it is."""
    at_bound, strike = flat(100), 2_000 * WAD
    assert is_close(at_bound, flat(80), strike, WAD // 4) is None
    assert is_close(flat(99), flat(80), strike, WAD // 4) is True
    assert is_close(flat(101), flat(80), strike, WAD // 4) is False


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("guard.surface_move == 0", "guard.surface_move <= 10**18"),
        (" and is_near(svi, watch.base, strike_wad, part_wad)", ""),
        ("if is_kept and now >= watch.waiting_at + guard.confirm_secs", "if is_kept"),
    ],
)
def test_a_mistake_of_both_sides_is_red(was: str, becomes: str) -> None:
    with planted_code("crossvault.mirror.smile", was, becomes):
        market = JudgedMarket(GUARD)
        found = []
        for vol_pct, secs in ((80, 100), (80, 1), (80, 60), (99, 1), (120, 1), (145, 1)):
            market.at += secs
            found += show(market, flat(vol_pct))
    assert "V33" in found
