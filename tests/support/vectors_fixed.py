"""Published cases of fixed-point arithmetic, exact."""

from collections.abc import Callable, Iterator
from typing import Any

from crossvault.mirror import fixed
from crossvault.mirror.fixed import WAD
from published import Case, Side


def truncated(numerator: int, factor: int, divisor: int, by: Any = fixed) -> int:
    """numerator * factor / divisor toward zero, divisor positive."""
    negative = (numerator < 0) != (factor < 0)
    found: int = (by.mul_div_ceil if negative else by.mul_div_floor)(numerator, factor, divisor)
    return found


ARITHMETIC: dict[str, Callable[..., int]] = {  # of a side and the arguments of a case
    "mulDiv": lambda of, a, b, c: of.fixed.mul_div_down(a, b, c),
    "mulDivUp": lambda of, a, b, c: of.fixed.mul_div_up(a, b, c),
    "fullMulDiv": lambda of, a, b, c: of.fixed.mul_div_down(a, b, c),
    "fullMulDivUp": lambda of, a, b, c: of.fixed.mul_div_up(a, b, c),
    "fullMulDivUnchecked": lambda of, a, b, c: of.fixed.mul_div_down(a, b, c),
    "fullMulDivN": lambda of, a, b, n: of.fixed.mul_div_down(a, b, 2**n),
    "mulWad": lambda of, a, b: of.fixed.mul_div_down(a, b, WAD),
    "mulWadUp": lambda of, a, b: of.fixed.mul_div_up(a, b, WAD),
    "divWad": lambda of, a, b: of.fixed.mul_div_down(a, WAD, b),
    "divWadUp": lambda of, a, b: of.fixed.mul_div_up(a, WAD, b),
    "sMulWad": lambda of, a, b: of.fixed.part(a, b) if b >= 0 else truncated(a, b, WAD, of.fixed),
    "sDivWad": lambda of, a, b: truncated(a, WAD, b, of.fixed) if b > 0 else truncated(-a, WAD, -b, of.fixed),
    "sqrt": lambda of, a: of.fixed.sqrt_down(a),
    "sqrtWad": lambda of, a: of.fixed.sqrt_down(a * WAD),
    "abs": lambda of, a: of.fixed.abs(a),
    "expWad": lambda of, a: of.exp.exp(a),
    "lnWad": lambda of, a: of.exp.ln(a),
}


def fixed_point_cases(content: dict[str, Any], side: Side) -> Iterator[Case]:
    for function, rows in content["functions"].items():
        for number, row in enumerate(rows):
            name = f"{function}-{number}"
            if function not in ARITHMETIC:
                yield Case(name, None, f"nothing here is {function}")
                continue
            if function == "sqrtWad" and int(row["args"][0]) * WAD >= 2**256:
                yield Case(name, None, "the root of a product beyond uint256, which no contract here takes")
                continue

            def check(function: str = function, row: dict[str, Any] = row) -> None:
                assert ARITHMETIC[function](side, *map(int, row["args"])) == int(row["expected"])

            yield Case(name, check)
