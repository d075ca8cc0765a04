"""Exponential and natural logarithm: the integers of Solady."""

from functools import lru_cache

from crossvault.mirror import number_errors

_SMALLEST, _OVERFLOW = -41446531673892822313, 135305999368893231589
_MAX_INT = 2**255 - 1
_LN_2 = 54916777467707473351141471128  # in units of 2^-96


def exp(x_wad: int) -> int:
    """Exponential function."""
    if x_wad <= _SMALLEST:
        return 0
    if x_wad >= _OVERFLOW:
        raise number_errors.ExpOverflow
    # a shift of Solidity rounds to minus infinity as Python's does, a signed division toward zero
    x = (x_wad << 78) // 5**18 if x_wad >= 0 else -((-x_wad << 78) // 5**18)
    turns = (x << 96) // _LN_2 if x >= 0 else -((-x << 96) // _LN_2)
    k = (turns + 2**95) >> 96
    x -= k * _LN_2
    y = x + 1346386616545796478920950773328
    y = (y * x >> 96) + 57155421227552351082224309758442
    p = y + x - 94201549194550492254356042504812
    p = (p * y >> 96) + 28719021644029726153956944680412240
    p = p * x + (4385272521454847904659076985693276 << 96)
    q = x - 2855989394907223263936484059900
    q = (q * x >> 96) + 50020603652535783019961831881945
    q = (q * x >> 96) - 533845033583426703283633433725380
    q = (q * x >> 96) + 3604857256930695427073651918091429
    q = (q * x >> 96) - 14423608567350463180887372962807573
    q = (q * x >> 96) + 26449188498355588339934803723976023
    # both are positive: the quotient is between 0.09 and 0.25
    return (p // q * 3822833074963236453042738258902158003155416615667) >> (195 - k)


@lru_cache(maxsize=4_096)  # of the prices and strikes that the options of a walk share
def ln(x_wad: int) -> int:
    """Natural logarithm."""
    if x_wad == 0 or x_wad > _MAX_INT:
        raise number_errors.LnWadUndefined
    r = 256 - x_wad.bit_length()
    x = (x_wad << r) >> 159
    p = ((x + 3273285459638523848632254066296) * x >> 96) + 24828157081833163892658089445524
    p = (p * x >> 96) + 43456485725739037958740375743393
    p = (p * x >> 96) - 11111509109440967052023855526967
    p = (p * x >> 96) - 45023709667254063763336534515857
    p = (p * x >> 96) - 14706773417378608786704636184526
    p = p * x - (795164235651350426258249787498 << 96)
    q = x + 5573035233440673466300451813936
    q = (q * x >> 96) + 71694874799317883764090561454958
    q = (q * x >> 96) + 283447036172924575727196451306956
    q = (q * x >> 96) + 401686690394027663651624208769553
    q = (q * x >> 96) + 204048457590392012362485061816622
    q = (q * x >> 96) + 31853899698501571402653359427138
    q = (q * x >> 96) + 909429971244387300277376558375
    # q is positive, p may be a hair below zero at a power of two
    quotient = p // q if p >= 0 else -(-p // q)
    scaled = 1677202110996718588342820967067443963516166 * quotient
    scaled += 16597577552685614221487285958193947469193820559219878177908093499208371 * (159 - r)
    return (scaled + 600920179829731861736702779321621459595472258049074101567377883020018308) >> 174
