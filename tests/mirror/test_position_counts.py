"""Laws of how much an account may hold, and of the lock of the doors."""

import re

import pytest

from crossvault.differential import doors
from crossvault.mirror import account as accounts, correlation, shock
from crossvault.mirror.account import PORTFOLIO, STANDARD
from crossvault.mirror.account_errors import TooManyOptions
from crossvault.mirror.evm import ReentrancyGuardReentrantCall
from crossvault.mirror.fixed import WAD
from crossvault.mirror.ruleset import Rules
from places import ROOT
from small_market import BROKER, PERP, TAKER, SmallMarket, call, trade

RULES = Rules(
    (shock.Scenario(dampening=WAD),), correlation.LossTerms(loss_initial=WAD), correlation.Matrix((0,) * 28, (0,) * 28)
)
CALLS = [call(1_000 + 50 * number) for number in range(25)]


def bought(market_: SmallMarket, instrument: int) -> object:
    """The refusal of a trade of one unit at the mark, or None."""
    return market_.attempt_call(BROKER, trade(instrument, 1, market_.mark(instrument))).refusal


def a_market() -> SmallMarket:
    made = SmallMarket(maker=1_000_000, taker=1_000_000)
    for change in (doors.RULES.schedule, doors.RULES.enact):
        made.apply("governor", change, rules=RULES)
    return made


def test_portfolio_margin_is_open_to_an_account_of_24_options_and_closed_to_one_of_25() -> None:
    made = a_market()
    for instrument in CALLS[:24]:
        assert bought(made, instrument) is None
    for mode in (PORTFOLIO, STANDARD):
        [event] = made.apply("taker", doors.set_mode, account=TAKER, mode=mode).events
        assert (event.name, event.values) == ("ModeSet", ("taker", TAKER, mode))
    assert bought(made, CALLS[24]) is None  # in standard margin there may be more
    assert made.attempt("taker", doors.set_mode, account=TAKER, mode=PORTFOLIO).refusal == TooManyOptions(25, 24)
    assert made.model.vault.ledger.holders[TAKER].mode == STANDARD


def test_an_account_in_portfolio_margin_takes_a_24th_option_and_no_25th() -> None:
    made = a_market()
    made.apply("taker", doors.set_mode, account=TAKER, mode=PORTFOLIO)
    assert [bought(made, instrument) for instrument in CALLS] == [None] * 24 + [TooManyOptions(25, 24)]
    assert bought(made, PERP) is None  # which is no option
    assert len(accounts.instruments(made.model.vault.ledger.holders[TAKER])) == 25


def mirrored(door: str) -> str:
    return re.sub("([A-Z])", lambda letter: f"_{letter[1].lower()}", door)


def locked() -> list[str]:
    """The doors that the contracts lock, by their names in the mirror."""
    found = []
    for name in ("Vault", "Custody", "Auction"):
        text = (ROOT / "contracts" / f"{name}.sol").read_text(encoding="utf8")
        heads = re.findall(r"function (\w+)\([^)]*\)([^{;]*)\{", text)
        found += [mirrored(door) for door, words in heads if "nonReentrant" in words.split()]
    return found


def test_no_locked_door_opens_from_within_a_door() -> None:
    vault = a_market().model.vault
    vault.entered = True
    assert len(locked()) == 12
    for name in locked():
        with pytest.raises(ReentrancyGuardReentrantCall):
            getattr(vault, name)()
