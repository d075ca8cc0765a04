"""Functions of accounts in storage: their arguments, and what the mirror leaves and returns."""

from random import Random
from typing import Any

from crossvault.mirror import account as accounts, market
from crossvault.mirror.account import AccountId, Entry, Holder, Image, PositionQuote
from crossvault.mirror.evm import UndoLog
from inputs import AMOUNT, SIGNED, SIZE, VALUE, WORD
from ledgers import (
    IDS,
    PEOPLE,
    Drawn,
    draw_delta,
    held,
)  # fmt: skip
from probing import Integer, OneOf

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
