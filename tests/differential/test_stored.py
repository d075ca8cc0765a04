"""Storage: from equal accounts and ledgers, probes and mirror leave equal state."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from crossvault.differential.model import ModelToken
from crossvault.differential.step import TokenSpec
from crossvault.mirror import account as accounts, collateral, ledger, market
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.cash import Pool
from crossvault.mirror.evm import UndoLog
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.funding import Track
from crossvault.mirror.ledger import State
from inputs import AMOUNT, VALUE
from ledgers import (
    IDS,
    Drawn,
    Setup,
    draw_any,
    draw_call,
    draw_delta,
    draw_indexable,
    draw_position,
    draw_setup,
    draw_underlying,
    state,
)  # fmt: skip
from probing import Integer, Probes, answers, assert_equal, started
from stored_accounts import (
    ACCOUNT,
)

# ledgers


def draw_ledger_fill(random: Random) -> Drawn:
    setup = draw_setup(random)
    instrument = draw_indexable(random, setup)
    size = next((each.size for each in setup.owned[0].image.entries if each.instrument == instrument), 0)
    changes = {"size_delta": draw_delta(random, size), "quote_delta": VALUE.draw(random)}
    return {"self": setup, "account": IDS[0], "instrument": instrument, **changes}


def draw_moved(random: Random) -> Drawn:
    """Part of a position, held or not."""
    drawn = draw_move(random)
    del drawn["reserved_wad"], drawn["left_out"]
    fraction = drawn.pop("fraction_wad")
    return {**drawn, "instrument": draw_position(random, drawn["self"]), "fraction_wad": fraction}


def draw_move(random: Random) -> Drawn:
    target = random.choice(IDS[1:])
    fraction = random.choice([1, WAD, Integer(0, WAD).draw(random)])
    reserved = random.choice([0, AMOUNT.draw(random)])
    call = {"self": draw_setup(random), "source": IDS[0], "target": target, "fraction_wad": fraction}
    return {**call, "reserved_wad": reserved, "left_out": random.choice([0, random.getrandbits(8)])}


def draw_part(random: Random) -> Drawn:
    drawn = draw_move(random)
    call = {"self": drawn["self"], "account": IDS[0], "fraction_wad": drawn["fraction_wad"]}
    return {**call, "left_out": drawn["left_out"]}


def draw_indexed(random: Random) -> Drawn:
    setup = draw_setup(random)
    perp = market.perp(random.randrange(len(setup.risks)))
    return {"self": setup, "instrument": perp if random.random() < 0.7 else draw_indexable(random, setup)}


def draw_traded(random: Random) -> Drawn:
    setup = draw_setup(random)
    return {"self": setup, "instrument": draw_any(random, setup)}


def draw_settled(random: Random) -> Drawn:
    setup = draw_setup(random)
    call = {"self": setup, "account": IDS[0], "instrument": draw_position(random, setup)}
    return {**call, "settlement_wad": Integer(1, CAP).draw(random)}


def draw_settlement(random: Random) -> Drawn:
    """Any expiry of the ledger, with a possible settlement price."""
    setup = draw_setup(random)
    while not setup.curves:
        setup = draw_setup(random)
    underlying, expiry, curve = random.choice(setup.curves)
    price = Integer(1, CAP).draw(random) if random.random() < 0.5 else curve.forward
    call = {"self": setup, "account": random.choice(IDS), "underlying": underlying}
    return {**call, "expiry": expiry, "settlement_wad": price}


def image_of(self: State, account: AccountId) -> Image:
    return accounts.image(self.holders[account], len(self.assets))


def state_after(change: Callable[..., Any]) -> Callable[..., tuple[Pool, Image]]:
    """The pool and one account's image after a change of the ledger."""

    def changed(self: Setup, account: AccountId, now: int, **others: int) -> tuple[Pool, Image]:
        stored = state(self)
        change(stored, account, *others.values(), now=now)
        return stored.cash, image_of(stored, account)

    return changed


def move_part(
    self: Setup, source: AccountId, target: AccountId, fraction_wad: int, reserved_wad: int, left_out: int, now: int
) -> tuple[Pool, Image, Image]:
    stored = state(self)
    ledger.move_part(stored, source, target, fraction_wad, reserved_wad, left_out, now=now)
    return stored.cash, image_of(stored, source), image_of(stored, target)


def excess(self: Setup, account: AccountId, fraction_wad: int, left_out: int, now: int) -> int:
    return ledger.excess(state(self), account, fraction_wad, left_out)


def move_position(
    self: Setup, source: AccountId, target: AccountId, instrument: int, fraction_wad: int, now: int
) -> tuple[Pool, Image, Image]:
    stored = state(self)
    ledger.move_position(stored, source, target, instrument, fraction_wad, now=now)
    return stored.cash, image_of(stored, source), image_of(stored, target)


def accrued_funding(self: Setup, underlying: int, now: int) -> tuple[int, Track]:
    stored = state(self)
    return ledger.accrue_funding(stored, underlying, now=now), stored.tracks[underlying]


def require_fresh(self: Setup, underlying: int, now: int) -> None:
    ledger.require_fresh(state(self), underlying, now=now)


def require_idle(self: Setup, account: AccountId) -> None:
    ledger.require_idle(state(self), account)


def require_traded(self: Setup, instrument: int, now: int) -> None:
    ledger.require_traded(state(self), instrument, now=now)


def funding_index(self: Setup, instrument: int, now: int) -> int:
    return ledger.funding_index(state(self), instrument, now=now)


def settled_value(self: Setup, account: AccountId, instrument: int, settlement_wad: int) -> int:
    return ledger.settled_value(accounts.entry(state(self).holders[account], instrument), settlement_wad)


LEDGER: dict[str, tuple[Any, Any]] = {
    "requireFresh": (draw_underlying, require_fresh),
    "requireIdle": (draw_call, require_idle),
    "requireTraded": (draw_traded, require_traded),
    "addCash": (lambda random: draw_call(random, delta_wad=VALUE), state_after(ledger.add_cash)),
    "fundingIndex": (draw_indexed, funding_index),
    "accrueFunding": (draw_underlying, accrued_funding),
    "fill": (draw_ledger_fill, state_after(ledger.fill)),
    "settledValue": (draw_settled, settled_value),
    "settle": (draw_settlement, state_after(ledger.settle)),
    "movePart": (draw_move, move_part),
    "excess": (draw_part, excess),
    "movePosition": (draw_moved, move_position),
}

STORED = {"ProbeAccount": ACCOUNT, "ProbeLedger": LEDGER}


probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize(
    ("probe", "function"), [(probe, name) for probe, table in STORED.items() for name in table], ids=str
)
def test_probe_and_mirror_leave_the_same(probes: Probes, probe: str, function: str) -> None:
    parameters, mirror = STORED[probe][function]
    assert_equal(probes, probe, function, parameters, mirror)


# tokens

TOKENS = {"Token": "plain", "FeeToken": "fee", "SilentToken": "silent"}


def mover(token: ModelToken, journal: UndoLog, move: Callable[..., None], pulls: bool) -> Callable[..., Any]:
    """A token transfer in the mirror, after a mint; a refusal reverts both."""
    this = "ProbeCollateral"

    def moved(token_: str, other: str, amount_raw: int, minted_raw: int) -> tuple[int, int]:
        journal.keep()
        token.mint(other if pulls else this, minted_raw)
        try:
            move(token, other, amount_raw, this=this)
        except BaseException:
            journal.undo()
            raise
        return token.balance_of(other), token.balance_of(this)

    return moved


@pytest.mark.parametrize("contract", TOKENS)
@pytest.mark.parametrize("function", ["pull", "push"])
def test_probe_and_mirror_move_the_same_tokens(probes: Probes, contract: str, function: str) -> None:
    symbol, other = f"{contract}-{function}", "payer" if function == "pull" else "to"
    assert probes.address("ProbeCollateral")
    probes.token(symbol, contract, spender="ProbeCollateral")
    people = ["alice", "bob", *(["ProbeCollateral"] if function == "push" else [])]  # a probe never pulls from itself
    for seed in range(5):
        random = Random(f"{symbol}-{seed}")
        argument_sets = [
            {
                "token": symbol,
                other: random.choice(people),
                "amount_raw": AMOUNT.draw(random),
                "minted_raw": AMOUNT.draw(random),
            }
            for _ in range(200)
        ]
        journal = UndoLog()
        token = ModelToken(TokenSpec(symbol, 6, TOKENS[contract]), journal)
        moved = mover(token, journal, getattr(collateral, function), function == "pull")
        mine = [{"token_": each["token"], "other": each[other], **_raws(each)} for each in argument_sets]
        theirs = list(probes.query("ProbeCollateral", function, argument_sets))
        assert theirs == list(answers(moved, mine))
        assert len({type(each) for each in theirs}) > 1, "some are refused and some are not"


def _raws(each: Drawn) -> Drawn:
    return {name: each[name] for name in ("amount_raw", "minted_raw")}
