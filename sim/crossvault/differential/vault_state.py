"""The state of a vault as code of the user reads it: by names, in exact integers, and without a way to change it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from crossvault.differential.last_writes import before_last_step
from crossvault.differential.model import Model
from crossvault.differential.step import account_id, instrument_name, instrument_number
from crossvault.differential.story import mark
from crossvault.differential.suggestion import did_you_mean
from crossvault.mirror.account import AccountId, Image
from crossvault.mirror.lens import CurveState, Globals
from crossvault.mirror.valuation import Metrics

AccountName = AccountId | str
InstrumentName = int | str


class VaultState:
    """The state of a vault, valued at a time [unix seconds]. Accounts and instruments are given by name or number."""

    def __init__(self, model: Model, at: int, before_at: int | None = None) -> None:
        """before_at: time of the step before the last one, where the state before the last step is meant."""
        self._model, self.at, self._before_at = model, at, before_at

    @property
    def underlyings(self) -> tuple[str, ...]:
        """The names of the listed underlyings."""
        with self._there():
            return tuple(self._model.vault.ledger.names)

    @property
    def collaterals(self) -> tuple[str, ...]:
        """The names of the tokens that are listed as collateral."""
        with self._there():
            return tuple(asset.token for asset in self._model.vault.ledger.assets)

    @property
    def accounts(self) -> tuple[AccountId, ...]:
        """The accounts that the vault knows."""
        with self._there():
            return tuple(self._model.vault.ledger.holders)

    @property
    def globals(self) -> Globals:
        """The state outside of accounts: insurance fund and deficit [wad], cash held [raw], indexes, prices."""
        with self._there():
            return self._model.snapshot(()).globals

    @property
    def curves(self) -> tuple[CurveState, ...]:
        """The expiries that have not settled."""
        with self._there():
            return self._model.vault.curves()

    def image(self, account: AccountName) -> Image:
        """Cash principal, margin mode, balances of collateral [raw] and positions of an account."""
        with self._there():
            return self._model.snapshot((self._account(account),)).accounts[0].image

    def is_in_auction(self, account: AccountName) -> bool:
        """Whether an account is being liquidated."""
        with self._there():
            return bool(self._model.snapshot((self._account(account),)).accounts[0].sale[0])

    def metrics(self, account: AccountName) -> Metrics:
        """The margin metrics of an account [wad]."""
        with self._there():
            return self._model.metrics((self._account(account),), self.at)[0]

    def size_wad(self, account: AccountName, instrument: InstrumentName) -> int:
        """The signed size of a position [wad]; 0 without one."""
        number = self.instrument(instrument)
        return next((each.size for each in self.image(account).entries if each.instrument == number), 0)

    def wallet_raw(self, holder: str, token: str) -> int:
        """The tokens of a holder outside of the vault [raw]. Raises ValueError for an unknown token."""
        with self._there():
            if token not in self._model.tokens:
                raise ValueError(f"no token {token!r}: {did_you_mean(token, self._model.tokens)}")
            return self._model.tokens[token].balance_of(holder)

    def index_wad(self, underlying: str) -> int:
        """The index price of an underlying [wad per whole unit]; 0 before the first print."""
        with self._there():
            names = tuple(self._model.vault.ledger.names)
            if underlying not in names:
                raise ValueError(f"no underlying {underlying!r}: {did_you_mean(underlying, names)}")
            return self._model.vault.ledger.prices[names.index(underlying)].index

    def mark_wad(self, instrument: InstrumentName) -> int:
        """The mark price of an instrument [wad per whole unit]; 0 if unknown."""
        number = self.instrument(instrument)
        with self._there():
            return mark(self._model, number, self.at)

    def instrument(self, name: InstrumentName) -> int:
        """The number of an instrument such as `ETH-PERP`. Raises ValueError."""
        return instrument_number(name, self.underlyings) if isinstance(name, str) else name

    def instrument_name(self, instrument: int) -> str:
        """The name of an instrument."""
        return instrument_name(instrument, self.underlyings)

    def _account(self, name: AccountName) -> AccountId:
        account = account_id(name) if isinstance(name, str) else name
        if not isinstance(account, AccountId):
            raise ValueError(f"{name!r} is no account: expected a name such as 'alice' or 'alice/2'")
        return account

    def _there(self) -> AbstractContextManager[None]:
        """The model at this state."""
        return nullcontext() if self._before_at is None else before_last_step(self._model, self._before_at)
