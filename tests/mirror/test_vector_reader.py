"""The reader of published cases on accounts that show one convention each, whatever the folder of vectors holds."""

from collections.abc import Callable
from typing import Any

import pytest

import published_accounts
from published import Side
from published_accounts import ACCOUNTS
from vectors import read
from vectors_options import mark_vol


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_of_every_convention_is_read(account: Callable[[], dict[str, Any]]) -> None:
    checks = [case.check for case in read(account()) or ()]
    assert len(checks) >= 5
    for check in checks:
        assert check is not None
        check()


def test_a_skew_without_a_cap_is_left_out() -> None:
    """Theirs goes on below 0 and is the worst scenario here: neither it nor the margin is compared, all else is."""
    content = published_accounts.moving_skew()
    content["Parameters"]["SkewShock"]["LINEAR_CBASE"] = -50
    content["Result"] |= {"worst_skew_loss": -9999.0, "worst_all_scenarios": "skew", "IM": -1.0, "MM": -1.0}
    content["Result"]["skew_losses"][0][1] = "-9999"
    checks = {case.name: case.check for case in read(content) or ()}
    for check in checks.values():
        assert check is not None
        check()
    content["Result"]["skew_losses"][1][1] = "-7.5"  # of the other skew, which is compared
    with pytest.raises(AssertionError):
        [check() for name, check in checks.items() if check is not None and name == "scenarios"]


@pytest.mark.parametrize(("strike", "vol"), [(776203.0, 0.700248052621673), (25284.0, 0.8138117756980829)])
def test_a_surface_is_flat_beyond_four_deviations(strike: float, vol: float) -> None:
    """Published marks of case 62; the time of the surface is 2,004,500.0016 seconds."""
    svi = ["0.00747501222223352", "0.060665381044265232", "-0.328198412513659008", "-0.07261800280895024",
           "0.123029393387028608"]  # fmt: skip
    feed = published_accounts.feed(2004452, 96031.88799711196, 0.19, svi, "0.063562278082191784")
    mark_vol(Side(), {"Strike": strike, "MarkVol": vol}, feed)
    with pytest.raises(AssertionError):
        mark_vol(Side(), {"Strike": strike, "MarkVol": vol * (1 + 1e-9)}, feed)


@pytest.mark.parametrize("wrap", [lambda row: [row], lambda row: {"a name": row}])
def test_cases_are_a_list_or_a_mapping(wrap: Callable[[Any], Any]) -> None:
    """A premium of 10 on 1,000 is paid over eight hours: 0.125 % an hour."""
    row = {"index": 1000, "impact_premium_usd": 10, "funding_rate_per_hour": "0.00125"}
    checks = [case.check for case in read({"source": "paper", "cases": wrap(row)}) or ()]
    assert len(checks) == 1 and checks[0] is not None
    checks[0]()


@pytest.mark.parametrize("content", [[], [1], {}, {"cases": []}, {"cases": {}}, {"cases": 1}, {"cases": {"a": 1}}])
def test_an_unknown_form_is_no_error(content: Any) -> None:
    assert read(content) is None
