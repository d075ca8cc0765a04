"""Each mend taken back: the attack gains again what its file states, and the rule that condemned it is red again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from attack_files import FINDINGS, FOLDER, KNOWN, MENDED, red_rules
from code_planting import planted_together
from crossvault.differential.story import ExpectationFailed
from places import TESTS

Change = Mapping[str, Any]
PLANTS = {each["id"]: each for each in yaml.safe_load((TESTS / "plants.yaml").read_text(encoding="utf8"))}
TAKEN_BACK: dict[str, list[Any]] = yaml.safe_load((TESTS / "taken_back.yaml").read_text(encoding="utf8"))
RULES: dict[str, str] = {**MENDED, **KNOWN["mended findings"]}


def changes(written: Any) -> Iterator[Change]:
    """The changes of an entry: each an id of a planted mistake, a change in full, or a list of them."""
    if isinstance(written, list):
        for each in written:
            yield from changes(each)
    else:
        yield PLANTS[written] if isinstance(written, str) else written


def test_every_mended_attack_has_an_entry() -> None:
    assert sorted(TAKEN_BACK) == sorted(RULES)


@pytest.mark.parametrize("name", TAKEN_BACK)
def test_an_attack_gains_again_without_its_mend(name: str) -> None:
    folder = FINDINGS if name in KNOWN["mended findings"] else FOLDER
    path = folder / f"{name}.scenario.yaml"
    if not path.is_file():
        pytest.skip(f"the attack {name} is not in {folder}")
    with planted_together(changes(TAKEN_BACK[name])):
        assert RULES[name] in red_rules(path)
    with pytest.raises(ExpectationFailed):
        red_rules(path)
