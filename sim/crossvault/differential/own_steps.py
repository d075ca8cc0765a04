"""The check of steps that code of the user yields: every argument is of the kind that its door takes."""

from __future__ import annotations

from collections.abc import Sequence
from types import UnionType
from typing import Any, get_args, get_origin

from crossvault.differential import doors
from crossvault.differential.model import Model
from crossvault.differential.step import Step, account_id
from crossvault.differential.suggestion import did_you_mean
from crossvault.mirror.account import AccountId
from crossvault.mirror.evm import Call

_WIDEST = 2**256
SIGNED = ("size", "premium_wad", "limit_wad")  # the arguments that may be below zero: the contracts have no others
_EXAMPLES = {int: "a whole number", str: "text", bool: "True or False", AccountId: "an account"}


def require_step(step: object, model: Model, at: int) -> Step:
    """Returns a step that a model can execute at a time [unix seconds]. Raises ValueError with what is wrong in it."""
    if not isinstance(step, Step):
        raise ValueError(f"yields {step!r}: expected a step, such as market.trade(...) or cv.doors.trade(...)")
    if not isinstance(step.sender, str) or not step.sender:
        raise ValueError(f"{step.action}: sender: {step.sender!r}: expected the name of a role or an owner")
    if type(step.at) is not int or step.at != at:
        raise ValueError(f"{step.action}: at: {step.at!r}: expected the time of the market, {at}")
    _require_arguments(step.action, step.args, model)
    return step


def _require_arguments(action: str, args: Any, model: Model) -> None:
    kinds = doors.arguments(action)
    doors.require_fields(action, kinds, args)
    for name, kind in kinds.items():
        value = args[name]
        problem = _problem(kind, value, model)
        if not problem and type(value) is int and value < 0 and name not in SIGNED:
            problem = f"{value} is negative"
        if problem:
            raise ValueError(f"{action}: {name}: {problem}")
    token = args.get("token")
    if action in ("mint", "transfer") and token not in model.tokens:
        raise ValueError(f"{action}: token: no token {token!r}: {did_you_mean(str(token), model.tokens)}")


def _problem(kind: Any, value: object, model: Model) -> str:
    """What is wrong with an argument of a kind, or nothing."""
    if get_origin(kind) in (tuple, Sequence):
        if not isinstance(value, tuple | list):
            return f"{value!r}: expected a tuple"
        return next((found for each in value if (found := _problem(get_args(kind)[0], each, model))), "")
    if isinstance(kind, UnionType):
        problems = [_problem(each, value, model) for each in get_args(kind)]
        return "" if "" in problems else problems[0]
    if isinstance(value, str) and kind is AccountId:
        return (
            f"{value!r} is text: expected cv.account({value!r})" if _is_account(value) else f"{value!r} is no account"
        )
    if kind is Call and isinstance(value, Call):
        _require_arguments(value.action, value.args, model)
        return ""
    if kind is int and type(value) is int and not -_WIDEST // 2 <= value < _WIDEST:
        return f"{value} is out of range: a word of the EVM has 256 bits"
    if kind in _EXAMPLES:
        is_right = type(value) is kind if kind is int else isinstance(value, kind)
        return "" if is_right else f"{value!r} is {_article(value)}: expected {_EXAMPLES[kind]}"
    if isinstance(value, kind):
        return ""
    return f"{value!r} is {_article(value)}: expected {kind.__name__}"


def _is_account(text: str) -> bool:
    try:
        account_id(text)
    except ValueError:
        return False
    return True


def _article(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
