"""The judge's standard margin gives the figures of published portfolios, and figures on paper."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from crossvault.judge.account_value import adjusted_equity, equity
from crossvault.judge.exposures import UnderlyingExposure
from crossvault.judge.standard_margin import expiry_requirement, linear_requirement, standard_requirement
from judged_vectors import Row, is_near, judged_portfolio
from vectors import files
from vectors_standard import is_standard, units_of


def published() -> Iterator[Any]:
    for path in files():
        content = json.loads(path.read_text(encoding="utf8"))
        if is_standard(content):
            yield from (
                pytest.param(case["Scenario"], case["Result"], id=f"{path.stem}-{name}")
                for name, case in content.items()
            )


CASES = list(published())


def test_published_portfolios_are_found_where_the_folder_is() -> None:
    assert len(CASES) > 10 or not files()


@pytest.mark.parametrize(("scenario", "result"), CASES)
def test_margins_of_published_portfolios(scenario: Row, result: Row) -> None:
    held, books = judged_portfolio(scenario)
    for is_initial, name in ((True, "realIM"), (False, "realMM")):
        margin = adjusted_equity(held, is_initial).minus(standard_requirement(held, books, is_initial))
        assert is_near(margin.low, result[name]), (name, margin, result[name])
    assert abs(equity(held).low - result["PortfolioMtM"]) <= abs(result["PortfolioMtM"]) // 10**12 + 10**6
    perps = sum(linear_requirement(each, False) for each in held.exposures.values())
    assert is_near(-perps, result["PerpMargin"])
    for place, unit in enumerate(units_of(scenario)):
        for is_initial, name in ((True, f"{unit}OptionIM"), (False, f"{unit}OptionMM")):
            if name in result:
                assert is_near(-of_options(held.options, books[2 * place], 2 * place, is_initial), result[name])


@pytest.mark.parametrize(("scenario", "result"), CASES)
def test_contingencies_of_published_portfolios(scenario: Row, result: Row) -> None:
    held, books = judged_portfolio(scenario)
    pegged = standard_requirement(held._replace(depeg_rate=0), books, True).low
    without = sum(linear_requirement(each, True) for each in held.exposures.values())
    without += sum(of_options(held.options, book, place, True) for place, book in enumerate(books))
    assert is_near(without - pegged, result["OracleConts"])
    assert is_near(pegged - standard_requirement(held, books, True).low, result["DepegIMs"])


def of_options(options: Any, book: Any, place: int, is_initial: bool) -> int:
    own = [each for each in options if each.underlying == place]
    strips = [[each for each in own if each.expiry == expiry] for expiry in dict.fromkeys(each.expiry for each in own)]
    return sum(expiry_requirement(UnderlyingExposure(book, 0), strip, is_initial).low for strip in strips)
