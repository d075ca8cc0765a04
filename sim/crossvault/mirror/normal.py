"""The standard normal distribution, by the rational approximations of W. J. Cody."""

from crossvault.mirror import exp, fixed

_CENTRE = 662910000000000000
_FAR = 5_656854249492380195
_END = 10 * fixed.WAD
_PEAK = 398942280401432677939946059
_BREADTH = 2_506628274631000502

# numerators and denominators, the coefficient of the highest power first [ray]
_CENTRE_P = (
    65682337918207449113000000,
    2_235252035460683928700000000,
    161_028231068555878810000000000,
    1067_689485460370958200000000000,
    18154_981253343561249000000000000,
)
_CENTRE_Q = (
    1_000000000000000000000000000,
    47_202581904688241870000000000,
    976_098551737776693220000000000,
    10260_932208618978205000000000000,
    45507_789335026729956000000000000,
)
_MIDDLE_P = (
    10765576773720192317,
    398941512088134667640000000,
    8_883149794388375941200000000,
    93_506656132177855979000000000,
    597_270276394800262260000000000,
    2494_537585290372671100000000000,
    6848_190450536282332600000000000,
    11602_651437647350124000000000000,
    9842_714838383978021800000000000,
)
_MIDDLE_Q = (
    1_000000000000000000000000000,
    22_266688044328115691000000000,
    235_387901782624998610000000000,
    1519_377599407554805000000000000,
    6485_558298266760755000000000000,
    18615_571640885098091000000000000,
    34900_952721145977266000000000000,
    38912_003286093271411000000000000,
    19685_429676859990727000000000000,
)
_FAR_P = (
    23073441764940173030000000,
    215898534057956990000000000,
    127401161160247363900000000,
    22235277870649807000000000,
    1421619193227893466000000,
    29112874951168792000000,
)
_FAR_Q = (
    1_000000000000000000000000000,
    1_284260096144911210000000000,
    468238212480865118000000000,
    65988137868928551500000000,
    3782396332027582440000000,
    72975155508396620500000,
)


def cdf(x_wad: int) -> int:
    """Cumulative distribution."""
    tail = _tail(fixed.abs(x_wad))
    return tail if x_wad < 0 else fixed.WAD - tail


def pdf(x_wad: int) -> int:
    """Density."""
    return fixed.mul_div_down256(_bell(fixed.abs(x_wad)), _PEAK, fixed.RAY)


def mills(x_wad: int) -> int:
    """Mills' ratio: the tail beyond a distance over the density there."""
    if x_wad > _CENTRE:
        return fixed.mul_div_down256(_ratio(x_wad), _BREADTH, fixed.RAY)
    return fixed.mul_div_down256(_centre_tail(x_wad), fixed.WAD, pdf(x_wad))


def reach(a: int, s: int) -> int:
    """Normalised time value of an option: the probability to end in the money less the price paid for it."""
    distance = fixed.abs(a)
    bell = _bell(distance)
    if bell == 0:
        return 0 if a < 0 else fixed.WAD
    if distance > _CENTRE:
        received = fixed.mul_div_down256(bell, _ratio(distance), fixed.RAY)
    else:
        received = _centre_tail(distance)
    if a > 0:
        received = fixed.WAD - received
    density = fixed.mul_div_down256(bell, _PEAK, fixed.RAY)
    paid = fixed.mul_div_down256(density, mills(s - a), fixed.WAD)
    return received - paid if paid < received else 0


def _tail(x_wad: int) -> int:
    """Tail beyond a distance."""
    if x_wad > _CENTRE:
        return fixed.mul_div_down256(_bell(x_wad), _ratio(x_wad), fixed.RAY)
    return _centre_tail(x_wad)


def _centre_tail(x_wad: int) -> int:
    """Tail beyond a distance near the centre."""
    square = fixed.mul_div_down256(x_wad, x_wad, 10**9)
    p, q = _polynomial(_CENTRE_P, square), _polynomial(_CENTRE_Q, square)
    return 500000000000000000 - fixed.mul_div_down256(x_wad, p, q)


def _bell(x_wad: int) -> int:
    """Density over its peak."""
    if x_wad >= _END:
        return 0
    return exp.exp(-fixed.mul_div_down256(x_wad, x_wad, 2 * fixed.WAD))


def _ratio(x_wad: int) -> int:
    """Tail beyond a distance, over the bell there."""
    if x_wad > _FAR:
        return _far_ratio(x_wad)
    x = x_wad * 10**9
    return fixed.mul_div_down256(_polynomial(_MIDDLE_P, x), fixed.RAY, _polynomial(_MIDDLE_Q, x))


def _far_ratio(x_wad: int) -> int:
    """Tail beyond a far distance, over the bell there."""
    inverse = fixed.mul_div_down256(fixed.RAY, fixed.WAD, x_wad)
    y = fixed.mul_div_down256(inverse, inverse, fixed.RAY)
    p, q = _polynomial(_FAR_P, y), _polynomial(_FAR_Q, y)
    return fixed.mul_div_down256(_PEAK - fixed.mul_div_down256(y, p, q), fixed.WAD, x_wad)


def _polynomial(coefficients: tuple[int, ...], x: int) -> int:
    """Polynomial by Horner's rule, rounded down at every power."""
    total = 0
    for coefficient in coefficients:
        total = fixed.horner(total, x, coefficient)
    return total
