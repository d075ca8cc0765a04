"""The catalogue of planted bugs: measurement of one bug, and invalid entries."""

from pathlib import Path

import pytest

from crossvault.bench.planted import BadCase, PlantedBug, cases, measured, planted
from crossvault.commands.catalogue import catalogue
from crossvault.commands.exits import UsageError
from crossvault.commands.parser import parse
from crossvault.differential.ending import DONE
from places import TESTS

BROKEN = TESTS / "broken.yaml"


@pytest.mark.slow
def test_a_planted_bug_is_found_and_shrunk() -> None:
    [case] = [each for each in cases(BROKEN) if each.id == "quote-rounds-down"]
    [row] = measured([case], 1)
    assert row.found and row.finished and row.walks == 1
    assert 3 < row.calls < 15 and row.accounts == 2 and 0 < row.shrink_secs < 30


@pytest.mark.slow
def test_the_command_prints_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert catalogue(parse(["bench", "catalogue", "--seeds", "1", "--only", "quote-rounds-down"])) == DONE
    assert "1 of 1 found" in capsys.readouterr().out
    with pytest.raises(UsageError, match="did you mean 'quote-rounds-down'"):
        catalogue(parse(["bench", "catalogue", "--only", "quote-rounds-dawn"]))


def test_invalid_bugs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCase, match=r"twice: .* must occur once in Vault.sol"):
        planted(PlantedBug("twice", "Vault.sol", "import", "impart", "no reason"))
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("- {id: odd, file: Vault.sol, was: a, become: b, why: no reason}\n")
    with pytest.raises(BadCase, match="odd: expected id, file"):
        cases(wrong)
