"""Storage: from equal accounts and ledgers, probes and mirror leave equal state."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from crossvault.differential.model import ModelToken
from crossvault.differential.step import TokenSpec
from crossvault.mirror import account as accounts, collateral, ledger, market
from crossvault.mirror.account import AccountId, Entry, Holder, Image, PositionQuote
from crossvault.mirror.cash import Pool
from crossvault.mirror.evm import UndoLog
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.funding import Track
from crossvault.mirror.ledger import State
from inputs import AMOUNT, SIGNED, SIZE, VALUE, WORD
from ledgers import (
    IDS,
    PEOPLE,
    Drawn,
    Setup,
    draw_any,
    draw_call,
    draw_delta,
    draw_indexable,
    draw_position,
    draw_setup,
    draw_underlying,
    held,
    state,
)  # fmt: skip
from probing import Integer, OneOf, Probes, answers, assert_equal, started

# accounts

INSTRUMENT = Integer(0, 2**152 - 1)


def operated(operator: str, scopes: int) -> Holder:
    self = Holder(UndoLog())
    self.operators[operator] = scopes
    return self


def draw_image(random: Random) -> Image:
    dated = [market.instrument_of(0, random.choice([market.FUTURE, market.CALL, market.PUT]), 1, i) for i in range(40)]
    others = dated if random.random() < 0.5 else [INSTRUMENT.draw(random) for _ in range(40)]
    instruments = random.sample([market.perp(i) for i in range(8)] + others, 32)
    count = random.choice([0, 1, 2, 3, 16, 20, 31, 32])
    entries = [
        Entry(each, SIZE.draw(random) or 1, VALUE.draw(random), SIGNED.draw(random)) for each in instruments[:count]
    ]
    balances = [AMOUNT.draw(random) for _ in range(random.choice([0, 2, 8]))]
    return Image(VALUE.draw(random), random.randrange(2), tuple(balances), tuple(entries))


def draw_entry(random: Random, image: Image) -> Entry:
    """A position of an image, or one that it does not have."""
    if image.entries and random.random() < 0.7:
        return random.choice(image.entries)
    return Entry(INSTRUMENT.draw(random), 0, 0, 0)


def draw_fill(random: Random) -> Drawn:
    image = draw_image(random)
    entry = draw_entry(random, image)
    changes = {"size_delta": draw_delta(random, entry.size), "quote_delta": VALUE.draw(random)}
    return {"self": image, "instrument": entry.instrument, **changes, "funding_index": SIGNED.draw(random)}


def draw_addition(random: Random) -> Drawn:
    option = market.instrument_of(1, random.choice([market.CALL, market.PUT]), 1, 1)
    return {"self": draw_image(random), "instrument": random.choice([INSTRUMENT.draw(random), option, option])}


def draw_entry_of(random: Random) -> Drawn:
    image = draw_image(random)
    return {"self": image, "instrument": draw_entry(random, image).instrument}


def draw_removal(random: Random) -> Drawn:
    image = draw_image(random)
    while not image.entries:
        image = draw_image(random)
    return {"self": image, "instrument": random.choice(image.entries).instrument}


def draw_authority(random: Random) -> Drawn:
    named = {"operator": PEOPLE.draw(random), "scopes": random.randrange(accounts.ALL_SCOPES + 1)}
    return {**named, "account": random.choice(IDS), "sender": PEOPLE.draw(random)}


def draw_scope(random: Random) -> Drawn:
    return {**draw_authority(random), "scope": random.choice([accounts.TRADE, accounts.DEPOSIT, accounts.WITHDRAW])}


def draw_recipient(random: Random) -> Drawn:
    account = random.choice(IDS)
    people = [PEOPLE.draw(random), account.owner]
    return {"account": account, "sender": random.choice(people), "to": random.choice(people)}


def fill(
    self: Image, instrument: int, size_delta: int, quote_delta: int, funding_index: int
) -> tuple[int, Image, PositionQuote]:
    holder = held(self)
    released = accounts.fill(holder, *accounts.find(holder, instrument), size_delta, quote_delta, funding_index)
    return released, accounts.image(holder, 0), holder.quotes[instrument]


def add(self: Image, instrument: int) -> int:
    holder = held(self)
    accounts.add(holder, instrument)
    return len(holder.words)


def remove(self: Image, instrument: int) -> tuple[Image, PositionQuote]:
    holder = held(self)
    accounts.remove(holder, accounts.find(holder, instrument)[0], instrument)
    return accounts.image(holder, 0), holder.quotes[instrument]


def require_options(self: Image, more: int) -> tuple[()]:
    accounts.require_options(held(self), more)
    return ()


def acting(operator: str, scopes: int) -> Holder:
    self = operated(operator, scopes)
    self.accepted[operator] = True
    return self


def required(operator: str, scopes: int, account: AccountId, sender: str, scope: int) -> bool:
    self = operated(operator, scopes)
    accounts.require_authority(self, account, sender, scope)
    return accounts.is_own(self, account, sender) and self.accepted[sender]


def set_scopes(operator: str, scopes: int, account: AccountId, sender: str, new_scopes: int) -> tuple[int, bool]:
    self = acting(operator, scopes)
    accounts.set_scopes(self, sender, new_scopes)
    return accounts.scopes_of(self, account, sender), accounts.is_own(self, account, operator)


ACCOUNT: dict[str, tuple[Any, Any]] = {
    "ownerOf": ({"account": OneOf(IDS)}, accounts.owner_of),
    "scopesOf": (
        draw_authority,
        lambda operator, scopes, account, sender: accounts.scopes_of(operated(operator, scopes), account, sender),
    ),
    "isAuthorized": (
        draw_authority,
        lambda operator, scopes, account, sender: accounts.is_authorized(operated(operator, scopes), account, sender),
    ),
    "requireAuthority": (
        draw_scope,
        required,
    ),
    "requireRecipient": (draw_recipient, accounts.require_recipient),
    "setScopes": (
        lambda random: {**draw_authority(random), "new_scopes": random.randrange(accounts.ALL_SCOPES + 1)},
        set_scopes,
    ),
    "isOwn": (
        draw_authority,
        lambda operator, scopes, account, sender: accounts.is_own(acting(operator, scopes), account, sender),
    ),
    "image": (
        lambda random: {"self": draw_image(random), "collaterals": random.randrange(9)},
        lambda self, collaterals: (accounts.image(held(self), collaterals),),
    ),
    "entries": (lambda random: {"self": draw_image(random)}, lambda self: (accounts.entries(held(self)),)),
    "instruments": (lambda random: {"self": draw_image(random)}, lambda self: (accounts.instruments(held(self)),)),
    "entry": (draw_entry_of, lambda self, instrument: (accounts.entry(held(self), instrument),)),
    "find": (draw_entry_of, lambda self, instrument: accounts.find(held(self), instrument)),
    "quoted": (
        lambda random: {**draw_entry_of(random), "size": SIZE.draw(random)},
        lambda self, instrument, size: (accounts.quoted(held(self), instrument, size),),
    ),
    "wordOf": ({"instrument": INSTRUMENT, "size": SIZE}, accounts.word_of),
    "instrumentIn": ({"word": WORD}, accounts.instrument_in),
    "sizeIn": ({"word": WORD}, accounts.size_in),
    "isRising": (
        lambda random: {"size": (size := SIZE.draw(random)), "size_delta": draw_delta(random, size)},
        accounts.is_rising,
    ),
    "fill": (draw_fill, fill),
    "add": (draw_addition, add),
    "requireOptions": (
        lambda random: {"self": draw_image(random), "more": random.randrange(14)},
        require_options,
    ),
    "remove": (draw_removal, remove),
}


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
