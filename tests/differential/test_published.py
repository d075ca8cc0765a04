"""Published cases of portfolio margin and of correlated risks, computed by the probes on a node."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from crossvault.evm.codec import camel
from crossvault.mirror.refusal import Refusal
from places import VECTORS
from probing import Probes, started
from published import Case
from vectors_correlation import correlation_cases, is_correlation
from vectors_portfolio import Query, is_portfolio, portfolio_cases

probes = pytest.fixture(started, scope="module")


def probe_query(probes: Probes) -> Query:
    """A query that calls the probe of a mirror module instead of the mirror."""

    def query(module: Any, function: str, args: dict[str, Any]) -> Any:
        probe = f"Probe{module.__name__.rpartition('.')[2].capitalize()}"
        [answer] = probes.query(probe, camel(function), [args])
        assert not isinstance(answer, Refusal), answer
        return answer if len(answer) > 1 else answer[0]

    return query


def forms() -> Iterator[Any]:
    """The files of either form, with the reader of their cases."""
    for path in sorted(VECTORS.rglob("*.json")):
        content = json.loads(path.read_text(encoding="utf8"))
        for fits, cases in ((is_correlation, correlation_cases), (is_portfolio, portfolio_cases)):
            if fits(content):
                yield pytest.param(partial(cases, content), id=path.stem)


@pytest.mark.slow
@pytest.mark.parametrize("cases", forms())
def test_every_vector_holds_on_the_chain(probes: Probes, cases: Callable[[Query], Iterator[Case]]) -> None:
    for case in cases(probe_query(probes)):
        assert case.check is not None
        case.check()
