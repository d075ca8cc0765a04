"""Who plays a story on a chain that others run: each name an account of its own, whose gas one account pays.

The keys follow from a signature of the paying account over a text that names chain, vault and cast: the same account
finds them again, nobody else can, and nothing has to be kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from crossvault.differential.ending import Interruption, MissedThreshold
from crossvault.evm.codec import AddressBook
from crossvault.rpc.client import RpcClient
from crossvault.rpc.signer import KeySigner, Signer
from crossvault.rpc.transactions import (
    DEFAULT_POLLING,
    NO_LIMITS,
    Limits,
    PollingPolicy,
    SignedTransaction,
    Superseded,
    TransactionSender,
)

_TEXT = (
    "crossvault: the accounts that play stories.\n"
    "Chain: {chain}\nVault: {vault}\nCast: {cast}\n"
    "Whoever has this signature can act for them: sign it for crossvault only."
)
PAYER = "deployer"  # the name of the paying account in every cast
_TURNS = 5
_REMEMBERED = 64  # transactions that a reorganisation may still undo
_CALLS_AHEAD = 3  # gas that an account is given at once, in calls like the one it is about to make


class OverBudget(MissedThreshold):
    """The story would cost more than it may."""


class Pending(Interruption):
    """An account has sent something that may still happen."""


class LiveNetwork(NamedTuple):
    """Where a company plays: an endpoint, its chain, the vault (hex), and what transactions may cost."""

    wire: RpcClient
    chain_id: int
    vault: str
    limits: Limits = NO_LIMITS
    pace: PollingPolicy = DEFAULT_POLLING


class LiveActors:
    """The accounts of one cast.

    sent: the last transactions, in order; spent_wei: what the paying account gave for gas; budget_wei: what it may;
    ground: where they play.
    """

    def __init__(
        self, ground: LiveNetwork, payer: Signer, cast: str, roles: Mapping[str, Signer], budget_wei: int
    ) -> None:
        """cast: a label; another label makes other accounts. roles: names that are played by accounts that exist."""
        from eth_utils.crypto import keccak

        self.ground, self.payer, self._roles = ground, payer, {**roles, PAYER: payer}
        self._seed = keccak(payer.sign_text(_TEXT.format(chain=ground.chain_id, vault=ground.vault.lower(), cast=cast)))
        self._couriers: dict[str, TransactionSender] = {}
        self.budget_wei, self.spent_wei = budget_wei, 0
        self.sent: list[tuple[str, SignedTransaction]] = []

    def signer(self, name: str) -> Signer:
        """The account of a name."""
        from eth_utils.crypto import keccak

        if name not in self._roles:
            self._roles[name] = KeySigner(keccak(self._seed + name.encode()))
        return self._roles[name]

    def courier(self, name: str) -> TransactionSender:
        """Who sends for a name. Raises WrongChain."""
        address = self.signer(name).address
        if address not in self._couriers:
            ground = self.ground
            self._couriers[address] = TransactionSender(
                ground.wire, self.signer(name), ground.chain_id, ground.limits, ground.pace
            )
        return self._couriers[address]

    def provide(self, name: str, gas: int) -> None:
        """Sees to it that a name can pay for a call of so much gas. Raises OverBudget, ChainRefused, ChainLost."""
        if self.signer(name).address == self.payer.address:
            return
        courier = self.courier(name)
        need_wei = gas * courier.fees().most_wei
        if self._balance(name) >= need_wei:
            return
        gift_wei = _CALLS_AHEAD * need_wei
        if self.spent_wei + gift_wei > self.budget_wei:
            raise OverBudget(
                f"gas for {name} takes {gift_wei:,} wei more; {self.spent_wei:,} of {self.budget_wei:,} are spent"
            )
        self._pay(PAYER, name, gift_wei)
        self.spent_wei += gift_wei

    def await_quiet(self, names: Iterable[str]) -> None:
        """Waits until nothing that some names sent earlier is still to come. Raises Pending, ChainLost."""
        began = time.monotonic()
        for name in dict.fromkeys((*names, PAYER)):
            courier = self.courier(name)
            for wait_secs in self.ground.pace.waits():
                if courier.nonce() <= courier.nonce("latest"):
                    break
                if time.monotonic() - began > self.ground.pace.stuck_secs:
                    raise Pending(
                        f"{courier.signer.address} ({name}) has sent what is in no block yet: try again later"
                    )
                time.sleep(wait_secs)

    def give_back(self) -> int:
        """Returns what the names still have to the paying account, as far as it is worth a transfer [wei]."""
        returned_wei = 0
        for name, signer in self._roles.items():
            balance_wei = self._balance(name)
            if not isinstance(signer, KeySigner) or signer.address == self.payer.address or not balance_wei:
                continue
            courier = self.courier(name)
            rest_wei = balance_wei - courier.estimate(self.payer.address, "0x") * courier.fees().most_wei
            if rest_wei > 0:
                self._pay(name, PAYER, rest_wei)
                returned_wei += rest_wei
        return returned_wei

    def _pay(self, name: str, to: str, value_wei: int) -> None:
        courier = self.courier(name)
        for turn in range(_TURNS):
            sent = courier.prepare(self.signer(to).address, "0x", value=value_wei)
            courier.post(sent)
            try:
                courier.confirm(sent)
            except Superseded:  # the account pays elsewhere as well; this one never happens
                if turn == _TURNS - 1:
                    raise
            else:
                return self.remember(name, sent)

    def remember(self, name: str, sent: SignedTransaction) -> None:
        """Keeps a transaction that is in a block, to be sent again should a reorganisation drop it."""
        self.sent = [*self.sent, (name, sent)][-_REMEMBERED:]

    def send_again(self, confirmations: int, await_turn: Callable[[str], None]) -> str | None:
        """Sends what a reorganisation dropped, in order; answers the hash of one that is refused now, if there is one.

        await_turn: called with each hash before it is sent. Raises Superseded.
        """
        for name, prepared in self.sent:
            await_turn(prepared.hash)
            courier = self.courier(name)
            courier.post(prepared)
            if not courier.confirm(prepared, confirmations).accepted:
                return prepared.hash
        return None

    def _balance(self, name: str) -> int:
        return int(self.ground.wire.rpc("eth_getBalance", self.signer(name).address, "latest"), 16)


class ActorAddresses(AddressBook):
    """Names and addresses of a company: a name that nobody has said is one of its accounts."""

    def __init__(self, company: LiveActors) -> None:
        super().__init__()
        self._company = company

    def number(self, name: str) -> int:
        """The address of a name as a number."""
        if name not in self._numbers and not name.startswith("0x"):
            self.record(name, self._company.signer(name).address)
        return super().number(name)
