"""Options of the whole suite, and how it is spread over several processes."""

from collections.abc import Generator

import pytest

import profiles

_LONGEST = "test_broken.py"  # its stories are recorded once, for all that it judges


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--contracts DIR` lets the random walks drive another directory of contracts, as `crossvault run` does."""
    parser.addoption("--contracts", default=None, help="a directory of contracts for the random walks")


def pytest_configure(config: pytest.Config) -> None:
    """Settles how much is tried before the first law is read."""
    profiles.choose(config.option.markexpr)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Under `--dist loadgroup` a file stays in one process, but for its slow tests, and what takes long begins first.

    One process begins with what compiles the contracts, the others meanwhile with the laws of the mirror.
    """
    if profiles.chosen() is not profiles.PROFILES["campaign"]:
        _leave_out(config, items)
    is_spread = getattr(config.option, "loadgroup", False)
    for item in items if is_spread else ():
        if not _is_single(item):
            item.add_marker(pytest.mark.xdist_group(item.path.relative_to(config.rootpath).as_posix()))
    yield
    if is_spread:  # what is left of them
        items[:] = _in_turn(items)


def _leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects what only a campaign plays."""
    heavy = [item for item in items if item.get_closest_marker("campaign")]
    if heavy:
        config.hook.pytest_deselected(items=heavy)
        items[:] = [item for item in items if item not in heavy]


def _in_turn(items: list[pytest.Item]) -> list[pytest.Item]:
    units: dict[str, list[pytest.Item]] = {}
    for item in items:
        units.setdefault(item.nodeid if _is_single(item) else item.path.as_posix(), []).append(item)
    ordered = sorted(units.values(), key=_turn)
    first = [unit for unit in ordered if unit[0].path.parent.name == "differential"][:1]
    others = sorted(ordered, key=lambda unit: unit[0].path.parent.name != "mirror")
    return [item for unit in (*first, *(unit for unit in others if unit not in first)) for item in unit]


def _is_single(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None and item.path.name != _LONGEST


def _turn(unit: list[pytest.Item]) -> int:
    """When a unit begins: the longest, then what is slow, then the rest as collected."""
    if unit[0].path.name == _LONGEST:
        return 0
    return 1 if _is_single(unit[0]) else 2
