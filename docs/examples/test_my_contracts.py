"""Contracts of one's own against the model, in a pytest: `my_contracts/` holds the files that were changed."""

from pathlib import Path

import pytest

import crossvault as cv

CONTRACTS = Path(__file__).parent / "my_contracts"


@pytest.mark.parametrize("story", ["quickstart", "first-liquidation"])
def test_my_contracts_agree_with_the_model(story):
    cv.run(story, contracts=CONTRACTS).require_equal()


def test_random_walks_find_no_difference():
    found = cv.fuzz(contracts=CONTRACTS, steps=200, jobs=1)
    assert found.is_equal, found.differences
