"""Where data files are looked for, and the documented way to the file that a shipped story reads."""

from __future__ import annotations

import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from crossvault.scenario import data_file, load
from places import ROOT
from small_scenarios import HEAD, LINE, problems, scenario_file

PRICES = "prices: {ETH: {file: bars.csv, column: open}}\n"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The three folders, in the order in which they are looked into."""
    found = [tmp_path / name for name in ("story", "named", "home/crossvault")]
    for folder in found:
        folder.mkdir(parents=True)
    monkeypatch.setenv("CROSSVAULT_DATA", str(found[1]))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    return found


def test_the_nearest_folder_that_has_the_file_is_taken(folders: list[Path]) -> None:
    for folder in reversed(folders):
        (folder / "bars.csv").touch()
        assert data_file.located("bars.csv", folders[0] / "a.scenario.yaml") == folder / "bars.csv"


def test_a_missing_file_lists_where_it_was_looked_for(folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = scenario_file(folders[0], HEAD + PRICES)
    start = f":{LINE}: prices.ETH.file: 'bars.csv' was not found in {folders[0]} (the folder of the scenario), "
    last = f"{folders[2]} (the user's data folder)"
    assert problems(path) == [f"{start}{folders[1]} ($CROSSVAULT_DATA), {last}"]
    monkeypatch.delenv("CROSSVAULT_DATA")
    assert problems(path) == [f"{start}{last}; set CROSSVAULT_DATA to the folder that has it"]


def test_the_folder_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for unset in ("", "not/absolute"):  # which the XDG specification ignores
        monkeypatch.setenv("XDG_DATA_HOME", unset)
        assert data_file.user_folder() == tmp_path / ".local" / "share" / "crossvault"


def test_the_documented_commands_write_the_bars_of_the_story(folders: list[Path], tmp_path: Path) -> None:
    """Archives in the published form: milliseconds, eight decimals, more columns, no header."""
    hours = range(1583020800000, 1585699200000, 3600000)  # March 2020
    for symbol, price in (("ETHUSDT", "217.85000000"), ("BTCUSDT", "8523.61000000")):
        rows = [f"{at},{price},{price},{price},{price},1.5,{at + 3599999},0,9,0,0,0\n" for at in hours]
        with zipfile.ZipFile(tmp_path / f"{symbol}-1h-2020-03.zip", "w") as archive:
            archive.writestr(f"{symbol}-1h-2020-03.csv", "".join(rows))
    [script] = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "market-data.md").read_text(encoding="utf8"), re.S)
    home = {"HOME": str(tmp_path), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    subprocess.run(["sh", "-e", "-c", script], cwd=tmp_path, env=home, check=True)
    [written] = (tmp_path / ".local").rglob("*.csv")
    (folders[2] / written.name).write_bytes(written.read_bytes())
    assert load("black-thursday-data").warnings == ()
