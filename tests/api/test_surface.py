"""The public API: its names, what its import costs, its documentation, and the exceptions that it raises."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

import crossvault as cv
from crossvault.differential.ending import BadInput
from places import ROOT

NAMES = {
    "Agent", "Chain", "Model", "Portfolio", "Report", "Step", "__version__", "account", "audit", "doors", "errors",
    "fuzz", "load_scenario", "margin", "replay", "run", "shrink", "wad",
}  # fmt: skip
FUNCTIONS = {"audit": "audits", "fuzz": "searches", "margin": "margins", "replay": "replays", "run": "story_runs"}
FUNCTIONS |= {"load_scenario": "story_runs", "shrink": "searches"}


def function(name: str) -> Callable[..., object]:
    """The function behind a name of the API."""
    found: Callable[..., object] = getattr(import_module(f"crossvault.api.{FUNCTIONS[name]}"), name)
    return found


def test_the_surface_is_what_it_was() -> None:
    assert set(cv.__all__) == NAMES and dir(cv) == sorted(NAMES)
    assert all(getattr(cv, name) is not None for name in NAMES)
    assert (ROOT / "sim" / "crossvault" / "py.typed").is_file()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'rnu'"):
        cv.rnu  # noqa: B018  # the access is what is tested


def test_importing_the_package_imports_nothing_of_it_and_no_library() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'sim')!r}); import crossvault; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "crossvault" in loaded and not [each for each in loaded if each.startswith("crossvault.")]
    assert {each.partition(".")[0] for each in loaded} - {"crossvault", "__main__"} <= sys.stdlib_module_names


def test_the_room_of_a_function_is_still_a_package() -> None:
    import crossvault.fuzz.task as task

    assert cv.fuzz.task is task  # type: ignore[attr-defined]  # mypy sees the function
    assert callable(cv.fuzz) and callable(cv.shrink) and callable(cv.audit)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_state_what_they_raise_and_pages_name_them(name: str) -> None:
    text = inspect.getdoc(function(name)) or ""
    assert "Raises BadInput" in text
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf8")
    for parameter in inspect.signature(function(name)).parameters:
        assert f"`{name}(" in page and (parameter in page), parameter


@pytest.mark.parametrize("module", ["story_runs", "margins"])
def test_the_examples_of_docstrings_are_true(module: str) -> None:
    found = doctest.testmod(import_module(f"crossvault.api.{module}"))
    assert found.attempted and not found.failed


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: cv.run("quikstart"), "did you mean 'quickstart'?"),
        (lambda: cv.run("quickstart", contracts="no/such"), "contracts: there is no directory no/such"),
        (lambda: cv.run("quickstart", chain=False, record_to="x"), "have no effect with chain=False"),
        (lambda: cv.run("quickstart", chain=False, invariants=["nothing"]), "'nothing' is no invariant"),
        (lambda: cv.load_scenario("quickstart", overrides={"world.x": "1"}), "unknown field"),
        (lambda: cv.margin("strangel"), "did you mean 'strangle'?"),
        (lambda: cv.margin("strangle", methods=["derib"]), "methods: 'derib' is no method: did you mean 'deribit'?"),
        (lambda: cv.margin("strangle", trades=["ETH-PREP 1"]), "trades: 'ETH-PREP 1'"),
        (lambda: cv.margin({"name": "mine"}), "portfolio:1: prices: is missing"),
        (lambda: cv.replay(ROOT / "README.md"), "README.md:1: no line of a record"),
        (lambda: cv.fuzz(steps=0), "fuzz: length: expected a whole number from 1 to 1,000,000,000, got 0"),
        (lambda: cv.fuzz(steps=1, seconds=1), "fuzz: give steps or seconds, not both"),
        (lambda: cv.fuzz(steps=1, jobs=-1), "fuzz: jobs"),
        (lambda: cv.run("quickstart", chain=False, invariants=[5]), "invariants: 5: expected a function"),  # type: ignore[list-item]  # wrong on purpose
        (lambda: cv.margin("strangle", methods="standard"), "methods: expected a list, such as ['standard']"),
        (lambda: cv.margin("strangle", trades="ETH-PERP +1"), "trades: expected a list, such as ['ETH-PERP +1']"),
        (lambda: cv.load_scenario("quickstart", seed=-1), "seed: expected a whole number from 0 to"),
        (
            lambda: cv.load_scenario("quickstart", overrides={"world.delay": 5}),  # type: ignore[dict-item]  # wrong on purpose
            "overrides: world.delay: expected YAML text, such as '5', got 5",
        ),
        (lambda: cv.audit("http://127.0.0.1:1", "0x12"), "vault: '0x12' is no address"),
        (lambda: cv.audit("ftp://x", "0x" + "1" * 40), "url: "),
        (lambda: cv.shrink("no.yaml"), "no.yaml: there is no such file"),
    ],
)
def test_bad_input_raises_the_documented_exception(call: Callable[[], object], text: str) -> None:
    with pytest.raises(BadInput) as wrong:
        call()
    assert text in str(wrong.value) and wrong.value.exit_code == 2


def test_a_number_of_text_is_exact() -> None:
    assert cv.wad("-1,500.25") == -1_500_250_000_000_000_000_000
    for odd in ("1.2.3", "1 ETH", "", "0.0000000000000000001"):
        with pytest.raises(ValueError):
            cv.wad(odd)


def test_names_are_typed_as_functions(tmp_path: Path) -> None:
    """A type checker sees the functions, where a package has the name of one."""
    source = (ROOT / "sim" / "crossvault" / "__init__.py").read_text(encoding="utf8")
    assert "from crossvault.api.searches import fuzz, shrink" in source
    assert "from crossvault.api.audits import audit" in source
