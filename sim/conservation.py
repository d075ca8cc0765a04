"""What a model's vault owns and owes: nothing is lost and nothing is made, but for what roundings leave in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from sim.mirror import cash, collateral, fixed, funding, ledger, market
from sim.mirror.account import AccountId
from sim.mirror.ledger import State
from sim.model import Model
from sim.side import VAULT

_NOTHING: Mapping[str, int] = MappingProxyType({})


def residue_wad(model: Model, donated: Mapping[str, int] = _NOTHING) -> int:
    """What roundings have left in the vault: quote held less quote owed [wad]; donated: raw by token."""
    state = model.vault.ledger
    owed_wad = state.cash.insurance_wad
    for account, holder in state.holders.items():
        owed_wad += cash.present(state.cash, holder.principal, now=model.at)
        for instrument in holder.instruments:
            owed_wad += _position_wad(state, account, instrument, model.at)
    held_raw = model.tokens[state.cash.token].balance_of(VAULT) - donated.get(state.cash.token, 0)
    return collateral.to_wad(held_raw, state.cash.decimals) - owed_wad


def residue_bound_wad(model: Model) -> int:
    """The most that one step may leave behind [wad].

    Each movement of cash drops less than a wei and less than a wei of principal, a position moved, closed or settled
    less than three; a step moves at most some hundreds. An accrual drops two wei and less than a step of the index
    for each unit of principal supplied.
    """
    pool = model.vault.ledger.cash
    per_movement = 4 + (pool.borrow_index + pool.supply_index) // fixed.RAY
    return 400 * per_movement + 3 + pool.total_supply // fixed.RAY


def broken(model: Model, donated: Mapping[str, int] = _NOTHING) -> Iterator[tuple[str, str]]:
    """The numbers of the invariants V1 to V3 that do not hold, and how; donated: tokens sent unasked, raw."""
    state = model.vault.ledger
    sizes: Counter[int] = Counter()
    balances: Counter[int] = Counter()
    supply = borrow = 0
    for holder in state.holders.values():
        supply += max(holder.principal, 0)
        borrow += max(-holder.principal, 0)
        balances.update(holder.balances)
        for instrument in holder.instruments:
            if not _is_settled(state, instrument):
                sizes[instrument] += holder.positions[instrument].size
    for instrument, size in sizes.items():
        if size:
            yield "V2", f"sizes of instrument {instrument} sum to {size}"
    for number, asset in enumerate(state.assets):
        held = model.tokens[asset.token].balance_of(VAULT) - donated.get(asset.token, 0)
        if not held == asset.total_raw == balances[number]:
            yield "V1", f"{asset.token}: held {held}, total {asset.total_raw}, in accounts {balances[number]}"
    if (supply, borrow) != (state.cash.total_supply, state.cash.total_borrow):
        yield "V3", f"principals sum to {supply}, {borrow}: noted {state.cash.total_supply}, {state.cash.total_borrow}"
    residue, most = residue_wad(model, donated), model.steps * residue_bound_wad(model)
    if not 0 <= residue <= most:
        yield "V3", f"quote held less quote owed is {residue} wei, which is not within 0 and {most}"


def _is_settled(state: State, instrument: int) -> bool:
    return _settlement_wad(state, instrument) != 0


def _settlement_wad(state: State, instrument: int) -> int:
    if market.kind_of(instrument) == market.PERP:
        return 0
    return state.curves[market.term_of(market.underlying_of(instrument), market.expiry_of(instrument))].settlement


def _position_wad(state: State, account: AccountId, instrument: int, now: int) -> int:
    """What a position will bring in cash, but for its size at mark: nothing of that is the vault's."""
    position = state.holders[account].positions[instrument]
    if settlement_wad := _settlement_wad(state, instrument):
        return ledger.settled_value(state, account, instrument, settlement_wad)
    grown = ledger.funding_index(state, instrument, now=now) - position.funding_index
    return position.quote + funding.payment(position.size, grown)
