"""The EVM in this process: several views in one call, and how often a search calls it."""

from collections import Counter
from collections.abc import Mapping

import pytest

from crossvault.differential.drive import driven
from crossvault.differential.model import Model
from crossvault.evm.abi import RevertedSilently
from crossvault.evm.bindings import Answer
from crossvault.evm.inprocess import InProcessChain
from crossvault.evm.pyrevm import InMemoryEvm
from crossvault.fuzz.inprocess_run import InProcessRun, run_both
from crossvault.fuzz.task import METRICS_EVERY
from crossvault.mirror.market_errors import UnknownInstrument
from crossvault.walks.random_walk import Walk


def test_views_in_one_call_answer_as_views_one_by_one() -> None:
    """Also those that revert with data, without data, and by their own limit of gas."""
    walk = Walk(3, 120)
    model, side = Model(walk.world), InProcessChain(walk.world)
    both = InProcessRun(model, side)
    run_both(walk.story(), both)
    curves = side.view("curves", {})
    views = [
        side.view("snapshot", {"ids": walk.accounts}),
        side.view("quotation", {"instrument": 200 << 128}),
        *(side.view("metrics", {"account": account}) for account in walk.accounts),
        {**curves, "input": "0x12345678"},
        {**curves, "gas": hex(30_000)},
        curves,
    ]
    [first] = views[:1]
    stepped, *at_once = side.machine.step(first, views)
    apart = [side.machine.query(view) for view in views]
    assert [result(each) for each in at_once] == [result(each) for each in apart]
    assert result(stepped) == result(at_once[0])
    refused = [side.vault.refusal(each["returnData"]) for each in at_once if each["status"] == "0x0"]
    assert len(refused) == 3
    assert refused[0].name == UnknownInstrument.__name__ and isinstance(refused[-1], RevertedSilently)


def result(answer: Answer) -> tuple[str, str]:
    return answer["status"], answer["returnData"]


def test_a_search_calls_the_evm_twice_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for the step and once for what it is compared with; at its end for all accounts."""
    calls, execute = Counter[bool](), InMemoryEvm.call

    def counted(self: InMemoryEvm, call: Mapping[str, str]) -> Answer:
        calls[is_ended] += 1
        return execute(self, call)

    walk = Walk(3, 120)
    story, both = walk.story(), InProcessRun(Model(walk.world), InProcessChain(walk.world), every=METRICS_EVERY)
    monkeypatch.setattr(InMemoryEvm, "call", counted)
    is_ended = False
    assert sum(1 for _ in driven(story.steps(both.model), both.apply)) > 120
    assert both.result.metrics_compared > 20
    assert calls[False] == 2 * both.result.steps
    is_ended = True
    both.finish()
    assert 0 < calls[True] < 100
