"""Assets and liabilities of a model's vault: no value is lost or made, apart from the residue of roundings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from crossvault.differential.model import Model
from crossvault.differential.step import VAULT
from crossvault.mirror import cash, collateral, fixed, ledger, market, option
from crossvault.mirror.account import AccountId
from crossvault.mirror.ledger import State

_NOTHING: Mapping[str, int] = MappingProxyType({})
_MOST_FILLS = 400  # of one step: a bid moves three times 32 positions; a batch and a settlement have what they name


def residue_ray(model: Model, donated: Mapping[str, int] = _NOTHING, at: int | None = None) -> int:
    """Residue of all roundings in the vault, to the last digit: quote held less quote owed [wad * ray].

    Quote owed is the sum of the claims of accounts without any rounding, at a time that defaults to now; so the residue
    never falls. donated: raw by token.
    """
    state, now = model.vault.ledger, model.at if at is None else at
    indexes = cash.indexes(state.cash, now=now)
    owed = (state.cash.insurance_wad + indexes.reserve_wad) * fixed.RAY
    for account, holder in state.holders.items():
        owed += holder.principal * (indexes.supply if holder.principal > 0 else indexes.borrow)
        for instrument in holder.instruments:
            owed += _position_ray(state, account, instrument, now)
    held_raw = model.tokens[state.cash.token].balance_of(VAULT) - donated.get(state.cash.token, 0)
    return collateral.to_wad(held_raw, state.cash.decimals) * fixed.RAY - owed


def growth_bound_ray(model: Model, fills: int) -> int:
    """The largest residue of some changes of positions and movements of cash [wad * ray].

    A change drops less than a wei of funding or of settlement. Its movement of cash drops less than a wei of the cash
    before and less than a wei of the principal after it, which is worth what the larger index makes of it.
    """
    pool = model.vault.ledger.cash
    return fills * (2 * fixed.RAY + max(pool.borrow_index, pool.supply_index))


def accrual_bound_ray(model: Model) -> int:
    """The largest residue of an accrual [wad * ray]: two wei, and a step of the indexes for all principals."""
    pool = model.vault.ledger.cash
    return 2 * fixed.RAY + pool.total_supply + pool.total_borrow


def broken(model: Model, donated: Mapping[str, int] = _NOTHING) -> Iterator[tuple[str, str]]:
    """Invariants of V1 to V3 that do not hold: number and reason. donated: tokens sent to the vault, raw."""
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
    residue = residue_ray(model, donated)
    most = model.steps * (growth_bound_ray(model, _MOST_FILLS) + accrual_bound_ray(model))
    if not 0 <= residue <= most:
        yield "V3", f"quote held less quote owed is {residue} e-45, which is not within 0 and {most}"


def _is_settled(state: State, instrument: int) -> bool:
    return _settlement_wad(state, instrument) != 0


def _settlement_wad(state: State, instrument: int) -> int:
    if market.kind_of(instrument) == market.PERP:
        return 0
    return state.curves[market.term_of(market.underlying_of(instrument), market.expiry_of(instrument))].settlement


def _position_ray(state: State, account: AccountId, instrument: int, now: int) -> int:
    """Claim of a position on cash, without its size at mark [wad * ray]; none of it is the vault's."""
    position = state.holders[account].positions[instrument]
    if settlement_wad := _settlement_wad(state, instrument):
        kind = market.kind_of(instrument)
        if market.is_option(kind):
            settlement_wad = option.payoff(settlement_wad, market.strike_of(instrument), kind == market.CALL)
        return position.quote * fixed.RAY + position.size * settlement_wad * (fixed.RAY // fixed.WAD)
    grown = ledger.funding_index(state, instrument, now=now) - position.funding_index
    return position.quote * fixed.RAY - position.size * grown
