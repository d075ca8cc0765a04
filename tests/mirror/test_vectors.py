"""Published cases of other projects against the mirror; the same cases meet the chain in `test_published`.

Every file of the folder is read and every case is a test. A case of an unbuilt feature is skipped with a reason.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from places import VECTORS
from published import Case
from vectors import cases_of, files


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
