"""Pictures: what is drawn is what was computed, and the same figures give the same file."""

from pathlib import Path

import pytest

from crossvault.__main__ import main
from crossvault.differential.ending import DONE, USAGE
from crossvault.mirror.fixed import WAD
from crossvault.portfolio import portfolio_file
from crossvault.report.margin_measures import measured, preset_of
from crossvault.report.margin_picture import margin_picture
from crossvault.report.picture import BadPicture, require_picture, write_picture


@pytest.mark.slow
def test_the_picture_of_a_portfolio_has_its_figures(tmp_path: Path) -> None:
    held = portfolio_file.load("strangle")
    presets = [preset_of("crossvault", held, "--method")]
    report = measured(held, presets, ["standard", "crossvault"], False)
    figure = margin_picture(report)
    bars, heat = figure.axes
    drawn = [bar.get_width() for bar in bars.patches]  # type: ignore[attr-defined]  # patches are rectangles here
    required = [wad / WAD for each in report.found.results for wad in each.requirement_wad]
    assert [width for width in drawn if width in required] == required
    losses = report.found.results[-1].losses
    assert losses is not None
    texts = [text.get_text() for text in heat.texts]
    assert len(texts) == len(losses.scenarios) and sum("worst" in each for each in texts) == 1
    for name in ("one", "two"):
        write_picture(tmp_path / f"{name}.svg", lambda: margin_picture(report))
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_the_margin_command_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "picture.png"
    words = ["margin", "delta-neutral", "--method", "standard"]
    assert main([*words, "--picture", str(out)]) == DONE and out.read_bytes().startswith(b"\x89PNG")
    assert main([*words, "--picture", str(tmp_path / "no" / "x.svg")]) == USAGE
    assert "cannot be written" in capsys.readouterr().err


def test_other_kinds_of_file_are_refused() -> None:
    with pytest.raises(BadPicture, match=r"--picture: expected a name that ends in \.svg or \.png, found 'x\.pdf'"):
        require_picture("--picture", Path("x.pdf"))


@pytest.mark.slow
def test_the_picture_of_a_run_shows_its_accounts(tmp_path: Path) -> None:
    out = tmp_path / "run.svg"
    assert main(["run", "first-liquidation", "--no-record", "-q", "--picture", str(out)]) == DONE
    assert out.read_text().startswith("<?xml") and len(out.read_text()) > 10_000
