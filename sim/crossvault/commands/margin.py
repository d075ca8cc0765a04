"""`crossvault margin`: a portfolio by every method of margin, on the model and, with --chain, on the contracts."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from crossvault.commands.exits import UsageError
from crossvault.commands.margin_flags import questions
from crossvault.commands.page_file import page_path, write_page
from crossvault.commands.sides import opened
from crossvault.differential.compare import value_differences
from crossvault.differential.ending import DONE
from crossvault.differential.model import Model
from crossvault.differential.story import mark
from crossvault.evm.chain import Chain
from crossvault.lockstep.run import Diverged, Lockstep
from crossvault.mirror.account import AccountId
from crossvault.portfolio import answer_probes, margin_questions, methods, own_terms, portfolio_file, vault_setup
from crossvault.portfolio.margin_questions import MarginQuestions, MethodAnswers
from crossvault.portfolio.portfolio_file import Portfolio
from crossvault.portfolio.sensitivity import sensitivities
from crossvault.report.console import show, table
from crossvault.report.margin import MarginReport, text
from crossvault.report.margin_json import document
from crossvault.report.margin_page import margin_page
from crossvault.report.picture import require_picture, write_picture
from crossvault.scenario import preset, rules
from crossvault.scenario.preset import Preset
from crossvault.scenario.source import ScenarioError, did_you_mean

_FIRST = "crossvault"


def margin(arguments: Namespace) -> int:
    """Compares the methods; bad input is found before anything is set up."""
    if arguments.portfolio is None:
        return _listed(arguments.json)
    page, picture = page_path(arguments), Path(arguments.picture) if arguments.picture else None
    if picture:
        require_picture("--picture", picture)
    held = portfolio_file.load(arguments.portfolio)
    if arguments.standard:
        held = held.by_standard(_standard(arguments.standard))
    own = [own_terms.OWN] if held.rules is not None else []
    chosen = list(dict.fromkeys(arguments.methods)) or [methods.STANDARD, *own, *_portfolio_presets()]
    presets = [_preset(name, held) for name in chosen if name not in (methods.ISOLATED, methods.STANDARD)]
    trades = _trades(arguments.trades, held)
    wanted = questions(arguments, held)
    before = _measured(held, presets, chosen, arguments.chain, None if trades else wanted)
    after = None
    if trades:
        model = Model(vault_setup.world(held))
        vault_setup.VaultSetup(held, model, model.apply).set_up(preset.load(_FIRST))
        after = _measured(vault_setup.after_premiums(held, model, trades), presets, chosen, arguments.chain, wanted)
    if arguments.json:
        print(json.dumps(document(before, after), indent=2))
    else:
        show(text(before, after))
    if page:
        write_page(
            page, margin_page(document(before, after), f"crossvault margin {arguments.portfolio} --page FILE.html")
        )
    if picture:
        _draw(after or before, picture)
    return DONE


def _draw(report: MarginReport, path: Path) -> None:
    from crossvault.report.margin_picture import margin_picture  # matplotlib takes half a second

    try:
        write_picture(path, lambda: margin_picture(report))
    except OSError as wrong:
        raise UsageError(f"--picture: {path} cannot be written: {wrong.strerror}") from wrong


def _listed(as_json: bool) -> int:
    """Lists the portfolios and presets that ship, each with its subject."""
    portfolios = {name: portfolio_file.load(name).about for name in portfolio_file.names()}
    presets = {name: preset.load(name) for name in preset.names()}
    if as_json:
        about = {name: {"about": found.about, "source": found.source} for name, found in presets.items()}
        print(json.dumps({"portfolios": portfolios, "presets": about}, indent=2))
        return DONE
    made = table("portfolio", "about")
    for name, text_of in portfolios.items():
        made.add_row(name, text_of)
    show(made)
    made = table("preset", "about")
    for name, found in presets.items():
        made.add_row(name, f"{found.about} Source: {found.source}")
    print()
    show(made)
    return DONE


def _measured(
    held: Portfolio,
    presets: Sequence[Preset],
    chosen: Sequence[str],
    chain: bool,
    wanted: MarginQuestions | None = None,
) -> MarginReport:
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
    stage.set_up(presets[0] if presets else preset.load(_FIRST))
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


def _portfolio_presets() -> list[str]:
    found = [name for name in preset.names() if preset.load(name).rules is not None]
    return sorted(found, key=lambda name: (name != _FIRST, name))


def _preset(name: str, held: Portfolio) -> Preset:
    if name == own_terms.OWN and held.rules is not None:
        return Preset(name, "the rules of the portfolio file itself", "the file", None, None, None, held.rules)
    known = [methods.ISOLATED, methods.STANDARD, *preset.names()]
    if name not in known and not name.endswith((".yaml", ".yml")):
        raise UsageError(f"--method: {name!r} is no method: {did_you_mean(name, known)}, or a preset file")
    found = preset.load(_local(name))
    if found.rules is None:
        raise UsageError(f"--method: the preset {name!r} has no portfolio margin")
    try:
        rules.rules(found.rules, held.units)
    except ValueError as wrong:
        raise UsageError(f"--method: {name}: with {', '.join(held.units)}: {wrong}") from None
    return found


def _standard(name: str) -> Preset:
    known = [each for each in preset.names() if preset.load(each).perps is not None]
    if name not in known and not name.endswith((".yaml", ".yml")):
        raise UsageError(f"--standard: {name!r} has no standard margin: {did_you_mean(name, known)}, or a preset file")
    found = preset.load(_local(name))
    if found.perps is None:
        raise UsageError(f"--standard: the preset {name!r} has no standard margin")
    return found


def _local(name: str) -> str:
    return str(Path(name)) if name.endswith((".yaml", ".yml")) else name


def _trades(texts: Sequence[str], held: Portfolio) -> dict[int, int]:
    found: dict[int, int] = {}
    for each in texts:
        try:
            instrument, size = portfolio_file.trade(each, held)
        except (ValueError, ScenarioError) as wrong:
            raise UsageError(f"--trade: {each!r}: {wrong}") from None
        found[instrument] = found.get(instrument, 0) + size
    return found
