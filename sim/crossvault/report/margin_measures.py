"""The measure of a portfolio by every method, and what names its methods and trades."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from crossvault.differential.compare import value_differences
from crossvault.differential.ending import BadInput
from crossvault.differential.model import Model
from crossvault.differential.story import mark
from crossvault.evm.chain import Chain
from crossvault.lockstep.both_sides import opened
from crossvault.lockstep.run import Diverged, Lockstep
from crossvault.mirror.account import AccountId
from crossvault.portfolio import answer_probes, margin_questions, methods, own_terms, portfolio_file, vault_setup
from crossvault.portfolio.margin_questions import MarginQuestions, MethodAnswers
from crossvault.portfolio.methods import ISOLATED, STANDARD
from crossvault.portfolio.portfolio_file import Portfolio
from crossvault.portfolio.sensitivity import sensitivities
from crossvault.report.margin import MarginReport
from crossvault.scenario import preset
from crossvault.scenario.preset import Preset
from crossvault.scenario.rules import rules
from crossvault.scenario.source import ScenarioError, did_you_mean

FIRST = "crossvault"  # of the presets


def measured(
    held: Portfolio,
    presets: Sequence[Preset],
    chosen: Sequence[str],
    chain: bool,
    wanted: MarginQuestions | None = None,
) -> MarginReport:
    """A portfolio by every method, on the model, and with `chain` on the contracts, which must agree. Raises Diverged.

    presets: those of the methods chosen; wanted: questions to be answered by each method.
    """
    if not chain:
        model = Model(vault_setup.world(held))
        stage = vault_setup.VaultSetup(held, model, model.apply)
        report = _compared(stage, presets, chosen, lambda accounts: None)
        return replace(report, answers=_answers(stage, presets, chosen, wanted, lambda found: None))
    with opened(vault_setup.world(held), None) as (model, node):
        contracts = ContractFigures(model, node, held)
        try:
            stage = vault_setup.VaultSetup(held, model, contracts.lockstep.apply)
            report = _compared(stage, presets, chosen, contracts.compare)
            answers = _answers(stage, presets, chosen, wanted, contracts.probe)
        finally:
            contracts.lockstep.stop()
        return replace(report, answers=answers, chain=contracts.summary())


def _compared(
    stage: vault_setup.VaultSetup, presets: Sequence[Preset], chosen: Sequence[str], judged: methods.Check
) -> MarginReport:
    stage.set_up(presets[0] if presets else preset.load(FIRST))
    found = methods.compare(stage, presets, judged)
    if methods.STANDARD not in chosen:
        kept = tuple(each for each in found.results if each.method != methods.STANDARD)
        found = found._replace(results=kept)
    marks = {each: mark(stage.model, each, stage.portfolio.at) for each in stage.portfolio.positions}
    greeks = sensitivities(found.book, stage.portfolio.units, stage.portfolio.followers)
    return MarginReport(stage.portfolio, found, greeks, marks)


def _answers(
    stage: vault_setup.VaultSetup, presets: Sequence[Preset], chosen: Sequence[str],
    wanted: MarginQuestions | None, probed: Callable[[MethodAnswers], None],
) -> list[MethodAnswers]:  # fmt: skip
    """The answers by each method, probed while its parameters are in force."""
    if wanted is None or not any(wanted):
        return []
    found = []
    for case in margin_questions.cases(stage, chosen, presets):
        found.append(margin_questions.answers(case, wanted, len(stage.portfolio.units)))
        probed(found[-1])
    return found


class ContractFigures:
    """The same steps and figures on the contracts, compared with the model."""

    def __init__(self, model: Model, chain: Chain, held: Portfolio) -> None:
        self.model, self.chain, self.at, self.quote = model, chain, held.at, held.quote
        self.lockstep = Lockstep(model, chain)
        self.queries = self.probes = 0

    def compare(self, accounts: Sequence[AccountId]) -> None:
        """Compares every step until now, and the metrics of accounts. Raises Diverged."""
        self.lockstep.finish()
        pairs = zip(accounts, self.chain.metrics(accounts, self.at), self.model.metrics(accounts, self.at), strict=True)
        for account, theirs, ours in pairs:
            if found := value_differences(f"{account}.metrics", theirs, ours):
                raise Diverged(self.lockstep.result.steps, self.lockstep.last, found)
            self.queries += 1

    def probe(self, found: MethodAnswers) -> None:
        """Simulates every probe of the answers by one method on the contracts. Raises Diverged."""
        self.lockstep.finish()
        for each in answer_probes.probes(found, self.quote):
            answers = self.chain.simulate(self.at, [self.chain.transaction(step) for step in each.steps])
            theirs = [self.chain.refusal(answer) for answer in answers]
            ours = [*([None] * (len(each.steps) - 1)), each.refusal]
            if differ := value_differences(f"{found.method}: {each.about}", theirs, ours):
                raise Diverged(self.lockstep.result.steps + 1, each.steps[-1], differ)
            self.probes += 1

    def summary(self) -> str:
        """One line: the number of steps and margins compared."""
        steps = self.lockstep.result.compared
        counts = f"{steps} steps and {self.queries} margins compared"
        counts += f", {self.probes} answers and neighbours of answers tried" if self.probes else ""
        return f"the contracts agree: {counts}, no difference ({self.chain.engine})"


def chosen_methods(given: Sequence[str], held: Portfolio) -> list[str]:
    """The methods that are named, each once; without any, standard, the rules of the file, and all presets."""
    own = [own_terms.OWN] if held.rules is not None else []
    return list(dict.fromkeys(given)) or [STANDARD, *own, *portfolio_presets()]


def portfolio_presets() -> list[str]:
    """The names of the presets that have portfolio margin."""
    found = [name for name in preset.names() if preset.load(name).rules is not None]
    return sorted(found, key=lambda name: (name != FIRST, name))


def preset_of(name: str, held: Portfolio, argument: str) -> Preset:
    """A preset by name or file that has portfolio margin. Raises BadInput, which names the argument."""
    if name == own_terms.OWN and held.rules is not None:
        return Preset(name, "the rules of the portfolio file itself", "the file", None, None, None, held.rules)
    known = [ISOLATED, STANDARD, *preset.names()]
    if name not in known and not name.endswith((".yaml", ".yml")):
        raise BadInput(f"{argument}: {name!r} is no method: {did_you_mean(name, known)}, or a preset file")
    found = preset.load(name)
    if found.rules is None:
        raise BadInput(f"{argument}: the preset {name!r} has no portfolio margin")
    try:
        rules(found.rules, held.units)
    except ValueError as wrong:
        raise BadInput(f"{argument}: {name}: with {', '.join(held.units)}: {wrong}") from None
    return found


def sizes_of(trades: Sequence[str], held: Portfolio, argument: str) -> dict[int, int]:
    """The sizes of trades by instrument [wad]. Raises BadInput, which names the argument."""
    found: dict[int, int] = {}
    for each in trades:
        try:
            instrument, size = portfolio_file.trade(each, held)
        except (ValueError, ScenarioError) as wrong:
            raise BadInput(f"{argument}: {each!r}: {wrong}") from None
        found[instrument] = found.get(instrument, 0) + size
    return found


def traded(held: Portfolio, sizes: dict[int, int]) -> Portfolio:
    """A portfolio after trades at mark, which the premiums of options are paid for."""
    model = Model(vault_setup.world(held))
    vault_setup.VaultSetup(held, model, model.apply).set_up(preset.load(FIRST))
    return vault_setup.after_premiums(held, model, sizes)
