"""The rows of payments: every movement of money between two parties, from the events of each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from crossvault.differential.model import Model
from crossvault.differential.step import VAULT, Outcome, Step, named_in
from crossvault.history.money_book import (
    INSURANCE,
    LENDING,
    VAULT_ITSELF,
    MoneyBook,
    MoneyMove,
    Party,
    PositionMove,
    account_party,
    is_option,
    wallet,
)
from crossvault.history.step_history import Row, event_values, named_instrument
from crossvault.mirror import account as accounts, collateral, fixed, ledger, market, option
from crossvault.mirror.account import AccountId

Values = dict[str, Any]


class PaymentHistory:
    """The payments of a model, from its first step. book: the money of its accounts, as the events leave it.

    exchanged: the positions that moved from one account to another in the last step.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._quote = model.vault.ledger.cash.token
        self._paid: list[MoneyMove] = []
        self.exchanged: list[PositionMove] = []
        self._insurance_wad = 0
        self.book = MoneyBook(self._quote, self._funding_index, self._paid.append, self.exchanged.append)

    def rows(self, number: int, step: Step, outcome: Outcome) -> Iterator[Row]:
        """The payments of an accepted step, in their order."""
        paid = self.moves(step, outcome)
        self._require_like(step, outcome)
        for place, payment in enumerate(filter(_moves, paid), start=1):
            yield (number, step.at, place, *self._row(payment))

    def moves(self, step: Step, outcome: Outcome) -> Sequence[MoneyMove]:
        """The movements of money of an accepted step, until the next."""
        self._paid.clear()
        self.exchanged.clear()
        self._donate(step)
        for event in outcome.events:
            if note := _NOTES.get(event.name):
                note(self, event_values(event))
        return self._paid

    def _row(self, payment: MoneyMove) -> Row:
        payer, payee = (payment.payer, payment.payee) if payment.amount_wad > 0 else (payment.payee, payment.payer)
        names = self._model.vault.ledger.names
        sides = [
            (p.kind, named_instrument(int(p.name), names) if p.kind == "market" else p.name) for p in (payer, payee)
        ]
        instrument = named_instrument(payment.instrument, names) if payment.instrument >= 0 else None
        return (payment.what_for, *sides[0], *sides[1], payment.token, abs(payment.amount_wad), instrument)

    def _require_like(self, step: Step, outcome: Outcome) -> None:
        """Requires the money of the accounts of a step to be what the model has."""
        holders, count = self._model.vault.ledger.holders, len(self._model.vault.ledger.assets)
        for account in {*step.accounts(), *named_in(outcome.events)}:
            assert self.book.is_like(account, accounts.image(holders[account], count)), (self._model.steps, account)
        assert self._insurance_wad == self._model.vault.ledger.cash.insurance_wad, self._model.steps

    def _funding_index(self, instrument: int) -> int:
        return ledger.funding_index(self._model.vault.ledger, instrument, now=self._model.at)

    def _pay(self, what_for: str, payer: Party, payee: Party, token: str, amount_wad: int) -> None:
        self._paid.append(MoneyMove(what_for, payer, payee, token, amount_wad))

    def _wad(self, token: str, amount_raw: int) -> int:
        return collateral.to_wad(amount_raw, self._model.tokens[token].decimals())

    def _donate(self, step: Step) -> None:
        """Notes tokens that reach the vault by no door of it; what moves between wallets is not its money."""
        if step.action not in ("mint", "transfer") or step.args["to"] != VAULT:
            return
        token, amount_raw = step.args["token"], step.args["amount_raw"]
        if step.action == "transfer" and self._model.tokens[token].spec.kind == "fee":
            amount_raw -= amount_raw // 100
        payer = Party("issuer", token) if step.action == "mint" else wallet(step.sender)
        self._pay("donation", payer, VAULT_ITSELF, token, self._wad(token, amount_raw))

    def _accrued(self, values: Values) -> None:
        self.book.supply_index, self.book.borrow_index = values["supply_index"], values["borrow_index"]
        earned_wad = values["insurance_wad"] - self._insurance_wad
        self._pay("interest", LENDING, INSURANCE, self._quote, earned_wad)
        self._insurance_wad = values["insurance_wad"]

    def _funded(self, values: Values) -> None:
        amount_wad = self._wad(self._quote, values["amount_raw"])
        self._pay("insurance", wallet(values["sender"]), INSURANCE, self._quote, amount_wad)
        self._insurance_wad = values["insurance_wad"]

    def _moved_cash(self, values: Values, is_deposit: bool) -> None:
        amount_wad = self._wad(self._quote, values["amount_raw"])
        other = wallet(values["sender"] if is_deposit else values["to"])
        what_for = "deposit" if is_deposit else "withdrawal"
        self.book.add_cash(values["account"], amount_wad if is_deposit else -amount_wad, what_for, other)

    def _moved_collateral(self, values: Values, is_deposit: bool) -> None:
        token = self._model.vault.ledger.assets[values["collateral"]].token
        other = wallet(values["sender"] if is_deposit else values["to"])
        sides = (other, account_party(values["account"]))
        payer, payee = sides if is_deposit else sides[::-1]
        what_for = "deposit" if is_deposit else "withdrawal"
        amount_wad, number = self._wad(token, values["amount_raw"]), values["collateral"]
        self._paid.append(MoneyMove(what_for, payer, payee, token, amount_wad, collateral=number))
        self.book.account(values["account"]).balances[number] = values["balance_raw"]

    def _traded(self, values: Values) -> None:
        maker, taker, instrument, size = (values[name] for name in ("maker", "taker", "instrument", "size"))
        quote = fixed.mul_div_ceil(size, values["price_wad"], fixed.WAD)
        self.exchanged.append(PositionMove(maker, taker, instrument, size, -quote, True))
        if not is_option(instrument):
            self.book.fill(maker, instrument, -size, quote, unrealised=quote)
            self.book.fill(taker, instrument, size, -quote, unrealised=-quote)
            return
        self.book.pay("option price", account_party(taker), maker, quote, instrument)
        for account, sign in ((maker, -1), (taker, 1)):
            self.book.hold_option(account, instrument, sign * size)
            self.book.credit(account, -sign * quote)

    def _settled(self, values: Values) -> None:
        for account in values["accounts"]:
            held = self.book.account(account)
            for instrument in list(held.positions):
                if market.underlying_of(instrument) != values["underlying"]:
                    continue
                if market.expiry_of(instrument) == values["expiry"]:
                    self.book.settle(account, instrument, _worth(instrument, values))

    def _sale_begins(self, values: Values) -> None:
        self.book.account(values["account"]).reserved_wad = 0

    def _bought(self, values: Values) -> None:
        account, bidder, deal = values["account"], values["bidder"], values["deal"]
        self._move_part(account, bidder, deal.taken_wad)
        if deal.cost_wad < 0:
            self.book.add_cash(bidder, -deal.cost_wad, "payout", INSURANCE)
            self._insurance_wad += deal.cost_wad
        else:
            self.book.pay("bid", account_party(account), bidder, -deal.cost_wad)
            self.book.credit(bidder, -deal.cost_wad)
            self.book.credit(account, deal.cost_wad)
        self.book.account(account).reserved_wad = deal.reserved_wad

    def _move_part(self, source: AccountId, target: AccountId, fraction_wad: int) -> None:
        """Moves a part of an account to another, as `Ledger.movePart` does."""
        held, payer = self.book.account(source), account_party(source)
        part_wad = self.book.sold_cash(source, fraction_wad)
        self.book.pay("sold cash", payer, target, part_wad)
        self.book.credit(source, -part_wad)
        self.book.credit(target, part_wad)
        for number, asset in enumerate(self._model.vault.ledger.assets):
            part_raw = self.book.move_collateral(source, target, number, fraction_wad)
            amount_wad, payee = self._wad(asset.token, part_raw), account_party(target)
            self._paid.append(MoneyMove("sold collateral", payer, payee, asset.token, amount_wad, collateral=number))
        for instrument in list(held.positions):
            self.book.move_position(source, target, instrument, fraction_wad)


def _worth(instrument: int, values: Values) -> int:
    kind = market.kind_of(instrument)
    settlement_wad: int = values["settlement_wad"]
    if not market.is_option(kind):
        return settlement_wad
    return option.payoff(settlement_wad, market.strike_of(instrument), kind == market.CALL)


def _moves(payment: MoneyMove) -> bool:
    return payment.amount_wad != 0 and payment.payer != payment.payee


_NOTES: dict[str, Callable[[PaymentHistory, Values], None]] = {
    "InterestAccrued": PaymentHistory._accrued,
    "InsuranceFunded": PaymentHistory._funded,
    "CashDeposited": partial(PaymentHistory._moved_cash, is_deposit=True),
    "CashWithdrawn": partial(PaymentHistory._moved_cash, is_deposit=False),
    "CollateralDeposited": partial(PaymentHistory._moved_collateral, is_deposit=True),
    "CollateralWithdrawn": partial(PaymentHistory._moved_collateral, is_deposit=False),
    "Traded": PaymentHistory._traded,
    "Settled": PaymentHistory._settled,
    "LiquidationStarted": PaymentHistory._sale_begins,
    "LiquidationRestarted": PaymentHistory._sale_begins,
    "InsolvencyDeclared": PaymentHistory._sale_begins,
    "LiquidationEnded": PaymentHistory._sale_begins,
    "Bid": PaymentHistory._bought,
}
