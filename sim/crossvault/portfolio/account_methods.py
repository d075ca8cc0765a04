"""The methods by which an account of a live vault is margined, whatever its own mode is."""

from __future__ import annotations

from crossvault.differential.model import Model
from crossvault.mirror import account as accounts, market, ruleset, valuation
from crossvault.mirror.account import AccountId
from crossvault.mirror.ledger import State
from crossvault.portfolio.solver import ISOLATED_METHOD, STANDARD_METHOD, MarginMethod, preset_method
from crossvault.scenario import preset
from crossvault.scenario.roster import FieldError

DEFAULT_PRESET = "crossvault"
OWN_PORTFOLIO = MarginMethod("portfolio", accounts.PORTFOLIO)


def account_methods(model: Model, account: AccountId) -> list[MarginMethod]:
    """Standard, portfolio and isolated margin of an account; no portfolio margin where it cannot be in that mode."""
    portfolio = portfolio_method(model)
    options = sum(
        market.is_option(market.kind_of(each)) for each in accounts.instruments(model.vault.ledger.holders[account])
    )
    is_possible = portfolio is not None and options <= accounts.MAX_OPTIONS
    return [STANDARD_METHOD, *([portfolio] if portfolio and is_possible else []), ISOLATED_METHOD]


def portfolio_method(model: Model) -> MarginMethod | None:
    """The vault's own portfolio margin, or that of the default preset where it has none; none where neither fits."""
    state = model.vault.ledger
    if has_portfolio_margin(state):
        return OWN_PORTFOLIO
    try:
        return preset_method(preset.load(DEFAULT_PRESET), state.names)
    except FieldError:
        return None


def has_portfolio_margin(state: State) -> bool:
    """Whether the vault has rules of portfolio margin, and an underlying that they apply to."""
    return bool(state.model.data.rules.scenarios) and any(
        ruleset.risk_of(state.model.data, number).vol.floor_secs for number in range(len(state.risks))
    )


def open_instruments(state: State, account: AccountId) -> list[int]:
    """The instruments that an account holds and that have not settled."""
    return [each for each in accounts.instruments(state.holders[account]) if not is_settled(state, each)]


def is_settled(state: State, instrument: int) -> bool:
    """Whether the expiry of an instrument has settled."""
    return market.kind_of(instrument) != market.PERP and valuation.curve_of(state, instrument).settlement != 0
