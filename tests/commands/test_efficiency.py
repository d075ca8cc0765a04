"""The study of capital efficiency: drawn from its seed, by accounts that the exact engine knows, along fair paths."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossvault.__main__ import main
from crossvault.differential.ending import USAGE
from crossvault.mirror.account import PORTFOLIO, STANDARD
from crossvault.report.efficiency_page import COSTS, TABLES, efficiency_page
from crossvault.report.page import page_text
from crossvault.report.page_data import unpacked
from crossvault.sweep import draws, exact, floats, path_replay, paths, study
from crossvault.sweep.draws import KINDS
from crossvault.sweep.instruments import Market
from crossvault.sweep.path_replay import ReplayedBooks
from crossvault.sweep.path_statistics import PathStatistics, change, standard_error
from crossvault.sweep.population import Amounts, Population
from places import ROOT

SMALL = (
    ReplayedBooks("all but covered", study.UNCOVERED, None, 40, 2),
    ReplayedBooks("pairs", ("pairs",), PORTFOLIO, 20, 4),
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "REPLAYED", SMALL)


@pytest.mark.slow
def test_the_study_is_that_of_its_seed(small: None) -> None:
    one, again, other = (study.study(120, 2, seed) for seed in (3, 3, 4))
    assert one == again != other
    assert {row["kind"] for row in one["efficiency"]} == {*KINDS, "all"}
    assert [(row["books"], row["correlation"], row["held"]) for row in one["replay"]] == [
        (of.name, regime, held) for of in SMALL for regime in paths.REGIMES for held in path_replay.HOLDERS
    ]
    first, same, another = ("".join(page_text(efficiency_page(each))) for each in (one, again, other))
    assert first == same != another


@pytest.mark.slow
def test_isolated_and_cross_have_the_same_capital_and_lean_has_less(small: None) -> None:
    rows = study.study(120, 2, 3)["replay"]
    for each in range(0, len(rows), 3):
        isolated, cross, lean = (row["capital_usd"] for row in rows[each : each + 3])
        assert isolated == cross > lean > 0


def test_one_position_has_one_fate_however_it_is_held() -> None:
    """A pair of one underlying is one position, which no correlation is about."""
    of = draws.random_market(1, 3)
    population, _ = draws.random_population(of, 40, 3, ["pairs"])
    computed = path_replay.replay(of, population, 3, SMALL[1])
    first, *others = computed.values()
    assert first.touched.any() and not first.touched.all()
    for each in others:
        assert (each.touched == first.touched).all() and (each.closed == first.closed).all()
        # sums of the same floats in another order: nine digits of money are left of sixteen
        assert each.lost == pytest.approx(first.lost, rel=1e-9) and each.short == pytest.approx(first.short, abs=1e-9)


def a_pair(of: Market) -> Population:
    """Long 10,000 of the first underlying and short 10,000 of the second, by index."""
    sizes = [sign * 10_000 / (of.state.prices[i].index / 1e18) for i, sign in enumerate((1, -1))]
    nothing = Amounts.of([0])
    return Population(
        np.array([PORTFOLIO]), nothing, Amounts.of([0, 0], (1, 2)), np.array([0, 2]),
        np.array([0, draws.PER_UNDERLYING]), Amounts.of(round(size * 1e18) for size in sizes), Amounts.of([0, 0]),
    )  # fmt: skip


@pytest.mark.parametrize(
    "factors, lost",
    [  # of isolated, cross and lean, over 10,000 times 1.0005, which is mark over index
        ((1.0, 1.0), (0, 0, 0)),
        ((1.3, 1.3), (0.3, 0, 0)),
        ((0.7, 0.7), (0.3, 0, 0)),
        ((0.7, 1.3), (0.6, 0.6, 0.6)),
        ((1.3, 0.7), (0, 0, 0)),
    ],
)
def test_a_pair_survives_as_a_whole_while_its_parts_move_alike(
    factors: tuple[float, float], lost: tuple[float, ...]
) -> None:
    """By arithmetic on paper: the whole loses what its parts lose, and as much of it as is not won by the other."""
    of = draws.random_market(2, 1)
    sides = path_replay.sides_of(of, a_pair(of), PORTFOLIO)
    for at in paths.along(of, np.log([factors])):
        for side, expected in zip(sides, lost, strict=True):
            so_far = path_replay.unliquidated(side)
            path_replay.liquidate(floats.FloatEngine(at), side, so_far)
            # on paper in decimals, summed in floats by the study: nine digits
            assert so_far.lost.sum() == pytest.approx(10_005 * expected, rel=1e-9)
            assert so_far.alive.all() == (expected == 0)
            won = 10_005 * (factors[0] - factors[1])
            # a gain less a loss of about the same size: a millionth of a dollar against nine digits
            assert so_far.profit.sum() == pytest.approx(won, rel=1e-9, abs=1e-6)


def test_a_market_of_what_is_held_states_the_same() -> None:
    of = draws.random_market(3, 4)
    population, _ = draws.random_population(of, 30, 4)
    less, same = path_replay.only_held(of, population)
    assert len(less.instruments) < len(of.instruments)
    for one, other in zip(
        exact.ExactEngine(of).results(population), exact.ExactEngine(less).results(same), strict=True
    ):
        assert one == other


def test_the_figures_of_a_replay_are_those_on_paper() -> None:
    """Two books with 100 and 300, on two draws, each a path and its mirror image."""
    calm = PathStatistics(
        np.array([100.0, 300.0]),
        np.array([[True, False], [False, False], [True, True], [False, False]]),
        np.array([[50.0, 0], [0, 0], [120, 30], [0, 0]]),
        np.array([[0.0, 0], [0, 0], [20, 0], [0, 0]]),
        np.array([[-50.0, 10], [20, -4], [-120, -30], [0, -28]]),
        np.array([0.5, 0, 1, 0]),
    )
    assert calm.row() == {
        "capital_usd": 200.0,
        "liquidated_pct": 37.5,  # of draws: 25 and 50
        "liquidated_error_pct": 12.5,
        "positions_closed_pct": 37.5,
        "lost_usd": 25.0,
        "lost_pct_of_capital": 12.5,  # of draws: 6.25 and 18.75
        "lost_error_pct": 6.25,
        "net_loss_usd": 29.0,  # of 50, 4, 120, 30 and 28, by eight
        "net_loss_pct_of_capital": 14.5,
        "median_loss_pct_where_liquidated": 50.0,  # of 10, 50 and 120
        "shortfall_usd": 2.5,
        "shortfall_pct_of_capital": 1.25,
    }
    broken = calm._replace(touched=np.ones((4, 2), np.bool_), lost=calm.lost * 2)
    assert change(calm, broken) == {
        "liquidated_points": 62.5, "liquidated_error_points": 12.5, "lost_points": 12.5, "lost_error_points": 6.25,
    }  # fmt: skip
    untouched = calm._replace(touched=calm.touched & False).row()
    assert untouched["liquidated_pct"] == 0 and untouched["median_loss_pct_where_liquidated"] is None
    assert standard_error(np.array([1.0, 2.0])) is None


@pytest.mark.slow
def test_one_position_saves_nothing_by_standard_margin(small: None) -> None:
    """Of a directional book on one underlying."""
    found = {(row["kind"], row["method"]): row for row in study.study(200, 1, 5)["efficiency"]}
    assert found["directional", "standard"]["capital_multiplier"] == 1.0
    assert found["basis", "standard"]["tenth_pct"] > 80
    # in 90 days 4.1 % of contingency and 4.69 % of basis, of 41 % for both legs alone, sizes 5 % apart: 78.5 %
    assert found["basis", "portfolio"]["requirement_median_pct"] > 78


def test_capital_is_where_initial_margin_is_met() -> None:
    """With that equity and nothing else the margin is zero, to nine digits of floats or a millionth of a dollar."""
    of = draws.random_market(2, 1)
    population, _ = draws.random_population(of, 60, 1, [each for each in KINDS if each != "covered"])
    for side in path_replay.sides_of(of, population):
        capital = side.capital / path_replay.BUFFER
        figures = floats.FloatEngine(of).figures(side.population)
        assert figures.equity == pytest.approx(side.capital, rel=1e-9, abs=1e-6)
        if side.name != "cross":  # which has the capital that isolated needs, not its own
            assert figures.capital == pytest.approx(capital, rel=1e-9, abs=1e-6)  # floats
        computed = exact.ExactEngine(of).metrics(side.population)
        assert all(each.free_collateral_wad > 0 for each, has in zip(computed, side.capital, strict=True) if has > 1e-3)


def test_a_path_leaves_the_market_as_it_was() -> None:
    of = draws.random_market(2, 1)
    before = floats.FloatEngine(of).quotes.marks
    seen = [floats.FloatEngine(each).quotes.index for each in paths.along(of, paths.moves(1, 0, 2, "holds"))]
    assert len(seen) == paths.STEPS and not np.allclose(seen[0], seen[-1])
    assert (floats.FloatEngine(of).quotes.marks == before).all()


def test_options_move_along_where_no_future_is_listed() -> None:
    of = draws.random_market(1, 1)
    [call] = [draws.option_place(np.array(0), np.array(4), 0)]
    less = Market(of.state, of.now, (of.instruments[int(call)],))
    path = paths.moves(1, 0, 1, "holds")
    for one, other in zip(paths.along(of, path), paths.along(less, path), strict=False):
        expected = floats.FloatEngine(one).quotes.marks[call]
        assert floats.FloatEngine(other).quotes.marks[0] == expected


def test_regimes_share_their_draws_and_differ_in_direction() -> None:
    holds, breaks = (paths.moves(1, 0, 2, each) for each in paths.REGIMES)
    assert (holds == breaks).all(axis=0).sum() == 1
    for regime in paths.REGIMES:
        assert (paths.moves(1, 6, 3, regime) == -paths.moves(1, 7, 3, regime)).all()

    plain = paths.VOL**2 * paths.STEP_SECS / (365 * 86_400)
    shared = paths.COUPLING * (plain + paths.JUMP_RATE * paths.JUMP**2)  # jumps are of the shared factor
    expected = shared / (shared + (1 - paths.COUPLING) * plain)
    for regime, sign in zip(paths.REGIMES, (1, -1), strict=True):
        found = [np.diff(paths.moves(1, path, 2, regime), axis=0) for path in range(0, 600, 2)]
        # drawn, so off by about one over the root of the draws
        assert np.corrcoef(np.concatenate(found).T)[0, 1] == pytest.approx(sign * expected, abs=0.06)


def test_every_kind_of_book_is_what_it_is_called() -> None:
    of = draws.random_market(3, 2)
    for kind in KINDS:
        population, _ = draws.random_population(of, 50, 2, [kind])
        sizes, places = population.sizes.floats(), population.columns % draws.PER_UNDERLYING
        assert (np.diff(population.starts) > 0).all(), kind
        if kind == "directional":
            assert (places == 0).all()
        elif kind == "covered":
            assert (sizes < 0).all() and (population.balances.floats().sum(axis=1) > 0).all()
        elif kind in ("basis", "pairs"):
            notional = sizes * floats.FloatEngine(of).quotes.marks[population.columns]
            net, gross = (np.bincount(population.owners(), each, 50) for each in (notional, np.abs(notional)))
            assert (np.abs(net) < gross).all()
    assert (population.modes != STANDARD).all()


@pytest.mark.slow
@pytest.mark.parametrize("suffix, beginning", [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_the_command_prints_and_draws(
    suffix: str, beginning: bytes, small: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"study.{suffix}"
    assert main(["efficiency", "--accounts", "40", "--underlyings", "1", "--picture", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accounts"] == 40
    assert out.read_bytes().startswith(beginning)


def test_bad_arguments_are_refused_before_the_study(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossvault.commands.efficiency.study", None)
    for words, complaint in (
        (["--accounts", "0"], "--accounts: expected a whole number from 1 to 1000000"),
        (
            ["--page", "study.png"],
            "--page: expected a name that ends in .html, found 'study.png'; a picture is drawn by",
        ),
        (["--picture", "study.pdf"], "--picture: expected a name that ends in .svg or .png, found 'study.pdf'"),
        (["--picture", str(tmp_path / "no" / "where.svg")], "is not a folder"),
    ):
        assert main(["efficiency", *words]) == USAGE
        assert complaint in capsys.readouterr().err


class Page(HTMLParser):
    """The content of the page of a study: bars by table, data of parts, its document, and all that it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.bars: dict[str, list[str]] = {}
        self.blocks: list[dict[str, Any]] = []
        self.document, self.loaded, self._at, self._caption = "", list[str](), "", ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.loaded += [str(named[name]) for name in ("src", "href") if name in named]
        self._at = tag
        if tag == "script":
            self._at = {"study": "study"}.get(str(named.get("id")), str(named.get("type")))
        elif tag == "caption":
            self._caption = ""
        elif tag == "td" and "number" in str(named.get("class")):
            self._at = "bar"

    def handle_endtag(self, tag: str) -> None:
        self._at = ""

    def handle_data(self, data: str) -> None:
        if self._at == "study":
            self.document += data
        elif self._at == "text/plain":
            self.blocks.append(unpacked(data))
        elif self._at == "caption":
            self._caption += data
        elif self._at == "bar":
            self.bars.setdefault(self._caption, []).append(data)


@pytest.mark.slow
def test_the_page_has_every_figure_and_loads_nothing(
    small: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "study.html"
    assert main(["efficiency", "--accounts", "90", "--underlyings", "2", "--page", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    page = Page(out.read_text(encoding="utf8"))
    assert json.loads(page.document) == found
    assert [each for each in page.loaded if not each.startswith(("#", "data:"))] == []
    tables = {each["title"]: each["data"] for each in page.blocks if "columns" in each}
    for name, title in TABLES.items():
        rows = [[value for key, value in row.items() if key != "histogram"] for row in found[name]]
        cells = [list(each) for each in zip(*tables[title], strict=True)]
        assert [list(map(as_figure, row)) for row in cells] == rows
    assert shown_costs(page) == {
        (label, row[cost]) for cost, (label, _) in COSTS.items() for row in found["replay"] if row[cost] is not None
    }
    lines = [line["up"] for each in page.blocks if "lines" in each for line in each["lines"]]
    assert lines == [[str(each) for each in row["histogram"]] for row in found["efficiency"] if row["accounts"]]


def as_figure(cell: str | None) -> str | float | None:
    """A cell of a table as the document has it."""
    try:
        return float(cell) if cell is not None else None
    except ValueError:
        return cell


def shown_costs(page: Page) -> set[tuple[str, float]]:
    """The bars of liquidations and losses, by title without the unit."""
    titles = {f"{label} [{unit}]": label for label, unit in COSTS.values()}
    return {(titles[name], float(cell)) for name, cells in page.bars.items() if name in titles for cell in cells}


@pytest.mark.slow
def test_eight_underlyings_are_studied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "REPLAYED", (SMALL[1],))
    seen: list[int] = []
    found = study.study(100, 8, 1, seen.append)
    assert found["underlyings"] == 8 and all(row["liquidated_pct"] <= 100 for row in found["replay"])
    assert seen == list(range(1, study.markets() + 1))


@pytest.mark.campaign
def test_the_picture_is_what_the_command_draws(tmp_path: Path) -> None:
    out = tmp_path / "efficiency.svg"
    assert main(["efficiency", "--underlyings", "3", "--picture", str(out)]) == 0
    shipped = ROOT / "sim" / "crossvault" / "report" / "efficiency.svg"
    assert out.read_text(encoding="utf8") == shipped.read_text(encoding="utf8")
