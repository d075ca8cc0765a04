"""Published cases of other projects against the mirror; the chain is compared with the mirror elsewhere.

Every file of the folder is read and every case is a test. A case of an unbuilt feature is skipped with a reason.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from places import VECTORS
from published import Case
from vectors_correlation import correlation_cases, is_correlation
from vectors_dydx import dydx_cases
from vectors_fixed import fixed_point_cases
from vectors_options import has_options, mark_cases, option_cases
from vectors_portfolio import is_portfolio, portfolio_cases
from vectors_rates import auction_cases, funding_cases
from vectors_standard import is_standard, standard_cases

UNBUILT = {"methods": "rules of other margin systems, without a published account of this form"}


def cases_of(path: Path) -> Iterator[Case]:
    content = json.loads(path.read_text(encoding="utf8"))
    if "functions" in content and path.parent.name == "fixed_point":
        yield from fixed_point_cases(content)
    elif "margin_requirements" in content:
        yield from dydx_cases(content)
    elif "cases" in content and "buffer_margin" in content["cases"][0]:
        yield from auction_cases(content)
    elif "cases" in content and "funding_rate_per_hour" in content["cases"][0]:
        yield from funding_cases(content)
    elif is_standard(content):
        yield from standard_cases(content)
    elif has_options(content):
        yield from option_cases(content)
    elif is_correlation(content):
        yield from correlation_cases(content)
    elif is_portfolio(content):
        if "OptionFeeds" in content["Scenario"]:
            yield from mark_cases(content["Scenario"], content["Result"])
        yield from portfolio_cases(content)
    else:
        where = path.relative_to(VECTORS).with_suffix("").as_posix()
        reasons = [why for start, why in UNBUILT.items() if where.startswith(start)]
        yield Case("all", None, reasons[0] if reasons else "nothing that is built has this form")


def every_case() -> Iterator[Any]:
    files = sorted(VECTORS.rglob("*.json")) if VECTORS.is_dir() else []
    for path in files:
        for case in cases_of(path):
            yield pytest.param(case, id=f"{path.relative_to(VECTORS).as_posix()}: {case.name}")
    if not files:
        yield pytest.param(Case("none", None, f"no published cases in {VECTORS}"), id="none")


@pytest.mark.parametrize("case", every_case())
def test_vector(case: Case) -> None:
    if case.check is None:
        pytest.skip(case.why)
    case.check()
