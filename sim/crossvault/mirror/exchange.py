"""Signed orders: an operator that trades for accounts within the orders that their owners signed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from crossvault.mirror import account as accounts, authority_errors, fixed, number_errors, order_errors
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import ZERO_ADDRESS, Call, StorageMap, StorageStruct, UndoLog
from crossvault.mirror.vault import Vault

FORMER_VERSION = 1
VERSION = 2


class Order(NamedTuple):
    """Order that the owner of an account signs."""

    account: AccountId
    instrument: int
    size: int
    limit_wad: int
    expires_at: int
    salt: int
    epoch: int = 0


class Progress(StorageStruct):
    """Progress of an order: filled size and whether it is cancelled."""

    __slots__ = ("filled_wad", "is_cancelled")
    zeros = {"filled_wad": 0, "is_cancelled": False}
    filled_wad: int
    is_cancelled: bool


class Match(NamedTuple):
    """Two orders, their signatures, and the size to fill of both."""

    maker: Order
    maker_signature: Signature | str
    taker: Order
    taker_signature: Signature | str
    size_wad: int


class Digest(NamedTuple):
    """Preimage of a digest on the chain: an order, its chain and its contract."""

    order: Order
    chain_id: int
    exchange: str


class Signature(NamedTuple):
    """Representation of a signature: signer, digest, version; a text in its place is unsigned bytes in hex."""

    signer: str
    order: Order
    chain_id: int
    exchange: str
    version: int = VERSION

    @property
    def content(self) -> Signature:
        """What it is a signature of: version 1 has no epochs."""
        return self._replace(order=self.order._replace(epoch=0)) if self.version == FORMER_VERSION else self


class Exchange(StorageStruct):
    """Signed orders: an operator that trades for accounts within the orders that their owners signed."""

    __slots__ = ("chain_id", "epoch_of", "progress", "salt_floor", "this", "vault", "wallets")
    zeros = {
        "vault": None,
        "progress": lambda journal: StorageMap(journal, partial(Progress, journal)),
        "salt_floor": lambda journal: StorageMap(journal, int),
        "epoch_of": lambda journal: StorageMap(journal, int),
        "wallets": None,
        "chain_id": 0,
        "this": ZERO_ADDRESS,
    }
    vault: Vault
    progress: StorageMap[Digest, Progress]
    salt_floor: StorageMap[AccountId, int]
    epoch_of: StorageMap[AccountId, int]
    wallets: Mapping[str, str]
    chain_id: int
    this: str

    def __init__(self, vault: Vault, *, wallets: Mapping[str, str], chain_id: int, this: str, journal: UndoLog) -> None:
        super().__init__(journal)
        self.wallets = wallets
        self.chain_id = chain_id
        self.this = this
        self.vault = vault

    def fill(self, matches: tuple[Match, ...], *, sender: str, now: int) -> None:
        """Fills pairs of signed orders, each at the midpoint of its two limits."""
        calls = tuple([self.agree(pair, sender=sender, now=now) for pair in matches])
        self.vault.batch(calls, sender=self.this, now=now)

    def cancel(self, order: Order, *, sender: str) -> None:
        """Cancels an order for ever."""
        self.require_authority(order.account, sender)
        key = self.digest(order)
        self.progress[key].is_cancelled = True
        self.vault.emit("OrderCancelled", sender, order, self.progress[key].filled_wad)

    def cancel_below(self, account: AccountId, salt: int, *, sender: str) -> None:
        """Cancels every order of the present epoch of an account whose salt is below a floor."""
        self.require_authority(account, sender)
        if salt <= self.salt_floor[account]:
            raise order_errors.FloorNotRaised(salt, self.salt_floor[account])
        self.salt_floor[account] = salt
        self.vault.emit("OrdersCancelledBelow", sender, account, salt)

    def next_epoch(self, account: AccountId, *, sender: str) -> None:
        """Cancels every order of the present epoch of an account, and starts the next one without a floor."""
        self.require_authority(account, sender)
        self.epoch_of[account] += 1
        self.salt_floor[account] = 0
        self.vault.emit("EpochStarted", sender, account, self.epoch_of[account])

    def filled_wad(self, order: Order) -> int:
        """Filled size of an order [wad]."""
        return self.progress[self.digest(order)].filled_wad

    def is_cancelled(self, order: Order) -> bool:
        """Whether an order is cancelled, alone, with its epoch or with all below a floor."""
        current = self.epoch_of[order.account]
        is_below = order.epoch == current and order.salt < self.salt_floor[order.account]
        return self.progress[self.digest(order)].is_cancelled or order.epoch < current or is_below

    def digest(self, order: Order) -> Digest:
        """Digest that is signed: of the whole order, this chain and this contract."""
        return Digest(order, self.chain_id, self.this)

    def former_digest(self, order: Order) -> Digest:
        """Digest of an order in version 1, which had no epochs."""
        return Digest(order._replace(epoch=0), self.chain_id, self.this)

    def agree(self, pair: Match, *, sender: str, now: int) -> Call:
        """Records the fill of a pair of orders and returns the resulting trade of the vault."""
        if pair.size_wad == 0:
            raise number_errors.ZeroSize
        self.require_size(pair.maker.size)
        self.require_size(pair.taker.size)
        self.require_opposite(pair.maker, pair.taker)
        maker_filled_wad = self.take(pair.maker, pair.maker_signature, pair.size_wad, now=now)
        taker_filled_wad = self.take(pair.taker, pair.taker_signature, pair.size_wad, now=now)
        self.vault.emit("Filled", sender, pair.maker, pair.taker, pair.size_wad, maker_filled_wad, taker_filled_wad)
        sides = {"maker": pair.maker.account, "taker": pair.taker.account, "instrument": pair.taker.instrument}
        size = -pair.size_wad if pair.taker.size < 0 else pair.size_wad
        price_wad = fixed.midpoint(pair.maker.limit_wad, pair.taker.limit_wad)
        return Call("trade", {**sides, "size": size, "price_wad": price_wad})

    def take(self, order: Order, signature: Signature | str, size_wad: int, *, now: int) -> int:
        """Takes a size from the rest of an order and returns its filled size [wad]."""
        key = self.digest(order)
        self.require_live(order, key, now=now)
        rest_wad = fixed.abs(order.size) - self.progress[key].filled_wad
        if size_wad > rest_wad:
            raise order_errors.Overfilled(size_wad, rest_wad)
        taken_wad = self.progress[key].filled_wad + size_wad
        self.progress[key].filled_wad = taken_wad
        self.require_signed(order, key, signature)
        return taken_wad

    def require_signed(self, order: Order, key: Digest, signature: Signature | str) -> None:
        """Requires the signature of the owner of an account."""
        owner = accounts.owner_of(order.account)
        signer = self.wallets.get(owner, owner)
        content = signature if isinstance(signature, str) else signature.content
        if content == Signature(signer, *key):
            return
        if content == Signature(signer, *self.former_digest(order), FORMER_VERSION):
            raise order_errors.OrderOfOtherVersion(FORMER_VERSION, VERSION)
        raise order_errors.BadSignature(order.account)

    def require_live(self, order: Order, key: Digest, *, now: int) -> None:
        """Requires an order that can still be filled."""
        if now > order.expires_at:
            raise order_errors.OrderExpired(now, order.expires_at)
        current = self.epoch_of[order.account]
        if order.epoch != current:
            raise order_errors.OrderOfOtherEpoch(order.epoch, current)
        floor = self.salt_floor[order.account]
        if order.salt < floor:
            raise order_errors.OrderBelowFloor(order.salt, floor)
        if self.progress[key].is_cancelled:
            raise order_errors.OrderCancelled(order.account, order.salt)

    def require_authority(self, account: AccountId, sender: str) -> None:
        """Requires a sender that may trade for an account."""
        if self.vault.scopes_of(account, sender) & accounts.TRADE == 0:
            raise authority_errors.NotAuthorized(account, sender)

    def require_size(self, size: int) -> None:
        """Requires an order size above zero and within the cap of all sizes."""
        if size == 0:
            raise number_errors.ZeroSize
        if fixed.abs(size) > fixed.CAP:
            raise number_errors.SizeTooLarge(fixed.abs(size), fixed.CAP)

    def require_opposite(self, maker: Order, taker: Order) -> None:
        """Requires two orders that match."""
        if maker.instrument != taker.instrument:
            raise order_errors.InstrumentsDiffer(maker.instrument, taker.instrument)
        if (maker.size < 0) == (taker.size < 0):
            raise order_errors.NotOpposite(maker.size, taker.size)
        met = maker.limit_wad >= taker.limit_wad if taker.size < 0 else maker.limit_wad <= taker.limit_wad
        if not met:
            raise order_errors.LimitNotMet(maker.limit_wad, taker.limit_wad)
