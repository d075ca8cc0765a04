"""Random portfolios as files: prices of any size, options, loans, collateral, doubtful prices, a quote off its peg."""

from random import Random

_EXPIRIES = ("20260327", "20260626")


def portfolio_text(random: Random) -> str:
    """A portfolio file of ether and bitcoin."""
    ether = random.choice([2_000, 2_000, 2_000, 37, 1.5, 0.00042]) * random.uniform(0.7, 1.4)
    bitcoin = random.choice([50_000, 50_000, 0.07]) * random.uniform(0.7, 1.4)
    gross = 10 ** random.uniform(2, 6)
    held = dict(_position(random, each, ether, bitcoin, gross) for each in range(random.choice([0, 1, 1, 2, 3, 5])))
    lines = ["name: drawn", "at: 2026-03-02T08:00:00Z"]
    if random.random() < 0.2:
        lines += [f"quote price: {random.uniform(0.85, 1.01):.4f} USD", "depeg: {threshold: 98 %, factor: 150 %}"]
    lines += ["prices:", f"  ETH: {{{_price(random, ether)}, expiries: {{{_expiries(random, ether)}}}}}"]
    lines += [f"  BTC: {{{_price(random, bitcoin)}}}", f"cash: {gross * random.uniform(-0.1, 1):.6f} USDC"]
    if random.random() < 0.5:
        own = f", confidence: {random.choice([30, 90])} %" if random.random() < 0.4 else ""
        terms = f"haircut initial: {random.randrange(20, 40)} %, haircut maintenance: {random.randrange(0, 20)} %"
        amount = gross * random.uniform(0.05, 0.7) / ether
        lines += [f"collateral: {{WETH: {{amount: {amount:.9f} WETH, underlying: ETH, {terms}{own}}}}}"]
    return (
        "\n".join([*lines, "positions:" if held else "", *(f"  {name}: {size}" for name, size in held.items())]) + "\n"
    )


def _price(random: Random, index: float) -> str:
    premium = random.choice([0, 0, 0.01, -0.004]) * index
    doubt = f", confidence: {random.choice([20, 35, 70])} %" if random.random() < 0.2 else ""
    perp = f", perp confidence: {random.choice([10, 50])} %" if random.random() < 0.1 else ""
    return f"index: {index:.9f} USD, premium: {premium:.12f} USD{doubt}{perp}"


def _expiries(random: Random, index: float) -> str:
    vol, apart = random.randrange(30, 150), random.uniform(0.98, 1.03)
    return ", ".join(f"{each}: {{forward: {index * apart:.9f} USD, surface: {vol} %}}" for each in _EXPIRIES)


def _position(random: Random, number: int, ether: float, bitcoin: float, gross: float) -> tuple[str, str]:
    """The name of an instrument and its size."""
    size = gross * random.choice([-1, 1]) * 10 ** random.uniform(-2, 0)
    expiry = random.choice(_EXPIRIES)
    kinds = ["ETH-PERP", "BTC-PERP", f"ETH-{expiry}"]
    if ether > 20:  # strikes are whole here
        strike = max(1, round(ether * random.uniform(0.7, 1.4)))
        kinds += [f"ETH-{expiry}-{strike}-{letter}" for letter in "CP"]
    name = random.choice(kinds) if number else random.choice(kinds[:1] + kinds[2:])
    unit, price = ("BTC", bitcoin) if name.startswith("BTC") else ("ETH", ether)
    return name, f"{size / price:.{random.choice([0, 6, 15])}f} {unit}".replace("-0 ", "-1 ").replace(" 0 ", " 1 ")
