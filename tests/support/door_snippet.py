"""Lines that make steps: right ones, and wrong ones with the error of the type checker that each is."""

HEAD = """
from crossvault.differential import doors
from crossvault.differential.step import Action, Step
from crossvault.mirror.account import AccountId
from crossvault.mirror.market import MarketRisk, OptionRisk
"""

RIGHT = """
step = doors.deposit_cash(7, "alice", account=AccountId("alice"), amount_raw=5)
paid = doors.RISK.enact(7, "governor", underlying=0, risk=MarketRisk())
both = doors.batch(7, "alice", calls=(doors.call_of(step),))
is_trade = step.action == "trade"
PAYING: frozenset[Action] = frozenset({"deposit_cash", "deposit_collateral"})
"""
WRONG = {
    'doors.depositcash(7, "alice", account=AccountId("alice"), amount_raw=5)': "attr-defined",
    'doors.deposit_cash(7, "alice", account=AccountId("alice"), amount=5)': "call-arg",
    'doors.deposit_cash(7, "alice", account=AccountId("alice"))': "call-arg",
    'doors.deposit_cash(7, "alice", account="alice", amount_raw=5)': "arg-type",
    'doors.deposit_cash(7, "alice", account=AccountId("alice"), amount_raw="5")': "arg-type",
    'doors.RISK.enact(7, "governor", underlying=0, risk=OptionRisk())': "arg-type",
    'doors.RISK.enact(7, "governor", underlying=0, risks=MarketRisk())': "call-arg",
    'doors.batch(7, "alice", calls=(step,))': "arg-type",
    'Step(7, "alice", "trdae", {})': "arg-type",
    'step.action == "trdae"': "comparison-overlap",
    'frozenset[Action]({"trdae"})': "arg-type",
}


def text() -> str:
    """A file of the right lines and, after them, one line for each wrong one."""
    return HEAD + RIGHT + "".join(f"{line}\n" for line in WRONG)


def errors() -> dict[int, str]:
    """The errors of that file: line number and code."""
    first = (HEAD + RIGHT).count("\n") + 1
    return {first + place: code for place, code in enumerate(WRONG.values())}
