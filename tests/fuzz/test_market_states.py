"""States of distress that a search counts."""

from collections import Counter

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.fuzz.market_states import STALE, touched_states
from crossvault.walks.random_walk import Walk


def test_no_stale_price_of_a_worthy_account_is_missed() -> None:
    """Accounts are valued only where one may be: compared with valuing them after every step."""
    found, walk = Counter[bool](), Walk(3, 300)
    model = Model(walk.world)
    for step, _ in driven(walk.story().steps(model), model.apply):
        rows = model.metrics(step.accounts(), step.at)
        is_stale = any(each.stale_underlying or each.stale_expiry for each in rows)
        expected = is_stale and any(abs(each.equity_wad) > 100 * 10**18 for each in rows)
        assert (STALE in touched_states(step, (), model)) == expected
        found[expected] += 1
    assert found[True] and found[False] > 100
