"""Options of the whole suite, and how it is spread over several processes."""

import pytest

_LONGEST = "test_broken.py"  # its stories are recorded once, for all that it judges


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--contracts DIR` lets the random walks drive another directory of contracts, as `crossvault run` does."""
    parser.addoption("--contracts", default=None, help="a directory of contracts for the random walks")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Under `--dist loadgroup` a file stays in one process, but for its slow tests, and what takes long begins first.

    One process begins with what compiles the contracts, the others meanwhile with the laws of the mirror.
    """
    if not getattr(config.option, "loadgroup", False):
        return
    units: dict[str, list[pytest.Item]] = {}
    for item in items:
        is_single = item.get_closest_marker("slow") is not None and item.path.name != _LONGEST
        units.setdefault(item.nodeid if is_single else item.path.as_posix(), []).append(item)
    first, *others = sorted(units.values(), key=_turn) or [[]]
    others.sort(key=lambda unit: unit[0].path.parent.name != "mirror")
    items[:] = [item for unit in (first, *others) for item in unit]
    for item in items:
        if item.get_closest_marker("slow") is None or item.path.name == _LONGEST:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def _turn(unit: list[pytest.Item]) -> int:
    """When a unit begins: the longest, then what is slow, then the rest as collected."""
    if unit[0].path.name == _LONGEST:
        return 0
    return 1 if unit[0].get_closest_marker("slow") else 2
