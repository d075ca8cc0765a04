"""An invariant of one's own, green on the model that ships and red on one with a planted mistake."""

from unittest import mock

import crossvault as cv
from crossvault.mirror.vault import Vault


def insurance_is_paid(before, after, step):
    """A gift to the insurance fund is as large as what the vault received."""
    if step.action != "fund_insurance":
        return True
    grown_wad = after.globals.insurance_wad - before.globals.insurance_wad
    paid_raw = after.globals.cash_held_raw - before.globals.cash_held_raw
    return grown_wad == paid_raw * 10**12 or f"the fund grew by {grown_wad}, and {paid_raw} were paid"


def fund_for_nothing(vault, amount_raw, *, sender):
    """The planted mistake: the fund grows, and the sender pays nothing."""
    vault.ledger.cash.insurance_wad += amount_raw * 10**12
    vault.emit("InsuranceFunded", sender, amount_raw, vault.ledger.cash.insurance_wad)


if __name__ == "__main__":
    story = cv.load_scenario("first-liquidation")
    good = cv.run(story, chain=False, invariants=[insurance_is_paid])
    assert good.failure is None
    with mock.patch.object(Vault, "fund_insurance", fund_for_nothing):
        bad = cv.run(story, chain=False, invariants=[insurance_is_paid])
        least = cv.shrink(story, invariants=[insurance_is_paid])
    print(bad.failure)
    assert "and 0 were paid" in str(bad.failure) and least.steps[-1].action == "fund_insurance"
    print(f"the smallest story has {len(least.steps)} step")
