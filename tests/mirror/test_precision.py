"""The largest errors on many random inputs, against arithmetic with many digits.

CROSSVAULT_SAMPLES of them; else 5,000, and 50,000 new ones in a campaign.
"""

import os
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from mpmath import exp as exact_exp, log as exact_log, mp, ncdf

from crossvault.mirror import exp, normal, option
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.option import YEAR, OptionTerms
from precise import DIGITS, black, real
from profiles import chosen, source

SAMPLES = int(os.environ.get("CROSSVAULT_SAMPLES") or 5 * chosen().argument_sets)

Error = Callable[[Random], tuple[Any, Any]]  # draws an input -> its error as a part of the bound, the input


def of_exp(random: Random) -> tuple[Any, Any]:
    x = random.randint(-41 * WAD, 135 * WAD)
    with mp.workdps(2 * DIGITS):
        wanted = exact_exp(real(x)) * WAD
        return abs(exp.exp(x) - wanted) / (1 + wanted * 3 / 10**20), x


def of_ln(random: Random) -> tuple[Any, Any]:
    x = random.getrandbits(random.randint(1, 255)) or 1
    return abs(exp.ln(x) - exact_log(real(x)) * WAD) / 2, x


def of_cdf(random: Random) -> tuple[Any, Any]:
    x = random.randint(-9 * WAD, 9 * WAD)
    return abs(normal.cdf(x) - ncdf(real(x)) * WAD) / 2, x


def of_price(random: Random) -> tuple[Any, Any]:
    """Half are inputs as traded, half are any inputs within the bounds of the doors."""
    if random.random() < 0.5:
        forward = 10 ** random.randint(12, 26) + random.getrandbits(40)
        strike = int(forward * 2 ** random.gauss(0, 0.5)) % CAP
        terms = OptionTerms(forward, strike, random.randint(WAD // 100, 6 * WAD), random.randint(1, 3 * YEAR), WAD)
    else:
        forward, strike, vol = (random.getrandbits(random.randint(1, 96)) for _ in range(3))
        terms = OptionTerms(forward, strike, vol, random.getrandbits(random.randint(1, 40)), WAD)
    terms = terms._replace(is_call=random.random() < 0.5)
    call, put = (option.price(terms._replace(is_call=each)) for each in (True, False))
    assert call - put == terms.forward_wad - terms.strike_wad, terms
    allowed = min(terms.forward_wad, terms.strike_wad) / 10**17 + 2
    return abs(option.price(terms) - black(terms)) / allowed, terms


@pytest.mark.slow
@pytest.mark.parametrize("error", [of_exp, of_ln, of_cdf, of_price], ids=lambda each: each.__name__)
def test_no_error_is_larger_than_stated(error: Error) -> None:
    random = Random(source(error.__name__))
    with mp.workdps(DIGITS):
        largest = max((error(random) for _ in range(SAMPLES)), key=lambda found: found[0])
    print(f"{error.__name__}: {float(largest[0]):.4f} of what is allowed, at {largest[1]}")
    assert largest[0] <= 1
