"""Exit codes, and which exception means which."""

from __future__ import annotations

DONE, FAILED, USAGE, MISSING, INTERRUPTED, DISAGREED, MISSED = range(7)

MEANINGS = {
    DONE: "all went well, and every step agreed",
    FAILED: "the sides differ, an invariant broke, or a story went otherwise than its file says",
    USAGE: "bad usage or bad input; the message names file, line and field",
    MISSING: "the environment: a tool is missing, or the node was lost",
    INTERRUPTED: "interrupted; what was recorded until then is kept",
    DISAGREED: "the chain's two engines disagree with each other",
    MISSED: "a threshold was not met",
}

# by name, so that nothing heavy is imported on the way to an answer
_CODES = {
    "UsageError": USAGE,
    "ScenarioError": USAGE,
    "BadRecord": USAGE,
    "BadEquivalents": USAGE,
    "BadCorpus": USAGE,
    "BadCheckpoint": USAGE,
    "NoOpening": USAGE,
    "CompileFailed": USAGE,
    "DeployFailed": USAGE,
    "StoryMismatch": USAGE,
    "OverBudget": MISSED,
    "StepLost": INTERRUPTED,
    "Pending": INTERRUPTED,
    "BadJournal": USAGE,
    "BadManifest": USAGE,
    "InputChanged": USAGE,
    "MoneyRefused": USAGE,
    "WrongChain": USAGE,
    "AccountNeeded": USAGE,
    "AccountUnknown": USAGE,
    "NetworkUnknown": USAGE,
    "Diverged": FAILED,
    "BlockDiffers": FAILED,
    "StatesDiffer": FAILED,
    "StepFailed": FAILED,
    "Conflict": FAILED,
    "ChainRefused": FAILED,
    "Broken": FAILED,
    "UnreadableAnswer": FAILED,
    "AbiMismatch": FAILED,
    "ExpectationFailed": FAILED,
    "ToolchainMissing": MISSING,
    "ChainLost": MISSING,
    "FactoryMissing": MISSING,
    "DeploymentBusy": MISSING,
    "BrokenProcessPool": MISSING,  # the system ended a process of a search: mostly for want of memory
    "KeyboardInterrupt": INTERRUPTED,
    "EnginesDisagree": DISAGREED,
    "FeeTooHigh": MISSED,
}


class UsageError(Exception):
    """Words on the command line that cannot be meant: what is wrong with them."""


def exit_code(error: BaseException) -> int | None:
    """The exit code of an expected end; None for a defect, which must stay a traceback."""
    codes = (_CODES.get(kind.__name__) for kind in type(error).__mro__)
    return next((code for code in codes if code is not None), None)
