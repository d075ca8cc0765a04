"""The contracts of a vault have names that no account, role or token of a story can have."""

import re
from pathlib import Path

from crossvault.differential.model import Model
from crossvault.differential.step import EXCHANGE, VAULT
from crossvault.evm.deploy import MODULES, module_name
from crossvault.evm.inprocess import InProcessChain
from crossvault.fuzz.task import steps_of
from crossvault.scenario import load

# every account and token is called as a contract is, and two of them sign
STORY = """
name: names
about: Accounts and tokens with the names of contracts.
starts: 2024-01-01T00:00:00Z
world:
  quote: {name: stress, decimals: 6}
  roles: {owner: governance, guardian: registry, feeder: feed, broker: appraiser}
  delay: 0s
  auction: {buffer: 25 %, start: 100 %, knee: 50 %, fast: 20m, slow: 2h, insolvent: 20m}
  underlyings:
    ETH: {heartbeat: 2h, mark band: 5 %, trade band: 5 %, initial margin: 10 %, maintenance margin: 5 %}
  collaterals:
    policy: {decimals: 18, underlying: ETH, haircut initial: 10 %, haircut maintenance: 5 %}
prices:
  ETH: {at: {+0s: 200 USD}}
insurance: 1,000 stress
actors:
  teller: {kind: maker, deposits: ["50,000 stress"]}
  auction: {deposits: ["5,000 stress", 1 policy]}
steps:
  - {at: +8s, do: order, name: sale, account: auction, instrument: ETH-PERP, size: -2 ETH, limit: 198 USD,
     expires: +1h, salt: 1}
  - {do: order, name: buy, account: teller, instrument: ETH-PERP, size: 2 ETH, limit: 202 USD, expires: +1h, salt: 2}
  - {do: fill, matches: [{maker: buy, taker: sale, size: 2 ETH}]}
"""


def test_no_account_can_have_the_name_of_a_contract() -> None:
    names = [module_name(each) for each in MODULES]
    assert len(set(names)) == len(names)
    writable = {each for each in names if re.fullmatch("[A-Za-z][A-Za-z0-9_-]{0,30}", each)}
    assert writable == {VAULT, EXCHANGE}, "which a scenario refuses for actors, roles and tokens"


def test_a_story_may_call_its_accounts_as_contracts_are_called(tmp_path: Path) -> None:
    path = tmp_path / "names.scenario.yaml"
    path.write_text(STORY, encoding="utf8")
    story = load(str(path))
    model, chain = Model(story.world), InProcessChain(story.world)
    steps = steps_of(story)
    outcomes = [model.apply(step) for step in steps]
    assert [chain.apply(step) for step in steps] == outcomes
    assert [outcome.refusal for outcome in outcomes] == [None] * len(outcomes)
    assert steps[-1].action == "fill" and steps[-1].sender == "appraiser"
    people = ("governance", "registry", "feed", "appraiser", "teller", "auction")
    assert not any(chain.names.is_contract(each) for each in people)
    assert len({chain.names.number(each) for each in (*people, *map(module_name, MODULES))}) == 21
