"""The published cases of every family, computed by the probes on a node."""

import json
from collections.abc import Callable
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from crossvault.evm.codec import camel
from crossvault.mirror.refusal import Refusal
from places import VECTORS
from probing import Probes, started
from published import Query
from published_accounts import ACCOUNTS
from vectors import files, read

probes = pytest.fixture(started, scope="module")


def probe_query(probes: Probes) -> Query:
    """A query that calls the probe of a mirror module instead of the mirror."""

    def query(module: Any, function: str, args: dict[str, Any]) -> Any:
        probe = f"Probe{module.__name__.rpartition('.')[2].capitalize()}"
        [answer] = probes.query(probe, camel(function), [args])
        assert not isinstance(answer, Refusal), answer
        if len(answer) != 1:
            return answer or None
        hints = get_type_hints(getattr(module, function))
        kind = type(args["self"]) if hints["return"] is type(None) and "self" in args else hints["return"]
        is_struct = is_dataclass(kind) or hasattr(kind, "_fields")
        return kind(*answer[0]) if is_struct else answer[0]

    return query


def play(content: Any, probes: Probes) -> None:
    """Checks every case of a content; skips what is not built, and parameters that no type of the contracts holds."""
    checks = [case.check for case in read(content, probe_query(probes)) or () if case.check is not None]
    if not checks:
        pytest.skip("nothing that is built has this form")
    unfit = ""
    for check in checks:
        try:
            check()
        except ValueError as wrong:  # of the codec
            if "does not fit" not in str(wrong):
                raise
            unfit = str(wrong)
    if unfit:
        pytest.skip(f"beyond the bounds of the vault, all else agrees: {unfit}")


@pytest.mark.slow
@pytest.mark.parametrize("path", [pytest.param(path, id=path.relative_to(VECTORS).as_posix()) for path in files()])
def test_every_vector_holds_on_the_chain(probes: Probes, path: Path) -> None:
    play(json.loads(path.read_text(encoding="utf8")), probes)


@pytest.mark.slow
@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_of_every_convention_holds_on_the_chain(
    probes: Probes, account: Callable[[], dict[str, Any]]
) -> None:
    play(account(), probes)
