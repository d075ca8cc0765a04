"""Functions of what is stored: from the same accounts and ledgers the probes and the mirror come to the same."""

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import pytest
from probing import NOW, OneOf, Probes, Whole, answers, assert_equal, fresh, started
from test_numbers import AMOUNT, RATIO, RISK, SIZE, TERMS, VALUE, WORD

from sim.codec import snake
from sim.mirror import account as accounts
from sim.mirror import cash, collateral, ledger, market, valuation
from sim.mirror.account import AccountId, Entry, Holder, Image, Position
from sim.mirror.cash import NO_FEED, Pool
from sim.mirror.collateral import Asset
from sim.mirror.evm import Journal
from sim.mirror.fixed import CAP, RAY, WAD
from sim.mirror.ledger import State
from sim.mirror.margin import Book, Holding
from sim.mirror.market import Risk
from sim.mirror.oracle import Price
from sim.mirror.standard import Exposure
from sim.model import Token
from sim.side import TokenSpec

PEOPLE = OneOf(["alice", "bob", "carol"])
IDS = [AccountId("alice"), AccountId("alice", 1), AccountId("bob", 2**96 - 1)]
Drawn = dict[str, Any]


class Owned(NamedTuple):
    account: AccountId
    image: Image
    started_at: int


class Setup(NamedTuple):
    cash: Pool
    risks: tuple[Risk, ...]
    prices: tuple[Price, ...]
    assets: tuple[Asset, ...]
    owned: tuple[Owned, ...]


# accounts


def held(image: Image) -> Holder:
    """The holder that a picture shows."""
    self = Holder(Journal())
    self.principal = image.principal
    for number, raw in enumerate(image.balances):
        self.balances[number] = raw
    self.instruments = tuple(entry.instrument for entry in image.entries)
    for entry in image.entries:
        self.positions[entry.instrument].size = entry.size
        self.positions[entry.instrument].quote = entry.quote
    return self


def operated(operator: str) -> Holder:
    self = Holder(Journal())
    self.operators[operator] = True
    return self


def draw_image(random: Random) -> Image:
    instruments = random.sample([market.perp(i) for i in range(8)] + [WORD.draw(random) for _ in range(40)], 32)
    count = random.choice([0, 1, 2, 3, 31, 32])
    entries = [Entry(each, SIZE.draw(random) or 1, VALUE.draw(random)) for each in instruments[:count]]
    balances = [AMOUNT.draw(random) for _ in range(random.choice([0, 2, 8]))]
    return Image(VALUE.draw(random), tuple(balances), tuple(entries))


def draw_entry(random: Random, image: Image) -> Entry:
    """A position of a picture, or one that it does not have."""
    if image.entries and random.random() < 0.7:
        return random.choice(image.entries)
    return Entry(WORD.draw(random), 0, 0)


def draw_delta(random: Random, size: int) -> int:
    """A change of a size: often one that closes, turns or overfills it."""
    limits = [-size, -2 * size, CAP - size, CAP + 1 - size, -CAP - size, -CAP - 1 - size, 0, 1, -1]
    return random.choice(limits) if random.random() < 0.5 else SIZE.draw(random)


def draw_fill(random: Random) -> Drawn:
    image = draw_image(random)
    entry = draw_entry(random, image)
    size = draw_delta(random, entry.size)
    return {"self": image, "instrument": entry.instrument, "size_delta": size, "quote_delta": VALUE.draw(random)}


def draw_removal(random: Random) -> Drawn:
    image = draw_image(random)
    while not image.entries:
        image = draw_image(random)
    return {"self": image, "instrument": random.choice(image.entries).instrument}


def draw_authority(random: Random) -> Drawn:
    return {"operator": PEOPLE.draw(random), "account": random.choice(IDS), "sender": PEOPLE.draw(random)}


def fill(self: Image, instrument: int, size_delta: int, quote_delta: int) -> tuple[int, Image, Position]:
    holder = held(self)
    realized = accounts.fill(holder, instrument, size_delta, quote_delta)
    return realized, accounts.image(holder, 0), holder.positions[instrument]


def add(self: Image, instrument: int) -> tuple[Image]:
    holder = held(self)
    accounts.add(holder, instrument)
    return (accounts.image(holder, 0),)


def remove(self: Image, instrument: int) -> tuple[Image, Position]:
    holder = held(self)
    accounts.remove(holder, instrument)
    return accounts.image(holder, 0), holder.positions[instrument]


ACCOUNT: dict[str, tuple[Any, Any]] = {
    "ownerOf": ({"account": OneOf(IDS)}, accounts.owner_of),
    "isAuthorized": (
        draw_authority,
        lambda operator, account, sender: accounts.is_authorized(operated(operator), account, sender),
    ),
    "requireAuthority": (
        draw_authority,
        lambda operator, account, sender: accounts.require_authority(operated(operator), account, sender),
    ),
    "image": (
        lambda random: {"self": draw_image(random), "collaterals": random.randrange(9)},
        lambda self, collaterals: (accounts.image(held(self), collaterals),),
    ),
    "isRising": (
        lambda random: {"size": (size := SIZE.draw(random)), "size_delta": draw_delta(random, size)},
        accounts.is_rising,
    ),
    "fill": (draw_fill, fill),
    "add": (lambda random: {"self": draw_image(random), "instrument": WORD.draw(random)}, add),
    "remove": (draw_removal, remove),
}


# ledgers


def state(setup: Setup) -> State:
    """The ledger that plain values describe."""
    self = State(Journal())
    for name in setup.cash.zeros:
        setattr(self.cash, name, getattr(setup.cash, name))
    self.risks = setup.risks
    self.assets = tuple(fresh(asset) for asset in setup.assets)
    for number, price in enumerate(setup.prices):
        self.prices[number] = fresh(price)
    for owned in setup.owned:
        self.holders[owned.account] = held(owned.image)
        self.sales[owned.account].started_at = owned.started_at
    return self


def made(make: Callable[[Journal], Any], *values: Any) -> Any:
    self = make(Journal())
    for name, value in zip(self.zeros, values, strict=True):
        setattr(self, name, value)
    return self


def draw_price(random: Random) -> Price:
    if random.random() < 0.05:
        return Price(Journal())
    index = Whole(1, CAP).draw(random) if random.random() < 0.5 else random.randint(10**15, 10**23)
    premium = Whole(-(2**95) + 1, 2**95 - 1).draw(random) if random.random() < 0.5 else 0
    age = random.choice([0, 59, 60, 61, 3600])
    price: Price = made(Price, index, premium, RATIO.draw(random), NOW - age)
    return price


def draw_risk(random: Random) -> Risk:
    risk: Risk = RISK.draw(random)
    return risk._replace(heartbeat_secs=random.choice([60, 60, 3600]), mark_band=random.choice([0, WAD // 20, WAD - 1]))


def draw_setup(random: Random) -> Setup:
    count = random.choice([1, 2, 3, 8])
    feed = random.choice([NO_FEED, NO_FEED, random.randrange(count)])
    indexes = [random.choice([RAY, random.randint(RAY, 9 * RAY)]) for _ in range(2)]
    terms = cash.Terms(feed, WAD * 98 // 100, Whole(0, 10 * WAD).draw(random))
    pool = made(Pool, "usd", 6, terms, *indexes, AMOUNT.draw(random), AMOUNT.draw(random))
    listed = [
        (random.randrange(19), random.randrange(count), TERMS.draw(random)) for _ in range(random.choice([0, 1, 2, 8]))
    ]
    assets = tuple(made(Asset, f"token{i}", *each, 2**100) for i, each in enumerate(listed))
    decimals = [each[0] for each in listed]
    owned = tuple(Owned(each, draw_held(random, count, decimals), random.choice([0, 0, NOW])) for each in IDS[:2])
    risks = tuple(draw_risk(random) for _ in range(count))
    return Setup(pool, risks, tuple(draw_price(random) for _ in range(count)), assets, owned)


def draw_held(random: Random, underlyings: int, decimals: list[int]) -> Image:
    """What an account may hold of what is listed."""
    instruments = random.sample(range(underlyings), random.randint(0, underlyings))
    size = SIZE if random.random() < 0.2 else Whole(-(10**23), 10**23)
    entries = tuple(Entry(market.perp(i), size.draw(random) or 1, VALUE.draw(random)) for i in instruments)
    balances = tuple(random.choice([0, Whole(0, CAP // 10 ** (18 - each)).draw(random)]) for each in decimals)
    principal = VALUE.draw(random) if random.random() < 0.5 else random.randint(0, 2**200)
    return Image(principal, balances, entries)


def draw_call(random: Random, **others: Any) -> Drawn:
    return {"self": draw_setup(random), "account": IDS[0]} | {name: each.draw(random) for name, each in others.items()}


def draw_underlying(random: Random) -> Drawn:
    setup = draw_setup(random)
    return {"self": setup, "underlying": random.randrange(len(setup.risks))}


def draw_ledger_fill(random: Random) -> Drawn:
    setup = draw_setup(random)
    entry = draw_entry(random, setup.owned[0].image)
    delta = draw_delta(random, entry.size)
    changes = {"instrument": entry.instrument, "size_delta": delta, "quote_delta": VALUE.draw(random)}
    return {"self": setup, "account": IDS[0], **changes}


def draw_move(random: Random) -> Drawn:
    target = random.choice(IDS[1:])
    fraction = random.choice([1, WAD, Whole(0, WAD).draw(random)])
    reserved = random.choice([0, AMOUNT.draw(random)])
    call = {"self": draw_setup(random), "source": IDS[0], "target": target}
    return {**call, "fraction_wad": fraction, "reserved_wad": reserved}


def image_of(self: State, account: AccountId) -> Image:
    return accounts.image(self.holders[account], len(self.assets))


def add_cash(self: Setup, account: AccountId, delta_wad: int) -> tuple[Image]:
    stored = state(self)
    ledger.add_cash(stored, account, delta_wad)
    return (image_of(stored, account),)


def ledger_fill(self: Setup, account: AccountId, instrument: int, size_delta: int, quote_delta: int) -> tuple[Image]:
    stored = state(self)
    ledger.fill(stored, account, instrument, size_delta, quote_delta)
    return (image_of(stored, account),)


def move_part(
    self: Setup, source: AccountId, target: AccountId, fraction_wad: int, reserved_wad: int
) -> tuple[Image, Image]:
    stored = state(self)
    ledger.move_part(stored, source, target, fraction_wad, reserved_wad)
    return image_of(stored, source), image_of(stored, target)


def require_fresh(self: Setup, underlying: int, now: int) -> None:
    ledger.require_fresh(state(self), underlying, now=now)


def require_idle(self: Setup, account: AccountId) -> None:
    ledger.require_idle(state(self), account)


LEDGER: dict[str, tuple[Any, Any]] = {
    "requireFresh": (draw_underlying, require_fresh),
    "requireIdle": (draw_call, require_idle),
    "addCash": (lambda random: draw_call(random, delta_wad=VALUE), add_cash),
    "fill": (draw_ledger_fill, ledger_fill),
    "movePart": (draw_move, move_part),
}


# books


def blank(setup: Setup) -> Book:
    return Book(0, [Holding() for _ in setup.assets], [Exposure() for _ in setup.risks])


def partly(value: Callable[..., None]) -> Callable[..., Book]:
    """What one half of the valuation makes of an empty book."""

    def half(self: Setup, account: AccountId, now: int) -> Book:
        stored, valued = state(self), blank(self)
        value(stored, stored.holders[account], valued, now=now)
        return valued

    return half


def load(self: Setup, underlying: int, now: int) -> tuple[Book, Exposure]:
    stored, valued = state(self), blank(self)
    valuation.load(stored, valued, underlying, now=now)
    return valued, valuation.load(stored, valued, underlying, now=now)


def whole(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a ledger and an account, as a function of plain values; () for nothing."""

    def asked(self: Setup, account: AccountId, now: int, **others: int) -> Any:
        found = function(state(self), account, *others.values(), now=now)
        return () if found is None else found if type(found) is tuple else (found,)

    return asked


VALUATION: dict[str, tuple[Any, Any]] = {
    "valueBalances": (draw_call, partly(valuation.value_balances)),
    "valuePositions": (draw_call, partly(valuation.value_positions)),
    "load": (draw_underlying, load),
    "requireNoFall": (lambda random: draw_call(random, before_wad=VALUE), whole(valuation.require_no_fall)),
    **{
        name: (draw_call, whole(getattr(valuation, snake(name))))
        for name in ("book", "freshBook", "requireInitial", "initialMargin", "maintenance", "metrics")
    },
}

STORED = {"ProbeAccount": ACCOUNT, "ProbeLedger": LEDGER, "ProbeValuation": VALUATION}


probes = pytest.fixture(started, scope="module")


@pytest.mark.parametrize(
    ("probe", "function"), [(probe, name) for probe, table in STORED.items() for name in table], ids=str
)
def test_probe_and_mirror_leave_the_same(probes: Probes, probe: str, function: str) -> None:
    parameters, mirror = STORED[probe][function]
    assert_equal(probes, probe, function, parameters, mirror)


# tokens

TOKENS = {"Token": "plain", "FeeToken": "fee", "SilentToken": "silent"}


def mover(token: Token, journal: Journal, move: Callable[..., None], pulls: bool) -> Callable[..., Any]:
    """A move of tokens in the mirror, with the mint that goes before; a refusal takes both back."""
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
    people = ["alice", "bob", *(["ProbeCollateral"] if function == "push" else [])]  # nobody pulls from itself
    for seed in range(5):
        random = Random(f"{symbol}-{seed}")
        asked = [
            {
                "token": symbol,
                other: random.choice(people),
                "amount_raw": AMOUNT.draw(random),
                "minted_raw": AMOUNT.draw(random),
            }
            for _ in range(200)
        ]
        journal = Journal()
        token = Token(TokenSpec(symbol, 6, TOKENS[contract]), journal)
        moved = mover(token, journal, getattr(collateral, function), function == "pull")
        mine = [{"token_": each["token"], "other": each[other], **_raws(each)} for each in asked]
        theirs = list(probes.ask("ProbeCollateral", function, asked))
        assert theirs == list(answers(moved, mine))
        assert len({type(each) for each in theirs}) > 1, "some are refused and some are not"


def _raws(each: Drawn) -> Drawn:
    return {name: each[name] for name in ("amount_raw", "minted_raw")}
