"""Published cases of other projects against the mirror; the same cases meet the chain in `test_published`.

Every file of the folder is read and every case is a test. A case of an unbuilt feature is skipped with a reason.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

import published_accounts
from crossvault.mirror.account import MAX_OPTIONS, MAX_POSITIONS
from places import VECTORS
from published import Case
from vectors import cases_of, files
from vectors_portfolio import held, is_portfolio


def every_case() -> Iterator[Any]:
    for path in files():
        for case in cases_of(path):
            yield pytest.param(case, id=f"{path.relative_to(VECTORS).as_posix()}: {case.name}")
    if not files():
        yield pytest.param(Case("none", None, f"no published cases in {VECTORS}"), id="none")


@pytest.mark.parametrize("case", every_case())
def test_vector(case: Case) -> None:
    if case.check is None:
        pytest.skip(case.why)
    case.check()


def fits(options: int, positions: int) -> bool:
    """Whether an account in portfolio mode may hold so many options among so many positions."""
    return options <= MAX_OPTIONS and positions <= MAX_POSITIONS


def test_how_many_published_portfolio_accounts_fit_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Whole, by the numbers of options and positions; of the folder, which need not exist."""
    contents = (json.loads(path.read_text(encoding="utf8")) for path in files())
    counts = [held(content) for content in contents if is_portfolio(content)]
    fitting, most = sum(fits(*each) for each in counts), max(counts, default=(0, 0))
    with capsys.disabled():
        print(
            f"\n{fitting} of {len(counts)} published portfolio accounts fit whole (at most {MAX_OPTIONS} options among "
            f"{MAX_POSITIONS} positions); the largest has {most[0]} options among {most[1]}"
        )
    assert 0 < fitting <= len(counts) or not counts


def test_the_positions_of_a_published_account_are_counted() -> None:
    assert held(published_accounts.negative_rate()) == (4, 4)
    assert held(published_accounts.heavy_tails()) == (0, 1)
    assert fits(MAX_OPTIONS, MAX_POSITIONS) and not fits(MAX_OPTIONS + 1, MAX_POSITIONS)
    assert not fits(0, MAX_POSITIONS + 1)
