"""V10: a refused call leaves no trace, and the cost of a call is linear in its writes, for any number of accounts."""

from collections import Counter
from typing import Any

import pytest

from crossvault.differential.drive import driven
from crossvault.differential.model import Model, ModelToken
from crossvault.differential.step import TokenSpec
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import StorageMap, StorageStruct, UndoLog
from crossvault.walks.random_walk import Walk

STEPS = 700


def state(value: Any) -> Any:
    """Stored state below a value, as plain values; unwritten keys are absent."""
    if isinstance(value, StorageStruct):
        return {name: state(getattr(value, name)) for name in value.zeros if name not in {"tokens", "hook", "spec"}}
    if isinstance(value, StorageMap):
        found = {key: state(each) for key, each in value.items()}
        return {key: each for key, each in found.items() if each != state(value.zero())}
    if type(value) is tuple:
        return tuple(state(each) for each in value)
    return value


def full_state(model: Model) -> Any:
    """State of the vault and of every token."""
    return state(model.vault), {name: state(token) for name, token in model.tokens.items()}


class Counted(list[Any]):
    """List that counts all items ever added."""

    added = 0

    def append(self, item: Any) -> None:
        self.added += 1
        super().append(item)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.slow
def test_v10_a_refused_call_changes_nothing(seed: int) -> None:
    walk = Walk(seed, STEPS, owners=4)
    model = Model(walk.world)
    refused: Counter[str] = Counter()
    accepted = 0
    before = full_state(model)
    for step, outcome in driven(walk.steps(model), model.apply):
        after = full_state(model)
        assert model.journal.entries == []
        if outcome.refusal is not None:
            assert after == before, f"{step}: {outcome.refusal}"
            assert outcome.events == ()
            refused[outcome.refusal.name] += 1
        else:
            accepted += after != before
        before = after
    assert sum(refused.values()) > STEPS // 10 and len(refused) >= 8, refused
    assert accepted > STEPS // 4


def test_undo_reverts_writes_latest_first() -> None:
    journal = UndoLog()
    numbers = StorageMap[str, int](journal, int)
    numbers["kept"] = 1
    journal.keep()
    numbers["kept"] = 2
    numbers["kept"] = 3
    numbers["new"] = 4
    journal.undo()
    assert dict(numbers) == {"kept": 1} and numbers["new"] == 0


def counts(owners: int, strangers: int) -> list[int]:
    """Number of writes of every step of one walk, in a world with further accounts that have cash."""
    walk = Walk(5, 300, owners=owners)
    model = Model(walk.world)
    for number in range(strangers):
        model.vault.ledger.holders[AccountId(f"further{number}")].principal = 1
    model.journal.keep()
    counted = model.journal.entries = Counted()
    found = []
    for _ in driven(walk.steps(model), model.apply):
        found.append(counted.added)
        counted.added = 0
    return found


def test_a_call_writes_the_same_however_many_accounts_there_are() -> None:
    alone, among_many = counts(4, 0), counts(4, 5_000)
    assert alone == among_many
    assert 0 < max(alone) < 400


def test_an_undo_to_before_a_token_was_listed_leaves_it_its_decimals() -> None:
    """An audit names the step of a difference after it has gone back to a block before the token was listed."""
    journal = UndoLog()
    token = ModelToken(TokenSpec("WETH", 18), journal)
    journal.undo()
    assert token.decimals() == 18
    token.spec = TokenSpec("WETH", 6)
    journal.undo()
    assert token.decimals() == 18
