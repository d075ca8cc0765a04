"""What the differential tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from probing import Probes


@pytest.fixture(scope="module")
def probes(request: pytest.FixtureRequest) -> Iterator[Probes]:
    """A node with the probes of the directory given with --contracts, or of the contracts that ship."""
    given = request.config.getoption("--contracts")
    made = Probes(Path(given) if given else None)
    yield made
    made.close()
