"""Published cases of fixed-point arithmetic, exact."""

from collections.abc import Callable, Iterator
from typing import Any

from crossvault.mirror import exp, fixed
from crossvault.mirror.fixed import WAD
from published import Case


def truncated(numerator: int, factor: int, divisor: int) -> int:
    """numerator * factor / divisor toward zero, divisor positive."""
    negative = (numerator < 0) != (factor < 0)
    return (fixed.mul_div_ceil if negative else fixed.mul_div_floor)(numerator, factor, divisor)


ARITHMETIC: dict[str, Callable[..., int]] = {
    "mulDiv": fixed.mul_div_down,
    "mulDivUp": fixed.mul_div_up,
    "fullMulDiv": fixed.mul_div_down,
    "fullMulDivUp": fixed.mul_div_up,
    "fullMulDivUnchecked": fixed.mul_div_down,
    "fullMulDivN": lambda a, b, n: fixed.mul_div_down(a, b, 2**n),
    "mulWad": lambda a, b: fixed.mul_div_down(a, b, WAD),
    "mulWadUp": lambda a, b: fixed.mul_div_up(a, b, WAD),
    "divWad": lambda a, b: fixed.mul_div_down(a, WAD, b),
    "divWadUp": lambda a, b: fixed.mul_div_up(a, WAD, b),
    "sMulWad": lambda a, b: fixed.part(a, b) if b >= 0 else truncated(a, b, WAD),
    "sDivWad": lambda a, b: truncated(a, WAD, b) if b > 0 else truncated(-a, WAD, -b),
    "sqrt": fixed.sqrt_down,
    "sqrtWad": lambda a: fixed.sqrt_down(a * WAD),
    "abs": fixed.abs,
    "expWad": exp.exp,
    "lnWad": exp.ln,
}


def fixed_point_cases(content: dict[str, Any]) -> Iterator[Case]:
    for function, rows in content["functions"].items():
        for number, row in enumerate(rows):
            name = f"{function}-{number}"
            if function not in ARITHMETIC:
                yield Case(name, None, f"nothing here is {function}")
                continue

            def check(function: str = function, row: dict[str, Any] = row) -> None:
                assert ARITHMETIC[function](*map(int, row["args"])) == int(row["expected"])

            yield Case(name, check)
