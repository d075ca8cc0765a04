"""The table of rules, in the order in which they are checked; the first breach of a step is the finding."""

from __future__ import annotations

from crossvault.judge.rule import Rule

RULES: tuple[Rule, ...] = ()
