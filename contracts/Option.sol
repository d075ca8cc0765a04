// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Exp} from "./Exp.sol";
import {Fixed} from "./Fixed.sol";
import {Normal} from "./Normal.sol";

/// @notice Price and greeks of European options: Black's formula on a forward.
/// @dev F. Black, The pricing of commodity contracts, J. Financ. Econ. 3 (1976) 167-179. Bits, for inputs within the bounds of the doors (prices
/// below 2^96, vols below 2^83 and after a shock below 2^116, times of at most 2^40 seconds, discounts of at most 2^60): deviations are below 2^124,
/// logarithms of ratios below 2^66, so distances in deviations below 2^126; a price is below 2^97 and a density below 2^59. Products outside mulDiv state their own bounds.
/// Undiscounted prices take forwards and strikes below 2^100 (after a shock): their products have at most 160 bits.
library Option {
    uint256 internal constant YEAR = 365 days;
    /// @dev more deviations than any distribution reaches [wad]
    int256 private constant BEYOND = 100e18;

    /// @notice Inputs to the price of an option.
    /// @dev forwardWad: price of the underlying for delivery at expiry [wad]; strikeWad [wad]; volWad: per root of a year [wad];
    /// secs: time to expiry [seconds]; discountWad: price now of one at expiry [wad, at most 1]; isCall: right to buy, else to sell
    struct OptionTerms {
        uint256 forwardWad;
        uint256 strikeWad;
        uint256 volWad;
        uint256 secs;
        uint256 discountWad;
        bool isCall;
    }

    /// @notice Sensitivities of the price of one option.
    /// @dev deltaWad: per 1 of the forward [wad]; gammaWad: of delta per 1 of the forward [wad]; vegaWad: per 1 (100 %) of vol [wad];
    /// thetaWad: per year that passes, with forward, vol and rate as they are [wad]
    struct OptionGreeks {
        int256 deltaWad;
        uint256 gammaWad;
        uint256 vegaWad;
        int256 thetaWad;
    }

    /// @notice Payoff of an option at expiry.
    /// @dev max(S - K, 0) of a call, max(K - S, 0) of a put
    /// @param spotWad price of the underlying [wad]
    /// @param strikeWad strike [wad]
    /// @param isCall right to buy, else to sell
    function payoff(uint256 spotWad, uint256 strikeWad, bool isCall) internal pure returns (uint256) {
        (uint256 received, uint256 paid) = isCall ? (spotWad, strikeWad) : (strikeWad, spotWad);
        return received > paid ? received - paid : 0;
    }

    /// @notice Discount factor: present price of one at a later time.
    /// @dev e^(-rate * secs / YEAR); |error| <= 2e-18
    /// @param rateWad continuous rate per year [wad], not negative
    /// @param secs time until then [seconds]
    /// @custom:rounds the exponent down, because it is positive before its sign
    function discount(uint256 rateWad, uint256 secs) internal pure returns (uint256) {
        return Exp.exp(-int256(Fixed.mulDivDown(rateWad, secs, YEAR)));
    }

    /// @notice Standard deviation of the logarithm of the price at expiry.
    /// @dev vol * sqrt(secs / YEAR), as the root of one quotient; vol^2 is below 2^232
    /// @param volWad vol per root of a year [wad]
    /// @param secs time to expiry [seconds]
    /// @custom:rounds down, because both sides share one mark and this is its only rounding
    function deviation(uint256 volWad, uint256 secs) internal pure returns (uint256) {
        return Fixed.sqrtDown(Fixed.mulDivDown(volWad * volWad, secs, YEAR));
    }

    /// @notice Price of one option.
    /// @dev (payoff of the forward + time value) * discount: out of the money it has time value only, in the money it is larger by
    /// F - K, so that a call less a put is F - K to the wei before discount; |error| <= 1e-17 * min(F, K) + 2 wei
    /// @param terms inputs to the price
    /// @custom:rounds down, because both sides share one mark
    function price(OptionTerms memory terms) internal pure returns (uint256) {
        uint256 deviationWad = deviation(terms.volWad, terms.secs);
        bool isPriced = terms.forwardWad != 0 && terms.strikeWad != 0;
        int256 apartWad = isPriced ? Exp.ln(terms.forwardWad) - Exp.ln(terms.strikeWad) : int256(0);
        uint256 found = undiscounted(terms.forwardWad, terms.strikeWad, apartWad, deviationWad, terms.isCall);
        return Fixed.mulDivDown(found, terms.discountWad, Fixed.WAD);
    }

    /// @notice Undiscounted price of one option, from logarithms and a deviation that many prices share.
    /// @dev payoff of the forward + A * (cdf(a) - pdf(a) * mills(s - a)), with A the smaller of F and K, B the larger, s the deviation and
    /// a = s / 2 - ln(B / A) / s. It is Black's A * cdf(a) - B * cdf(a - s), as B * pdf(a - s) = A * pdf(a): so the error is one of A, however
    /// far away B is
    /// @param forwardWad forward [wad]
    /// @param strikeWad strike [wad]
    /// @param apartWad ln(forward) - ln(strike) [wad]; any value where one of them is 0
    /// @param deviationWad deviation [wad]
    /// @param isCall right to buy, else to sell
    /// @custom:rounds down, because both sides share one mark
    function undiscounted(uint256 forwardWad, uint256 strikeWad, int256 apartWad, uint256 deviationWad, bool isCall)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            bool isAbove = forwardWad > strikeWad;
            (uint256 lesser, uint256 larger) = isAbove ? (strikeWad, forwardWad) : (forwardWad, strikeWad);
            uint256 intrinsic = isAbove == isCall ? larger - lesser : 0;
            if (deviationWad == 0 || lesser == 0) return intrinsic;
            uint256 distance = Fixed.mulDivDown256(Fixed.abs(apartWad), Fixed.WAD, deviationWad);
            uint256 reached = Normal.reach(int256(Fixed.half(deviationWad)) - int256(distance), deviationWad);
            return intrinsic + Fixed.mulDivDown256(lesser, reached, Fixed.WAD);
        }
    }

    /// @notice Sensitivities of the price of one option.
    /// @dev with d = ln(F / K) / s + s / 2, s the deviation, D the discount and T = secs / YEAR: delta = D * cdf(d) of a call, -D * cdf(-d) of a put;
    /// gamma = D * pdf(d) / (F * s), 0 where s is 0; vega = D * F * pdf(d) * sqrt(T); theta: see _theta. Errors of delta
    /// and of the density are within 5e-18 * (1 + 1 / s), as a logarithm has one that s divides. At s = 0 the price is the payoff, and its kink
    /// at F = K has half the delta of either side
    /// @param terms inputs to the price
    /// @custom:rounds down, delta toward zero, because both sides share one mark
    function greeks(OptionTerms memory terms) internal pure returns (OptionGreeks memory) {
        uint256 deviationWad = deviation(terms.volWad, terms.secs);
        int256 d = _reach(terms.forwardWad, terms.strikeWad, deviationWad);
        if (terms.forwardWad >= terms.strikeWad) d = int256(deviationWad) - d;
        uint256 delta = Fixed.mulDivDown(Normal.cdf(terms.isCall ? d : -d), terms.discountWad, Fixed.WAD);
        uint256 density = Fixed.mulDivDown(Normal.pdf(d), terms.discountWad, Fixed.WAD);
        uint256 weight = Fixed.mulDivDown(terms.forwardWad, density, Fixed.WAD);
        // forward and deviation are below 2^200
        uint256 breadth = terms.forwardWad * deviationWad;
        return OptionGreeks({
            deltaWad: terms.isCall ? int256(delta) : -int256(delta),
            gammaWad: breadth == 0 ? 0 : Fixed.mulDivDown(density, Fixed.WAD_SQUARED, breadth),
            vegaWad: Fixed.mulDivDown(weight, deviation(Fixed.WAD, terms.secs), Fixed.WAD),
            thetaWad: _theta(terms, weight, deviationWad)
        });
    }

    /// @notice Distance into the money of the out-of-the-money side, in deviations.
    /// @dev s / 2 - |ln F - ln K| / s: two logarithms, as their ratio would lose digits
    /// @param forwardWad forward [wad]
    /// @param strikeWad strike [wad]
    /// @param deviationWad deviation s [wad]
    /// @custom:rounds both parts down, because d and d - s have to differ by all of s
    function _reach(uint256 forwardWad, uint256 strikeWad, uint256 deviationWad) private pure returns (int256) {
        if (forwardWad == strikeWad) return int256(Fixed.mulDivDown(deviationWad, 1, 2));
        if (forwardWad == 0 || strikeWad == 0 || deviationWad == 0) return -BEYOND;
        uint256 apart = Fixed.abs(Exp.ln(forwardWad) - Exp.ln(strikeWad));
        uint256 distance = Fixed.mulDivDown(apart, Fixed.WAD, deviationWad);
        return int256(Fixed.mulDivDown(deviationWad, 1, 2)) - int256(distance);
    }

    /// @notice Change of the price over a year that passes.
    /// @dev r * price - D * F * pdf(d) * s / (2 * T), with r = -ln(D) / T; 0 at expiry and for a discount of 0
    /// @param terms inputs to the price
    /// @param weight D * F * pdf(d) [wad]
    /// @param deviationWad deviation s [wad]
    /// @custom:rounds both parts down, because both sides share one mark
    function _theta(OptionTerms memory terms, uint256 weight, uint256 deviationWad) private pure returns (int256) {
        if (terms.secs == 0 || terms.discountWad == 0) return 0;
        // -ln(D) of a wad above zero is below 42, deviations are below 2^104 and a year is below 2^25
        uint256 earned = Fixed.abs(Exp.ln(terms.discountWad)) * YEAR;
        uint256 carry = Fixed.mulDivDown(price(terms), earned, terms.secs * Fixed.WAD);
        uint256 decay = Fixed.mulDivDown(weight, deviationWad * YEAR, 2 * terms.secs * Fixed.WAD);
        return int256(carry) - int256(decay);
    }
}
