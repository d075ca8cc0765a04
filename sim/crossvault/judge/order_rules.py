"""V12: signed orders are filled as their owners signed them, and positions move by exactly the fills.

That an order is not cancelled, of its account's epoch, and above the floor of its account's salts, is V26.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from crossvault.differential.step import CHAIN_ID, EXCHANGE
from crossvault.judge.books import Books
from crossvault.judge.breach import Breach
from crossvault.judge.moment import Moment
from crossvault.judge.trade_rules import fill_price

if TYPE_CHECKING:
    from crossvault.mirror.account import AccountId

SIGNED_VERSION = 2  # of the typed data of an order


def signed_fills(moment: Moment) -> Iterator[Breach]:
    """V12 of a fill."""
    if moment.step.action != "fill" or not moment.accepted:
        return
    moved: Counter[tuple[AccountId, int]] = Counter()
    for pair in moment.step.args["matches"]:
        for order, signature in ((pair.maker, pair.maker_signature), (pair.taker, pair.taker_signature)):
            moved[order.account, order.instrument] += pair.size_wad if order.size > 0 else -pair.size_wad
            for what in _unsigned(moment, order, signature, pair):
                yield Breach(f"the order of {order.account} with salt {order.salt}: {what}", accounts=(order.account,))
        if (pair.maker.size > 0) == (pair.taker.size > 0) or pair.maker.instrument != pair.taker.instrument:
            yield Breach(f"orders that do not meet: {pair.maker} and {pair.taker}")
    yield from _filled(moment)
    yield from _priced(moment)
    for (account, instrument), size in moved.items():
        change = _size(moment.after, account, instrument) - _size(moment.before, account, instrument)
        if change != size:
            yield Breach(f"{account}: its size moved by {change}, {size} was filled", accounts=(account,))


def _unsigned(moment: Moment, order: Any, signature: Any, pair: Any) -> Iterator[str]:
    """What the owner of an order did not sign: itself, its time, its limit."""
    owner = order.account.owner
    signer = moment.rulebook.wallets.get(owner, owner)
    if signature != (signer, order, CHAIN_ID, EXCHANGE, SIGNED_VERSION):
        yield f"{signer} did not sign it for this exchange and its version {SIGNED_VERSION}"
    if moment.at > order.expires_at:
        yield f"filled at {moment.at}, its last second was {order.expires_at}"
    if pair.size_wad <= 0:
        yield f"a fill of {pair.size_wad}"
    price_wad = fill_price(pair)
    if (price_wad > order.limit_wad) if order.size > 0 else (price_wad < order.limit_wad):
        yield f"filled at {price_wad}, its limit is {order.limit_wad}"


def _priced(moment: Moment) -> Iterator[Breach]:
    """Fills at another price than half the sum of the two limits, rounded down, in the order of the pairs."""
    traded = [event.values[5] for event in moment.outcome.events if event.name == "Traded"]
    wanted = [fill_price(pair) for pair in moment.step.args["matches"]]
    if traded != wanted:
        yield Breach(f"orders are filled at {traded}, the middles of their limits are {wanted}")


def _filled(moment: Moment) -> Iterator[Breach]:
    """Fills beyond the size of an order, or noted otherwise than they were."""
    noted = moment.rulebook_after.filled
    for order in {each for pair in moment.step.args["matches"] for each in (pair.maker, pair.taker)}:
        if noted[order] > abs(order.size):
            yield Breach(f"{noted[order]} of the order of {order.account} is filled, its size is {abs(order.size)}")
        stored = moment.after.orders.filled.get((order, CHAIN_ID, EXCHANGE), 0)
        if stored != noted[order]:
            yield Breach(f"{stored} of the order of {order.account} is stored as filled, it was {noted[order]}")


def _size(books: Books, account: AccountId, instrument: int) -> int:
    return sum(each.size for each in books.account(account).positions if each.instrument == instrument)
