"""The breach that a refusal states by its own numbers, and whether they bear it out.

A refusal that its own numbers do not bear out is a wrong comparison; one that they do follows from another number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crossvault.mirror import account_errors, authority_errors, liquidation_errors, number_errors, price_errors
from crossvault.mirror.refusal import Refusal

_BREACHES: Mapping[type[Refusal], Callable[..., bool]] = {
    account_errors.InsufficientMargin: lambda account, equity, requirement: equity < requirement,
    account_errors.EquityFalls: lambda account, equity, least: equity < least,
    account_errors.BalanceFalls: lambda account, balance, least: balance < least,
    account_errors.InsufficientCollateral: lambda balance, amount: amount > balance,
    account_errors.InsufficientLiquidity: lambda held, amount: amount > held,
    account_errors.TransferMismatch: lambda expected, moved: moved != expected,
    authority_errors.TooEarly: lambda now_at, effective_at: now_at < effective_at,
    liquidation_errors.NotLiquidatable: lambda account, margin: margin >= 0,
    liquidation_errors.StillLiquidatable: lambda account, margin: margin < 0,
    liquidation_errors.BidTooDear: lambda cost, limit: cost > limit,
    liquidation_errors.AuctionSolvent: lambda value, discount: value > 0,
    liquidation_errors.InsuranceExhausted: lambda held, needed: needed > held,
    liquidation_errors.DeficitOpen: lambda deficit, insurance: deficit > insurance,
    number_errors.AmountTooLarge: lambda amount, cap: amount > cap,
    number_errors.SizeTooLarge: lambda size, cap: size > cap,
    number_errors.PriceTooLarge: lambda price, cap: price > cap,
    number_errors.ConfidenceTooLarge: lambda confidence, cap: confidence > cap,
    number_errors.FractionOutOfRange: lambda fraction, cap: fraction == 0 or fraction > cap,
    number_errors.ParameterOutOfRange: lambda name, value, low, high: not low <= value <= high,
    price_errors.PriceFromFuture: lambda published_at, now_at: published_at > now_at,
    price_errors.PriceGoesBackwards: lambda published_at, last_at: published_at < last_at,
    price_errors.PriceOutsideBand: lambda price, low, high: not low <= price <= high,
}


_KNOWN = {each.__name__: (each.fields, breach) for each, breach in _BREACHES.items()}


def is_borne_out(refusal: Refusal, at: int) -> bool:
    """Whether the numbers of a refusal at a time [unix seconds] are the breach that it states.

    A refusal without numbers, or with other fields than ours, is not judged: it is.
    """
    if refusal.name == price_errors.StalePrice.__name__ and refusal.fields == price_errors.StalePrice.fields:
        *_, published_at, heartbeat_secs = refusal.args
        return bool(published_at == 0 or at - published_at > heartbeat_secs)
    fields, breach = _KNOWN.get(refusal.name, ((), None))
    return breach is None or refusal.fields != fields or bool(breach(*refusal.args))
