"""Small market whose every step the rules judge: perp, future, options, collateral, signed orders."""

from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import CHAIN_ID, EXCHANGE, Step, TokenSpec, World
from crossvault.judge.books import Books, read_books
from crossvault.judge.moment import Moment
from crossvault.judge.rulebook import RuleBook
from crossvault.judge.table import RULES
from crossvault.mirror import market
from crossvault.mirror.account import AccountId
from crossvault.mirror.collateral import HaircutTerms
from crossvault.mirror.exchange import Match, Order, Signature
from crossvault.mirror.fixed import CAP, WAD
from crossvault.mirror.liquidation import AuctionTerms
from crossvault.mirror.market import MarketRisk, OptionRisk
from crossvault.mirror.oracle import PriceGuard
from crossvault.mirror.surface import Svi

P = ParamSpec("P")
Door = Callable[Concatenate[int, str, P], Step]
START, HOUR, DAY = 1_700_000_000, 3_600, 86_400
EXPIRY = START + 7 * DAY
DELAY, HEARTBEAT = 600, 2 * HOUR
ALICE, BOB, CAROL = AccountId("alice"), AccountId("bob"), AccountId("carol")
GOVERNOR, GUARDIAN, FEEDER, BROKER, STRANGER = "governor", "guardian", "feeder", "broker", "stranger"
PERP = market.perp(0)
FUTURE = market.instrument_of(0, market.FUTURE, EXPIRY, 0)
CALL = market.instrument_of(0, market.CALL, EXPIRY, 2_000 * WAD)
TERMS = AuctionTerms(WAD // 10, WAD, WAD // 2, 600, 600, 600)
RISK = MarketRisk(
    heartbeat_secs=HEARTBEAT, mark_band=WAD // 20, trade_band=WAD // 20, initial_rate=WAD // 10,
    maintenance_rate=WAD // 20, profit_weight=WAD, funding_base=WAD // 10_000, funding_cap=WAD // 100, skew_scale=CAP,
)  # fmt: skip
OPTIONS = OptionRisk(
    heartbeat_secs=HEARTBEAT, trade_band=WAD // 100, max_spot_rate=WAD // 5, min_spot_rate=WAD // 10,
    call_rate=WAD // 20, put_rate=WAD // 20, put_mark_rate=WAD // 10, put_initial_scale=WAD, unpaired_initial=WAD,
    unpaired_maintenance=WAD,
)  # fmt: skip
HAIRCUT = HaircutTerms(WAD // 5, WAD // 10, CAP)
_KINDS = ("USDC", "WETH", "UNIT")


NUMBERS = ("V9", "V12", "V14", "V26", "V27", "V30", "V31", "V32", "V33")
OWN = tuple(rule for rule in RULES if rule.number in NUMBERS)


class JudgedMarket:
    """Market at 2,000 USD whose steps are judged: `play` returns the numbers of the rules that a step breaks."""

    def __init__(self, guard: PriceGuard | None = None, persons: Mapping[str, str] | None = None) -> None:
        """guard: of the index, from the first print on. persons: by owner, the person behind it."""
        tokens = (
            TokenSpec("USDC", 6), TokenSpec("WETH", 18), TokenSpec("UNIT", 0, "callback"), TokenSpec("DEEP", 19),
            TokenSpec("LATE", 18),
        )  # fmt: skip
        world = World(tokens, "USDC", GOVERNOR, DELAY, TERMS, START)
        self.model, self.persons, self.at, self.steps = Model(world), persons or {}, START, 0
        self.book = RuleBook.opened(world)
        self.books: Books = read_books(self.model)
        self.found: list[str] = []
        for step in self._opening(guard):
            assert self.accepted(step) == [], self.found
        for account in (ALICE, BOB, CAROL):
            for step in self._owner(account):
                assert self.accepted(step) == [], self.found

    def play(self, step: Step) -> list[str]:
        """The numbers of the rules that a step breaks, each once, in the order of the table."""
        outcome = self.model.apply(step)
        self.steps, before = self.steps + 1, self.books
        self.books = read_books(self.model, before)
        self.last = Moment(
            step, outcome, before, self.books, self.book, self.steps, self.model, self.persons, full=True
        )
        self.refusal = type(outcome.refusal).__name__ if outcome.refusal else ""
        self.found = [f"{rule.number} {breach.what}" for rule in OWN for breach in rule.check(self.last)]
        self.book = self.book.after(step, outcome)
        return list(dict.fromkeys(each.split()[0] for each in self.found))

    def accepted(self, step: Step) -> list[str]:
        """The same of a step that the vault accepts."""
        broken = self.play(step)
        assert not self.refusal, f"{step.action}: {self.refusal}"
        return broken

    def do(self, door: Door[P], sender: str, *args: P.args, **kwargs: P.kwargs) -> list[str]:
        """The numbers of the rules that an accepted step of now breaks."""
        return self.accepted(door(self.at, sender, *args, **kwargs))

    def price(self, usd: int, sender: str = FEEDER, at: int = 0) -> list[str]:
        """A print of the index, of now or of a time."""
        return self.do(
            doors.publish_price, sender, underlying=0, index_wad=usd * WAD, premium_wad=0, confidence_wad=WAD,
            published_at=at or self.at,
        )  # fmt: skip

    def forward(self, usd: int) -> list[str]:
        """A print of the forward of the expiry."""
        return self.do(
            doors.publish_forward, FEEDER, underlying=0, expiry=EXPIRY, forward_wad=usd * WAD, rate_wad=0,
            confidence_wad=WAD, published_at=self.at,
        )  # fmt: skip

    def trade(self, size: int, usd: int = 2_000, instrument: int = PERP, sender: str = BROKER) -> list[str]:
        """A trade in which Bob buys whole units of Alice, or sells them."""
        return self.do(
            doors.trade, sender, maker=ALICE, taker=BOB, instrument=instrument, size=size * WAD, price_wad=usd * WAD
        )  # fmt: skip

    def pair(self, size: int = 1, salt: int = 5, **changed: Any) -> Match:
        """Two signed orders of Alice, who sells, and Bob. changed: fields of Bob's order."""
        maker = Order(ALICE, PERP, -size * WAD, 2_000 * WAD, self.at + HOUR, salt)
        taker = Order(BOB, PERP, size * WAD, 2_010 * WAD, self.at + HOUR, salt)._replace(**changed)
        return Match(maker, signed(maker), taker, signed(taker), size * WAD)

    def fill(self, *pairs: Match) -> list[str]:
        """A fill of pairs of orders."""
        return self.do(doors.fill, STRANGER, matches=pairs)

    def _opening(self, guard: PriceGuard | None) -> list[Step]:
        """Roles, a listed underlying with options, a guard and an open expiry, a collateral; all of it priced."""
        at, late = START, START + DELAY
        svi = Svi(a=WAD // 100, ref_secs=7 * DAY, ref_forward=2_000 * WAD)
        changes = [doors.OPTIONS.of(underlying=0, risk=OPTIONS)]
        if guard:
            changes.append(doors.GUARD.of(underlying=0, guard=guard))
        self.at = late
        return [
            doors.set_guardian(at, GOVERNOR, to=GUARDIAN),
            doors.set_feeder(at, GOVERNOR, feeder=FEEDER, allowed=True),
            doors.list_underlying(at, GOVERNOR, name="ETH", risk=RISK),
            *(doors.list_collateral(at, GOVERNOR, token=each, underlying=0, terms=HAIRCUT) for each in _KINDS[1:]),
            *(change.schedule(at, GOVERNOR) for change in changes),
            *(change.enact(late, GOVERNOR) for change in changes),
            doors.publish_price(
                late, FEEDER, underlying=0, index_wad=2_000 * WAD, premium_wad=0, confidence_wad=WAD, published_at=late
            ),
            doors.open_expiry(late, GOVERNOR, underlying=0, expiry=EXPIRY),
            doors.publish_forward(
                late, FEEDER, underlying=0, expiry=EXPIRY, forward_wad=2_000 * WAD, rate_wad=0, confidence_wad=WAD,
                published_at=late,
            ),
            doors.publish_surface(
                late, FEEDER, underlying=0, expiry=EXPIRY, svi=svi, confidence_wad=WAD, published_at=late
            ),
        ]  # fmt: skip

    def _owner(self, account: AccountId) -> list[Step]:
        """An account of 100,000 USDC and 10 WETH that allows the broker and the exchange to act for it."""
        at, owner = self.at, account.owner
        return [
            *(doors.mint(at, "faucet", token=each, to=owner, amount_raw=10**24) for each in _KINDS),
            doors.deposit_cash(at, owner, account=account, amount_raw=10**11),
            doors.deposit_collateral(at, owner, account=account, collateral=0, amount_raw=10 * WAD),
            doors.set_operator(at, owner, account=account, operator=BROKER, allowed=True),
            doors.set_operator(at, owner, account=account, operator=EXCHANGE, allowed=True),
        ]


def signed(order: Order, signer: str = "") -> Signature:
    """The signature of an order, by its owner or by another."""
    return Signature(signer or order.account.owner, order, CHAIN_ID, EXCHANGE)
