"""Options of the whole suite."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--contracts DIR` lets the random walks drive another directory of contracts, as `crossvault run` does."""
    parser.addoption("--contracts", default=None, help="a directory of contracts for the random walks")
