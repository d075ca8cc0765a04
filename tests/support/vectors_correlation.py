"""Published cases of correlated risks: the delta margins of ISDA SIMM, through the sum over underlyings.

A risk factor, and then a bucket of them, takes the place of an underlying: its loss is the magnitude of the
weighted sensitivity, its direction the sign, and it has one side. Correlations of one direction and of opposite ones
are the same number: within a bucket rho * f, between buckets gamma, times the clamped part of both buckets. A
residual bucket is added unchanged. The matrix is as large as the number of factors.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from math import isqrt
from typing import Any, NamedTuple

from crossvault.mirror import correlation
from crossvault.mirror.correlation import Matrix, UnderlyingLoss
from crossvault.mirror.fixed import WAD
from published import Case, Query, listed, model

NEAR, LEAST = Fraction(1, 10**9), Fraction(1)  # of the margin, and in USD: some benchmarks are whole numbers
DIGITS = 10**30  # of a square root
RESIDUAL = "Residual"


class Factor(NamedTuple):
    """Weighted sensitivity with its concentration."""

    weighted: Fraction
    concentration: Fraction
    qualifier: str


def is_correlation(content: Any) -> bool:
    return isinstance(content, dict) and "f_kl" in content.get("formula", "")


def correlation_cases(content: dict[str, Any], query: Query = model) -> Iterator[Case]:
    for _, case in listed(content["cases"]):
        kind = case["risk_class"].lower()
        check = partial(margin_matches, case, kind, content["parameters"][kind], query)
        yield Case(f"{case['test']}: {case['element']}", check)


def margin_matches(case: dict[str, Any], kind: str, parameters: dict[str, Any], query: Query) -> None:
    """The whole margin of a case, to the tolerance of its file."""
    ours, published = Fraction(margin(case, kind, parameters, query), WAD), Fraction(case["expected"])
    assert abs(ours - published) <= max(LEAST, NEAR * published), (float(ours), case["expected"])


def margin(case: dict[str, Any], kind: str, parameters: dict[str, Any], query: Query) -> int:
    """sqrt(sum of K^2 + 2 * sum of gamma * S * S) + K of the residual bucket [wad]."""
    buckets = factors_of(case["inputs"], kind, parameters)
    sizes: dict[str, int] = {}
    clamped: dict[str, Fraction] = {}
    for name, factors in buckets.items():
        rho = partial(within, name, parameters, factors)
        sizes[name] = size = combined([each.weighted for each in factors], rho, query)
        total = sum((each.weighted for each in factors), Fraction(0)) * WAD
        clamped[name] = max(-Fraction(size), min(Fraction(size), total))
    if kind == "fx":
        return sizes.get("", 0)
    names = [name for name in buckets if name != RESIDUAL and sizes[name]]

    def between(i: int, j: int) -> Fraction:
        gamma = Fraction(parameters["inter_bucket_correlation"][int(names[i]) - 1][int(names[j]) - 1])
        shares = [abs(clamped[name]) / sizes[name] for name in (names[i], names[j])]
        return gamma * shares[0] * shares[1]

    signed = [Fraction(sizes[name], WAD) * (-1 if clamped[name] < 0 else 1) for name in names]
    return combined(signed, between, query) + sizes.get(RESIDUAL, 0)


def combined(signed: Sequence[Fraction], rho: Callable[[int, int], Fraction], query: Query) -> int:
    """Sum of signed sensitivities by the correlation of every pair [wad]."""
    legs = [UnderlyingLoss(round(abs(each) * WAD), (each > 0) - (each < 0), 0) for each in signed]
    pairs = tuple(round(rho(i, j) * WAD) for j in range(len(legs)) for i in range(j))
    args = {"legs": legs, "matrix": Matrix(pairs, pairs), "breakdown_wad": 0}
    found: int = query(correlation, "combined", args)
    return found


def factors_of(inputs: Sequence[dict[str, str]], kind: str, parameters: dict[str, Any]) -> dict[str, list[Factor]]:
    """The risk factors by bucket: sensitivities of one name are added up first; the quote currency has none."""
    netted: dict[tuple[str, str], Fraction] = {}
    for each in inputs:
        if kind == "fx" and each["qualifier"] == "USD":
            continue
        key = each["bucket"], each["qualifier"]
        netted[key] = netted.get(key, Fraction(0)) + Fraction(each["amount_usd"])
    buckets: dict[str, list[Factor]] = {}
    for (bucket, qualifier), amount in netted.items():
        weight, threshold = weight_of(bucket, qualifier, kind, parameters)
        ratio = abs(amount) / (threshold * 10**6)
        root = Fraction(isqrt(int(ratio * DIGITS**2)), DIGITS)
        concentration = max(Fraction(1), root)
        buckets.setdefault(bucket, []).append(Factor(weight * amount * concentration, concentration, qualifier))
    return buckets


def weight_of(bucket: str, qualifier: str, kind: str, parameters: dict[str, Any]) -> tuple[Fraction, Fraction]:
    """Risk weight, and the threshold of concentration in millions."""
    thresholds = parameters["thresholds_usd_mm"]
    if kind == "fx":
        weights = parameters["risk_weight"]
        is_high = qualifier in weights["high ccys"]
        threshold = thresholds.get(qualifier, thresholds["other"])
        return Fraction(weights["high" if is_high else "regular"]), Fraction(threshold)
    weights = {name.lower(): value for name, value in parameters["risk_weights"].items()}
    return Fraction(weights[bucket.lower()]), Fraction(thresholds[bucket])


def within(bucket: str, parameters: dict[str, Any], factors: Sequence[Factor], i: int, j: int) -> Fraction:
    """rho * f of two factors of a bucket, f = the lesser over the larger concentration."""
    a, b = factors[i], factors[j]
    rho = Fraction(0)
    if "correlation" in parameters:
        high = parameters["risk_weight"]["high ccys"]
        kinds = sorted("high" if each.qualifier in high else "reg" for each in (a, b))
        rho = Fraction(parameters["correlation"]["-".join(kinds)])
    elif bucket != RESIDUAL:
        rho = Fraction(parameters["intra_bucket_correlation"][int(bucket) - 1])
    return rho * min(a.concentration, b.concentration) / max(a.concentration, b.concentration)
