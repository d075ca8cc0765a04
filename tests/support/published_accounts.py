"""Published accounts of portfolio margin that show one convention each, restated in the form of their files.

Source: github.com/derivexyz/v2-core, test/risk-managers/unit-tests/PMRM_2/portfolio_cases: cases 6, 55, 66 and 67. The
account of one perp is arithmetic on paper.
"""

from typing import Any

Content = dict[str, Any]

TURNS = {"Up": 1, "Down": -1, "None": 0}
INNER = [(spot / 10, mode) for spot in (135, 90, 45, 0, -45, -90, -135) for mode in ("Down", "None", "Up")]
SPOTS = [(18, "Up"), *INNER, (-18, "Up")]
TAILS = {-66: 0.054545454545454536, -33: 0.10909090909090907, 50: 0.072, 100: 0.036, 200: 0.018, 300: 0.012}
SKEWS = ("LINEAR", "ABS")
WIDE_SKEW = {"LINEAR_SCALE_CAP": 9.9, "MIN_WIDTH_SCALE": 4.9, "VOL_PARAM_STATIC": 2.5, "VOL_PARAM_SCALE": -0.9}


def scenario(spot_pct: float, mode: str, weight: float = 1) -> Content:
    return {"SpotShock": 1 + spot_pct / 100, "VolShockDirection": mode, "DampeningFactor": weight}


def parameters(
    tails: dict[int, float] = TAILS, more: list[Content] | None = None, skew: Content | None = None
) -> Content:
    """Parameters of the published cases; some cases have tails, more scenarios or a skew of their own."""
    scenarios = [scenario(*each) for each in SPOTS] + [scenario(spot, "Up", weight) for spot, weight in tails.items()]
    return {
        "Scenarios": [*scenarios, *(scenario(0, each) for each in SKEWS), *(more or [])],
        "SkewShock": {
            "LINEAR_SCALE_CAP": 0.15, "LINEAR_CBASE": -0.05, "ABS_SCALE_CAP": 0.15, "ABS_CBASE": -0.05,
            "MIN_K_STAR": 0.01, "MIN_WIDTH_SCALE": 4.0, "VOL_PARAM_STATIC": 0.6, "VOL_PARAM_SCALE": -0.1,
        } | (skew or {}),
        "VolShock": {
            "VOLRANGEUP": 0.5, "MIN_VOL_EVAL_SHOCKED": 0.45, "VOLRANGEDOWN": 0.275, "SHORTTERMPOWER": 0.3,
            "LONGTERMPOWER": 0.13, "DTE_FLOOR": 1.0,
        },
        "Margin": {
            "MM_LOSS_FACTOR": 0.8, "IM_LOSS_FACTOR": 1.0, "SHORT_RATE_MULTSCALE": 0.5, "LONG_RATE_MULTSCALE": 1,
            "SHORT_RATE_ADDSCALE": 0.08, "LONG_RATE_ADDSCALE": 0.08, "BASE_STATIC_DISCOUNT": 0.95,
            "BASE_STATIC_DISCOUNT_NEG": 1.04,
        },
        "BasisContingency": {
            "SCENARIO_SPOT_UP": 1.045, "SCENARIO_SPOT_DOWN": 0.955, "BASIS_CONT_ADD_FACTOR": 0.5,
            "BASIS_CONT_MULT_FACTOR": 2.0,
        },
        "OtherContingency": {
            "PEG_LOSS_THRESHOLD": 0.98, "PEG_LOSS_FACTOR": 2.0, "CONF_THRESHOLD": 0.55, "CONF_MARGIN": 1.0,
            "MM_PERP_PERCENT": 0.015, "IM_PERP_PERCENT": 0.005000000000000001, "MM_OPTION_PERCENT": 0.003,
            "IM_OPTION_PERCENT": 0.002,
        },
    }  # fmt: skip


def held(**given: Any) -> Content:
    """An account that holds nothing but what is given."""
    nothing = {"Cash": 0, "NumPerps": 0, "PerpPrice": 0, "PerpConfidence": 0, "UnrealisedPerpPNL": 0.0}
    sure = {"UnrealisedFunding": 0.0, "SpotConfidence": 1.0, "StablePrice": 1.00019088635}
    return {**nothing, **sure, "Collaterals": [], "Options": [], "OptionFeeds": [], **given}


def result(profits: list[Any], tails: list[Any], skews: list[Any] | None = None, **given: Any) -> Content:
    """Published figures: the profits of the scenarios in order, and others that are 0 unless given."""
    named = ("LINEAR", "ABS", "LINEAR_SPOT_SHOCK")
    regular = [[spot / 100, TURNS[mode], str(each)] for (spot, mode), each in zip(SPOTS, profits, strict=True)]
    tail = [[spot / 100, 1, str(each)] for spot, each in zip(given.pop("spots", TAILS), tails, strict=True)]
    levels = ("PerpCont", "BaseCont", "OptionCont")
    figures = [*(f"MM{each}" for each in levels), *(f"IM{each}Normal" for each in levels), "OracleCont"]
    figures += ["ForwardContingency", "worst_reg_loss", "worst_tail_loss", "worst_skew_loss"]
    lists = ("OptionMTMPerExpiry", "OptionMTMPerExpiryDiscounted", "discount_factors", "VolShockUpEvaluated")
    return {
        **dict.fromkeys(figures, 0.0), **{name: [] for name in (*lists, "VolShockDownEvaluated")},
        "reg_losses": regular, "tail_losses": tail,
        "skew_losses": [[name, str(each)] for name, each in zip(named, skews or [0, 0], strict=False)],
        "im_loss_factor": 1.0, "worst_all_scenarios": "regular", **given,
    }  # fmt: skip


def threes(*profits: float) -> list[float]:
    """The profits of an account without options: the same at every vol."""
    first, *between, last = profits
    return [first, *(each for profit in between for each in (profit, profit, profit)), last]


def collateral(amount: float, price: float, confidence: float, hedges: bool, more: float, least: float) -> Content:
    return {"Amount": amount, "Price": price, "Confidence": confidence, "IsRiskCancelling": hedges, "IMHaircut": more,
            "MMHaircut": least}  # fmt: skip


def uncertain_collateral() -> Content:
    """Case 6: collateral that is sure of its own price, at an uncertain spot price."""
    collaterals = [
        collateral(2.5, 10000.0, 0.2, True, 0.010000000000000002, 0.03),
        collateral(16.0, 2000.0, 0.12, True, 0.005000000000000001, 0.015),
        collateral(2.3, 75000.0, 0.4, False, 0.04999999999999999, 0.25),
        collateral(12.0, 120000.0, 0.253, False, 0.10000000000000003, 0.35),
        collateral(23510.0, 1.1470506863329273, 1.0, False, 0.03, 0.12),
        collateral(10000.0, 1.9, 0.01, False, 0.04999999999999999, 0.2),
        collateral(4.0, 500.0, 0.2, True, 0.009999999999999995, 0.05),
    ]
    account = held(Cash=-3000.0, SpotPrice=2000.0, SpotConfidence=0.12, StablePrice=0.1, Collaterals=collaterals)
    profits = threes(106200, 79650, 53100, 26550, 0, -26550, -53100, -79650, -106200)
    found = result(
        profits, [-21240, -21240, 21240, 21240, 21240, 21240], worst_reg_loss=-106199.99999999997,
        worst_tail_loss=-21240.000000000004, PortfolioMTM=17171671.616356872, MMBaseCont=-5554910.593962824,
        IMBaseContNormal=-7103050.742453531, OracleCont=-15134611.022394046, IM=-5359102.148490705,
        MM=11531801.022394048, im_loss_factor=2.76,
    )  # fmt: skip
    return {"Scenario": account, "Parameters": parameters(), "Result": found}


def option(expiry: int, at: int, strike: float, call: int, amount: float, marks: dict[str, float]) -> Content:
    return {"Expiry": expiry, "ExiryTs": at, "Strike": strike, "IsCall": call, "Amount": amount, **marks}


def skews(linear: float, absolute: float) -> dict[str, float]:
    return {"linear_multiplier": linear, "abs_multiplier": absolute}


def feed(expiry: int, forward: float, rate: float, svi: list[str], years: str, sure: float = 0.95) -> Content:
    return {"FeedExpiry": expiry, "Forward": forward, "ForwardConfidence": 1.0, "Rate": rate, "RateConfidence": 1.0,
            "SVIparam": [*svi, forward, years], "OptionVolConfidences": sure}  # fmt: skip


def negative_rate() -> Content:
    """Case 55: a box at a rate of -120 %, whose marks are discounted by 1 although the listed discount is above it."""
    svi = ["0.07368236692851656", "0.205025228089922624", "-0.260716351690481504", "-0.220169931306819072",
           "0.556540627238575424"]  # fmt: skip
    discount = {"MarkDiscount": 2.0557823247205538}
    near = {"MarkVol": 0.5543377511787965, **skews(0.9997431656976679, 1.0002568343023321), **discount}
    far = {"MarkVol": 0.5592157396329432, **skews(1.0062899063434898, 1.0062899063434898), **discount}
    legs = [(100000.0, 1, -1.0, near), (110000.0, 1, 1.0, far), (100000.0, 0, 1.0, near), (110000.0, 0, -1.0, far)]
    options = [option(18938852, 1758873600, strike, call, size, marks) for strike, call, size, marks in legs]
    feeds = [feed(18938852, 100374.61000117072, -1.2, svi, "0.600548579401320064")]
    found = result(
        threes(*[0] * 9), [0] * 6, PortfolioMTM=-10000.0, OptionMTMPerExpiry=[-10000.0],
        OptionMTMPerExpiryDiscounted=[-10000.0], discount_factors=[[0.9054374707599936, 1.0]], IM=-10000.000000000004,
        MM=-10000.000000000004, VolShockUpEvaluated=[0.7683610408291298, 0.7751223632860804] * 2,
        VolShockDownEvaluated=[0.4366249418711131, 0.4404670966237178] * 2,
    )  # fmt: skip
    account = held(SpotPrice=95663.50604855, Options=options, OptionFeeds=feeds)
    return {"Scenario": account, "Parameters": parameters(), "Result": found}


def expired() -> Content:
    """Case 66: a short call after its expiry; the total variance of its surface is above what theirs takes."""
    marks = {
        "MarkDiscount": 1.029850755286197,
        "MarkVol": 2511.421980938193,
        "linear_multiplier": 0,
        "abs_multiplier": 0,
    }
    svi = ["1.813917021071565824", "0.158139184423882584", "-0.0035144021250414", "0.1", "200.0"]
    found = result(
        threes(*[0] * 9), [0] * 6, PortfolioMTM=-191.6029850999994, OptionMTMPerExpiry=[-191.6029850999994],
        OptionMTMPerExpiryDiscounted=[-191.6029850999994], discount_factors=[[1, 1]], MMOptionCont=-8.044808955299999,
        IMOptionContNormal=-13.408014925499998, IM=-205.01100002549938, MM=-199.64779405529939,
        VolShockUpEvaluated=[5995.004253293764], VolShockDownEvaluated=[595.4517311426289],
    )  # fmt: skip
    account = held(
        SpotPrice=2681.6029850999994, Options=[option(0, 1735718400, 2500.0, 1, -1.0, marks)],
        OptionFeeds=[feed(0, 2691.6029850999994, 0.22, svi, "0.000003170958904109", 1.0)],
    )  # fmt: skip
    return {"Scenario": account, "Parameters": parameters(), "Result": found}


def moving_skew() -> Content:
    """Case 67: a skew with a spot shock, which is left out; wide skews."""
    twists = skews(0.7846955725722574, 1.002919750938471)
    marks = {"MarkDiscount": 0.9788248561009755, "MarkVol": 0.6419890928713738, **twists}
    svi = ["0.024537690770119612", "0.109352002425581584", "-0.415043334267211712", "-0.119132790857374784",
           "0.172435504151341056"]  # fmt: skip
    profits = [
        "-468.028897289190126685", "-259.62298296544781806", "-290.872226084991666539", "-369.72469000008356943",
        "-150.413940928027670907", "-189.14541941944349901", "-275.941353289167750518", "-48.102408909921791746",
        "-93.983568942656006584", "-187.355827217583112088", "44.69361900694769929", "-6.862094868274766668",
        "-104.669782200636575453", "125.244490015550042017", "70.761747917808975217", "-28.580698838031253217",
        "191.244033133896778054", "137.623245239310705301", "40.257336923445905086", "241.463937798761207887",
        "192.859807165526831341", "101.28290684696995072", "154.084522728293563887",
    ]  # fmt: skip
    tails = ["17.298665131711661758", "29.474989050887021591", "-89.995423382078669761", "-92.751378240565159672",
             "-94.862901684757005683", "-95.591095708170939815"]  # fmt: skip
    found = result(
        profits, tails, ["-34.890098731758030226", "-7.438370015065913776", "-31.430148642083679533"],
        worst_reg_loss=-468.0288972891901, worst_tail_loss=-95.59109570817094, worst_skew_loss=-34.89009873175803,
        ForwardContingency=-60.02060217250662, PortfolioMTM=-317.201576245238, OptionMTMPerExpiry=[-317.201576245238],
        OptionMTMPerExpiryDiscounted=[-324.0636711135128], MMOptionCont=-8.044808955299999,
        discount_factors=[[0.9223327675518455, 1.0216332306714941]], IMOptionContNormal=-13.408014925499998,
        IM=-798.6384884599281, MM=-699.6695030318901, VolShockUpEvaluated=[0.9541318964461666],
        VolShockDownEvaluated=[0.47031055090523777],
    )  # fmt: skip
    account = held(
        SpotPrice=2681.6029850999994, Options=[option(3214052, 1743148800, 2500.0, 1, -1.0, marks)],
        OptionFeeds=[feed(3214052, 2695.7814942763334, 0.21000000000000002, svi, "0.10191907661086")],
    )  # fmt: skip
    given = parameters(more=[scenario(18, "LINEAR", 5)], skew=WIDE_SKEW)
    return {"Scenario": account, "Parameters": given, "Result": found}


def heavy_tails() -> Content:
    """One perp at 3,000, on paper: tails that weigh nothing, as much as a regular scenario, and five times as much."""
    tails = {-66: 5.0, -33: 1, 50: 0}
    found = result(
        threes(540, 405, 270, 135, 0, -135, -270, -405, -540), [-9900, -990, 0], spots=tails, worst_reg_loss=-540,
        worst_tail_loss=-9900, worst_all_scenarios="tail", PortfolioMTM=0, MMPerpCont=-45, IMPerpContNormal=-60,
        IM=-9960, MM=-7965,
    )  # fmt: skip
    account = held(SpotPrice=3000.0, NumPerps=1.0, PerpPrice=3000.0, PerpConfidence=1.0)
    return {"Scenario": account, "Parameters": parameters(tails), "Result": found}


ACCOUNTS = (uncertain_collateral, negative_rate, expired, moving_skew, heavy_tails)
