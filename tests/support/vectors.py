"""The folder of published cases: every file, read by the form of its content, for either side."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from places import VECTORS
from published import Case, Query, Side, first_case, model
from vectors_correlation import correlation_cases, is_correlation
from vectors_dydx import dydx_cases
from vectors_fixed import fixed_point_cases
from vectors_options import has_options, mark_cases, option_cases
from vectors_portfolio import is_portfolio, portfolio_cases
from vectors_rates import auction_cases, funding_cases
from vectors_standard import is_standard, standard_cases

UNBUILT = {
    "methods": "rules of other margin systems, without a published account of this form",
    "waterfall": "the vault has no auto-deleveraging and no socialised loss",
    "exotics": "there are no digital and no capped options",
    "risk": "the vault has no expected shortfall and no impact formula",
}


def files() -> list[Path]:
    """The files of the folder, which need not exist."""
    return sorted(VECTORS.rglob("*.json")) if VECTORS.is_dir() else []


def cases_of(path: Path, query: Query = model) -> Iterator[Case]:
    """The cases of a file, put to a side."""
    content = json.loads(path.read_text(encoding="utf8"))
    found = read(content, query)
    if found is not None:
        yield from found
        return
    kind = path.relative_to(VECTORS).parts[0]
    yield Case("all", None, UNBUILT.get(kind, "nothing that is built has this form"))


def read(content: Any, query: Query = model) -> Iterator[Case] | None:
    """The cases of a content; None where nothing that is built has its form."""
    side, first = Side(query), first_case(content)
    if not isinstance(content, dict):
        return None
    if is_portfolio(content):
        return account_cases(content, query)
    if is_correlation(content):
        return correlation_cases(content, query)
    for fits, cases in (
        ("functions" in content, fixed_point_cases),
        ("margin_requirements" in content, dydx_cases),
        ("buffer_margin" in first, auction_cases),
        ("funding_rate_per_hour" in first, funding_cases),
        (is_standard(content), standard_cases),
        (has_options(content), option_cases),
    ):
        if fits:
            return cases(content, side)
    return None


def account_cases(content: dict[str, Any], query: Query) -> Iterator[Case]:
    """The cases of one account in portfolio margin, and of the marks of its options."""
    if "OptionFeeds" in content["Scenario"]:
        yield from mark_cases(content["Scenario"], content["Result"], Side(query))
    yield from portfolio_cases(content, query)
