"""Options of the whole suite, and how it is spread over several processes."""

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Generator

import pytest

import profiles
import turns

collect_ignore_glob = [
    "findings/*.scenario.yaml",  # attacks that tests/judge plays: a mended one no longer ends as it states
    "incidents/*.scenario.yaml",  # attacks on a vault with a planted fault
]


os.environ.pop("COLUMNS", None)  # readline puts it there unseen, and the processes of xdist would inherit it

# what pytest rewrites is kept for the next process, whatever the shell is set to: it takes longer than all imports
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--contracts DIR` lets the random walks drive another directory of contracts, as `crossvault run` does."""
    parser.addoption("--contracts", default=None, help="a directory of contracts for the random walks")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Two processes more than there are processors where slow tests run, for some of them wait for a chain's clock.

    PYTEST_XDIST_AUTO_NUM_WORKERS, which xdist reads, sets another number.
    """
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    has_slow: bool = config.option.markexpr != "not slow"
    return (os.cpu_count() or 1) + 2 * has_slow


def pytest_configure(config: pytest.Config) -> None:
    """Settles how much is tried before the first law is read."""
    profiles.choose(config.option.markexpr)
    if hasattr(config, "workerinput"):
        threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()


def pytest_collection_finish() -> None:
    """Spares what is imported and collected from the garbage collector, for it stays until the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Collects once, as pytest does five times at its end, with all that the tests have kept."""
    gc.collect()
    gc.freeze()


def _end_with(parent: int) -> None:
    """Ends a process of xdist after the one that spreads the tests, which a signal may have ended within a test."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Under `--dist loadgroup` a file stays in one process, but for slow tests, and what takes long begins first."""
    if profiles.chosen() is not profiles.PROFILES["campaign"]:
        _leave_out(config, items)
    is_spread = getattr(config.option, "loadgroup", False)
    for item in items if is_spread else ():
        if not turns.is_single(item):
            item.add_marker(pytest.mark.xdist_group(turns.path_of(item)))
    yield
    if is_spread:  # what is left of them
        items[:] = turns.in_turn(items)


def _leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects what only a campaign plays."""
    heavy = [item for item in items if item.get_closest_marker("campaign")]
    if heavy:
        config.hook.pytest_deselected(items=heavy)
        items[:] = [item for item in items if item not in heavy]
