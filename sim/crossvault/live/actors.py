"""Accounts that play a story on an external chain: one per name, with gas paid by one account.

The keys derive from a signature of the paying account over a text with chain, vault and cast: only that account can
derive them again, and nothing is stored.
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
    PollingPolicy,
    SignedTransaction,
    TransactionLimits,
    TransactionReplaced,
    TransactionSender,
)

# the keys of existing casts derive from this text: it must not change
_TEXT = (
    "crossvault: the accounts that play stories.\n"
    "Chain: {chain}\nVault: {vault}\nCast: {cast}\n"
    "Whoever has this signature can act for them: sign it for crossvault only."
)
PAYER = "deployer"  # name of the paying account in every cast
_TURNS = 5
_REMEMBERED = 64  # transactions that a reorganisation may still drop
_CALLS_AHEAD = 3  # a top-up pays for this many calls like the next one


class OverBudget(MissedThreshold):
    """The story exceeds its gas budget."""


class PendingTransaction(Interruption):
    """An account has a pending transaction."""


class LiveNetwork(NamedTuple):
    """The network of a live run: endpoint, chain id, vault address (hex) and transaction limits."""

    client: RpcClient
    chain_id: int
    vault: str
    limits: TransactionLimits = NO_LIMITS
    pace: PollingPolicy = DEFAULT_POLLING


class LiveActors:
    """The accounts of one cast.

    sent: the last transactions, in order; spent_wei: gas paid by the paying account; budget_wei: its limit.
    """

    def __init__(
        self, network: LiveNetwork, payer: Signer, cast: str, roles: Mapping[str, Signer], budget_wei: int
    ) -> None:
        """cast: a label; each label derives other accounts. roles: names that existing accounts play."""
        from eth_utils.crypto import keccak

        self.network, self.payer, self._roles = network, payer, {**roles, PAYER: payer}
        self._seed = keccak(
            payer.sign_text(_TEXT.format(chain=network.chain_id, vault=network.vault.lower(), cast=cast))
        )
        self._senders: dict[str, TransactionSender] = {}
        self.budget_wei, self.spent_wei = budget_wei, 0
        self.sent: list[tuple[str, SignedTransaction]] = []

    def signer(self, name: str) -> Signer:
        """The signer of a name."""
        from eth_utils.crypto import keccak

        if name not in self._roles:
            self._roles[name] = KeySigner(keccak(self._seed + name.encode()))
        return self._roles[name]

    def sender(self, name: str) -> TransactionSender:
        """The transaction sender of a name. Raises WrongChain."""
        address = self.signer(name).address
        if address not in self._senders:
            network = self.network
            self._senders[address] = TransactionSender(
                network.client, self.signer(name), network.chain_id, network.limits, network.pace
            )
        return self._senders[address]

    def fund_gas(self, name: str, gas: int) -> None:
        """Tops up a name's account to pay for a call of that gas. Raises OverBudget, ChainRefused, ChainLost."""
        if self.signer(name).address == self.payer.address:
            return
        sender = self.sender(name)
        need_wei = gas * sender.fees().most_wei
        if self._balance(name) >= need_wei:
            return
        top_up_wei = _CALLS_AHEAD * need_wei
        if self.spent_wei + top_up_wei > self.budget_wei:
            raise OverBudget(
                f"gas for {name} needs {top_up_wei:,} wei more; {self.spent_wei:,} of {self.budget_wei:,} are spent"
            )
        self._pay(PAYER, name, top_up_wei)
        self.spent_wei += top_up_wei

    def await_quiet(self, names: Iterable[str]) -> None:
        """Waits until no earlier transaction of the names is pending. Raises PendingTransaction, ChainLost."""
        began = time.monotonic()
        for name in dict.fromkeys((*names, PAYER)):
            sender = self.sender(name)
            for wait_secs in self.network.pace.waits():
                if sender.nonce() <= sender.nonce("latest"):
                    break
                if time.monotonic() - began > self.network.pace.stuck_secs:
                    raise PendingTransaction(
                        f"{sender.signer.address} ({name}) has a transaction that is in no block yet: try again later"
                    )
                time.sleep(wait_secs)

    def refund(self) -> int:
        """Refunds the balances of the names to the paying account where they exceed the transfer fee [wei]."""
        returned_wei = 0
        for name, signer in self._roles.items():
            balance_wei = self._balance(name)
            if not isinstance(signer, KeySigner) or signer.address == self.payer.address or not balance_wei:
                continue
            sender = self.sender(name)
            rest_wei = balance_wei - sender.estimate(self.payer.address, "0x") * sender.fees().most_wei
            if rest_wei > 0:
                self._pay(name, PAYER, rest_wei)
                returned_wei += rest_wei
        return returned_wei

    def _pay(self, name: str, to: str, value_wei: int) -> None:
        sender = self.sender(name)
        for turn in range(_TURNS):
            sent = sender.prepare(self.signer(to).address, "0x", value=value_wei)
            sender.post(sent)
            try:
                sender.confirm(sent)
            except TransactionReplaced:  # the account sends elsewhere too; this transaction never happens
                if turn == _TURNS - 1:
                    raise
            else:
                return self.remember(name, sent)

    def remember(self, name: str, sent: SignedTransaction) -> None:
        """Records a mined transaction, to resend it if a reorganisation drops it."""
        self.sent = [*self.sent, (name, sent)][-_REMEMBERED:]

    def resend(self, confirmations: int, await_turn: Callable[[str], None]) -> str | None:
        """Resends dropped transactions in order; returns the hash of the first that now reverts, if any.

        await_turn: called with each hash before it is sent. Raises TransactionReplaced.
        """
        for name, prepared in self.sent:
            await_turn(prepared.hash)
            sender = self.sender(name)
            sender.post(prepared)
            if not sender.confirm(prepared, confirmations).accepted:
                return prepared.hash
        return None

    def _balance(self, name: str) -> int:
        return int(self.network.client.rpc("eth_getBalance", self.signer(name).address, "latest"), 16)


class ActorAddresses(AddressBook):
    """Names and addresses of a live run: an unknown name is one of the actors' accounts."""

    def __init__(self, actors: LiveActors) -> None:
        super().__init__()
        self._actors = actors

    def number(self, name: str) -> int:
        """The address of a name as a number."""
        if name not in self._numbers and not name.startswith("0x"):
            self.record(name, self._actors.signer(name).address)
        return super().number(name)
