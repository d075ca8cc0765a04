"""The study of capital efficiency: drawn from its seed, by accounts that the exact engine knows, along fair paths."""

import json
from pathlib import Path

import numpy as np
import pytest

from sim.__main__ import main
from sim.commands.exits import USAGE
from sim.mirror.account import STANDARD
from sim.sweep import books, exact, floats, replay, study
from sim.sweep.books import KINDS


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "REPLAYED", 40)
    monkeypatch.setattr(study, "PATHS", 2)


def test_the_study_is_that_of_its_seed(small: None) -> None:
    one, again, other = (study.study(120, 2, seed) for seed in (3, 3, 4))
    assert one == again != other
    json.dumps(one)
    assert {row["kind"] for row in one["efficiency"]} == {*KINDS, "all"}
    assert [(row["correlation"], row["held"]) for row in one["replay"]] == [
        (regime, held) for regime in replay.REGIMES for held in replay.HOLDERS
    ]


def test_isolated_and_cross_have_the_same_capital_and_lean_has_less(small: None) -> None:
    isolated, cross, lean = (row["capital_usd"] for row in study.study(120, 2, 3)["replay"][:3])
    assert isolated == cross > lean > 0


def test_one_position_saves_nothing_by_standard_margin(small: None) -> None:
    """Of a directional book on one underlying."""
    found = {(row["kind"], row["method"]): row for row in study.study(200, 1, 5)["efficiency"]}
    assert found["directional", "standard"]["capital_multiplier"] == 1.0
    assert found["basis", "standard"]["tenth_pct"] > 80
    assert found["basis", "portfolio"]["requirement_median_pct"] > 80


def test_capital_is_where_initial_margin_is_met() -> None:
    """By the exact engine: with that equity and nothing else the margin is zero, to what floats hold."""
    of = books.a_market(2, 1)
    population, _ = books.a_population(of, 60, 1, [each for each in KINDS if each != "covered"])
    for side in replay.sides_of(of, population):
        capital = side.capital / replay.BUFFER
        figures = floats.Engine(of).figures(side.population)
        assert figures.equity == pytest.approx(side.capital, rel=1e-9, abs=1e-6)
        assert figures.capital == pytest.approx(capital, rel=1e-9, abs=1e-6) or side.name == "cross"
        told = exact.Engine(of).metrics(side.population)
        assert all(each.free_collateral_wad > 0 for each, has in zip(told, side.capital, strict=True) if has > 1e-3)


def test_a_path_leaves_the_market_as_it_was() -> None:
    of = books.a_market(2, 1)
    before = floats.Engine(of).quotes.marks
    seen = [floats.Engine(each).quotes.index for each in replay.along(of, replay.moves(1, 0, 2, "holds"))]
    assert len(seen) == replay.STEPS and not np.allclose(seen[0], seen[-1])
    assert (floats.Engine(of).quotes.marks == before).all()


def test_regimes_share_their_draws_and_differ_in_direction() -> None:
    holds, breaks = (replay.moves(1, 0, 2, each) for each in replay.REGIMES)
    assert (holds == breaks).all(axis=0).sum() == 1

    plain = replay.VOL**2 * replay.STEP_SECS / (365 * 86_400)
    shared = replay.COUPLING * (plain + replay.JUMP_RATE * replay.JUMP**2)  # jumps are of the shared factor
    expected = shared / (shared + (1 - replay.COUPLING) * plain)
    for regime, sign in zip(replay.REGIMES, (1, -1), strict=True):
        paths = [np.diff(replay.moves(1, path, 2, regime), axis=0) for path in range(300)]
        assert np.corrcoef(np.concatenate(paths).T)[0, 1] == pytest.approx(sign * expected, abs=0.06)


def test_every_kind_of_book_is_what_it_is_called() -> None:
    of = books.a_market(3, 2)
    for kind in KINDS:
        population, _ = books.a_population(of, 50, 2, [kind])
        sizes, places = population.sizes.floats(), population.columns % books.PER_UNDERLYING
        assert (np.diff(population.starts) > 0).all(), kind
        if kind == "directional":
            assert (places == 0).all()
        elif kind == "covered":
            assert (sizes < 0).all() and (population.balances.floats().sum(axis=1) > 0).all()
        elif kind in ("basis", "pairs"):
            notional = sizes * floats.Engine(of).quotes.marks[population.columns]
            net, gross = (np.bincount(population.owners(), each, 50) for each in (notional, np.abs(notional)))
            assert (np.abs(net) < gross).all()
    assert (population.modes != STANDARD).all()


def test_the_command_prints_and_draws(small: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "study.svg"
    assert main(["efficiency", "--accounts", "80", "--underlyings", "2", "--out", str(out)]) == 0
    assert "strangles" in capsys.readouterr().out and out.read_text().startswith("<svg")
    assert main(["efficiency", "--accounts", "80", "--underlyings", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accounts"] == 80
    assert main(["efficiency", "--accounts", "0"]) == USAGE
    assert main(["efficiency", "--accounts", "9", "--out", str(tmp_path / "no" / "where.svg")]) == USAGE
