"""The instructions of `Fixed` in assembly are the functions that they stand for, for all words.

Where a product is involved a solver cannot decide 256 bits: then for all words of eight bits, one by one. The argument
for any width is in the documentation of `Fixed.mulDivFloor`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

WORDS = 256
SIGNED = range(-128, 128)
LEAST = SIGNED[0]


def wrapped(number: int) -> int:
    """The signed word of a number."""
    return (number - LEAST) % WORDS + LEAST


def sdiv(a: int, b: int) -> int:
    """Signed division of words, toward zero; 0 for a divisor of 0."""
    if b == 0:
        return 0
    quotient = abs(a) // abs(b)
    return wrapped(quotient if (a < 0) == (b < 0) else -quotient)


def smod(a: int, b: int) -> int:
    """Signed remainder of words, with the sign of the dividend; 0 for a divisor of 0."""
    return 0 if b == 0 else (abs(a) % abs(b)) * (-1 if a < 0 else 1)


def is_plain(a: int, b: int) -> bool:
    """The condition of `Fixed.mulDivFloor` for a divisor above zero."""
    z = wrapped(a * b)
    return b == 0 or (sdiv(z, b) == a and z != LEAST)


def without_the_least(a: int, b: int) -> bool:
    """The same, but for the word whose negative is no word: a planted mistake."""
    return b == 0 or sdiv(wrapped(a * b), b) == a


def misjudged(condition: Callable[[int, int], bool]) -> list[tuple[int, int]]:
    """The factors of which a condition does not decide whether their product is a word with a negative."""
    return [(a, b) for a, b in product(SIGNED, SIGNED) if condition(a, b) != (LEAST < a * b < -LEAST)]


def test_a_product_is_plain_exactly_where_it_fits() -> None:
    assert misjudged(is_plain) == []


def test_a_wider_condition_is_found() -> None:
    assert (LEAST, -1) in misjudged(without_the_least)


def test_a_plain_quotient_is_rounded_toward_minus_infinity() -> None:
    assert all(sdiv(z, c) - (smod(z, c) < 0) == z // c for z, c in product(SIGNED[1:], SIGNED[129:]))


@pytest.mark.slow
def test_branchless_instructions_are_their_functions_for_all_words() -> None:
    z3: Any = pytest.importorskip("z3", reason="z3-solver is not installed: the proof for 256 bits needs it")
    a, b = z3.BitVecs("a b", 256)
    one, none = z3.BitVecVal(1, 256), z3.BitVecVal(0, 256)
    sign = a >> 255
    lesser = a ^ ((a ^ b) * z3.If(z3.ULT(b, a), one, none))
    larger = a ^ ((a ^ b) * z3.If(z3.UGT(b, a), one, none))
    claims = {
        "abs": (a + sign) ^ sign == z3.If(a < 0, -a, a),
        "min": lesser == z3.If(z3.ULT(a, b), a, b),
        "max": larger == z3.If(z3.UGT(a, b), a, b),
    }
    for name, claim in claims.items():
        assert refuted(z3, claim) == z3.unsat, name
    assert refuted(z3, lesser == a) == z3.sat  # a claim that does not hold is found


def refuted(z3: Any, claim: Any) -> Any:
    """Whether a solver finds words of which a claim does not hold."""
    solver = z3.Solver()
    solver.set("timeout", 60_000)
    solver.add(z3.Not(claim))
    return solver.check()
