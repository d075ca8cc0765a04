// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Exp} from "./Exp.sol";
import {Fixed} from "./Fixed.sol";
import {Market} from "./Market.sol";
import {Option} from "./Option.sol";

/// @notice Shocks of a scenario to prices, vols and discounts.
library Shock {
    uint256 internal constant MAX_SCENARIOS = 36;
    /// @dev the largest move of a spot price [wad]
    uint256 internal constant MAX_SHOCK = 9e18;
    /// @dev volatility modes of a scenario: vols still, raised, lowered, skewed by the strike, or lifted away from the forward
    uint256 internal constant STILL = 0;
    uint256 internal constant UP = 1;
    uint256 internal constant DOWN = 2;
    uint256 internal constant LINEAR = 3;
    uint256 internal constant ABSOLUTE = 4;
    uint256 internal constant MODES = 5;
    /// @dev time to expiry at which a vol shock has its plain size, and its power changes [seconds]
    uint256 internal constant PIVOT = 30 days;
    /// @dev the largest exponent of a static discount and of a vol shock, in which e has 29 bits [wad]
    uint256 internal constant MAX_EXPONENT = 20e18;
    /// @dev the largest factor, power and part that passes a door [wad]
    uint256 internal constant MAX_FACTOR = 10e18;
    /// @dev the longest floor of a time to expiry [seconds]
    uint256 internal constant MAX_FLOOR = 3650 days;

    /// @notice Scenario of portfolio margin.
    /// @dev spotShock: change of all spot prices, as a part of them: new price / old price - 1 [wad]; dampening: factor of the profit, below
    /// or above one [wad]; mode: STILL, UP, DOWN, LINEAR or ABSOLUTE
    struct Scenario {
        int64 spotShock;
        uint64 dampening;
        uint8 mode;
    }

    /// @notice Parameters of volatility shocks.
    /// @dev rangeUp, rangeDown: change of a vol as a part of it, 30 days before expiry [wad]; minVol: least vol after a rise [wad]; shortPower,
    /// longPower: power of 30 days over the time to expiry, below and above 30 days [wad]; floorSecs: least time to expiry in it [seconds]
    struct VolRisk {
        uint64 rangeUp;
        uint64 rangeDown;
        uint64 minVol;
        uint64 shortPower;
        uint64 longPower;
        uint64 floorSecs;
    }

    /// @notice Parameters of skew shocks.
    /// @dev linearCap + linearBase * sqrt(T), absoluteCap + absoluteBase * sqrt(T), at least 0: largest change of a vol as a part of it [wad]; minWidth, and
    /// sqrt(T) * widthScale * (volStatic + sqrt(T) * volScale): log-moneyness at which it is reached [wad]
    struct SkewRisk {
        int64 linearCap;
        int64 linearBase;
        int64 absoluteCap;
        int64 absoluteBase;
        uint64 minWidth;
        uint64 widthScale;
        int64 volStatic;
        int64 volScale;
    }

    /// @notice Parameters of static discounts.
    /// @dev long: of assets, short: of liabilities; longBase, shortBase: in any case; longScale, shortScale: per rate; longAdd,
    /// shortAdd: in addition to the rate [wad]
    struct RateRisk {
        uint64 longBase;
        uint64 longScale;
        uint64 longAdd;
        uint64 shortBase;
        uint64 shortScale;
        uint64 shortAdd;
    }

    /// @notice Volatility shocks of one expiry.
    /// @dev upWad, downWad: factors [wad]; minVolWad [wad]; linearWad, absoluteWad: largest change as a part [wad]; widthWad: log-moneyness
    /// at which it is reached [wad]
    struct Shape {
        uint256 upWad;
        uint256 downWad;
        uint256 minVolWad;
        uint256 linearWad;
        uint256 absoluteWad;
        uint256 widthWad;
    }

    /// @notice Forward after a spot shock.
    /// @dev fixed + floating * (1 + shock)
    /// @param fixedWad part of the forward that is fixed [wad]
    /// @param floatingWad part of the forward that moves with the spot price [wad]
    /// @param spotShock change of the spot price as a part of it [wad], above -1e18
    /// @custom:rounds down, because both sides share one mark
    function forward(uint256 fixedWad, uint256 floatingWad, int256 spotShock) internal pure returns (uint256) {
        unchecked {
            return fixedWad + Fixed.mulDivDown256(floatingWad, uint256(int256(Fixed.WAD) + spotShock), Fixed.WAD);
        }
    }

    /// @notice Size of a volatility shock for a time to expiry, relative to that at 30 days.
    /// @dev (30 days / max(secs, floorSecs))^p = e^min(MAX_EXPONENT, p * (ln(30 days) - ln(max(secs, floorSecs)))), p one power below 30 days,
    /// another above. Of a whole number of seconds below 2^40 the logarithm is below 28, so that the difference is within 13 below and 15
    /// above zero, and the exponent within 130 and 150 before its bound. Size is below 2^89 [wad], so up of `shape` is below 2^93, and a
    /// vol, below 2^83 by Surface, below 2^116 after it: its square has 232 bits
    /// @param risk parameters of volatility shocks
    /// @param secs time to expiry [seconds]
    /// @custom:rounds the exponent toward minus infinity, because a vol moves longs and shorts alike
    function breadth(VolRisk memory risk, uint256 secs) internal pure returns (uint256) {
        uint256 power = secs < PIVOT ? risk.shortPower : risk.longPower;
        int256 ratio = Exp.ln(PIVOT * Fixed.WAD) - Exp.ln(Fixed.max(Fixed.max(secs, risk.floorSecs), 1) * Fixed.WAD);
        int256 exponent = Fixed.mulDivFloor(int256(power), ratio, Fixed.WAD);
        return Exp.exp(exponent > int256(MAX_EXPONENT) ? int256(MAX_EXPONENT) : exponent);
    }

    /// @notice Volatility shocks of one expiry.
    /// @dev up = 1 + rangeUp * m, down = max(0, 1 - rangeDown * m) with m of `breadth`; caps and width as in SkewRisk, caps no less than 0
    /// @param volRisk parameters of volatility shocks
    /// @param skewRisk parameters of skew shocks
    /// @param secs time to expiry [seconds]
    /// @custom:rounds down, because a vol moves longs and shorts alike
    function shape(VolRisk memory volRisk, SkewRisk memory skewRisk, uint256 secs) internal pure returns (Shape memory self) {
        uint256 size = breadth(volRisk, secs);
        uint256 fall = Fixed.mulDivDown(volRisk.rangeDown, size, Fixed.WAD);
        uint256 root = Option.deviation(Fixed.WAD, secs);
        self.upWad = Fixed.WAD + Fixed.mulDivDown(volRisk.rangeUp, size, Fixed.WAD);
        self.downWad = Fixed.WAD - Fixed.min(Fixed.WAD, fall);
        self.minVolWad = volRisk.minVol;
        self.linearWad = _above(skewRisk.linearCap, skewRisk.linearBase, root);
        self.absoluteWad = _above(skewRisk.absoluteCap, skewRisk.absoluteBase, root);
        uint256 perScale = _above(skewRisk.volStatic, skewRisk.volScale, root);
        uint256 widthWad = Fixed.mulDivDown(Fixed.mulDivDown(root, skewRisk.widthScale, Fixed.WAD), perScale, Fixed.WAD);
        self.widthWad = Fixed.max(widthWad, skewRisk.minWidth);
    }

    /// @notice Implied vol in a scenario.
    /// @dev UP: max(minVol, vol * up); DOWN: vol * down; LINEAR, ABSOLUTE: vol * max(0, 1 + clamp(x * cap / width, -cap, cap)) with x the
    /// log-moneyness, or its magnitude. A log-moneyness is below 2^67 and a cap below 2^72, as the root of a time is below 188
    /// @param self volatility shocks of the expiry
    /// @param volWad vol [wad]
    /// @param apartWad log-moneyness of the strike: ln(strike) - ln(forward) [wad]
    /// @param mode STILL, UP, DOWN, LINEAR or ABSOLUTE
    /// @custom:rounds down, because a vol moves longs and shorts alike
    function vol(Shape memory self, uint256 volWad, int256 apartWad, uint256 mode) internal pure returns (uint256) {
        if (mode == STILL) return volWad;
        if (mode == UP) return Fixed.max(self.minVolWad, Fixed.mulDivDown(volWad, self.upWad, Fixed.WAD));
        if (mode == DOWN) return Fixed.mulDivDown(volWad, self.downWad, Fixed.WAD);
        uint256 cap = mode == LINEAR ? self.linearWad : self.absoluteWad;
        uint256 change = Fixed.min(cap, Fixed.mulDivDown(Fixed.abs(apartWad), cap, self.widthWad));
        if (mode == ABSOLUTE || apartWad >= 0) return Fixed.mulDivDown(volWad, Fixed.WAD + change, Fixed.WAD);
        return Fixed.mulDivDown(volWad, Fixed.WAD - Fixed.min(Fixed.WAD, change), Fixed.WAD);
    }

    /// @notice Whether a scenario skews vols by the strike.
    /// @param mode STILL, UP, DOWN, LINEAR or ABSOLUTE
    function isSkew(uint256 mode) internal pure returns (bool) {
        return mode == LINEAR || mode == ABSOLUTE;
    }

    /// @notice Static discounts of assets and of liabilities at an expiry.
    /// @dev long = longBase * e^-(T * (rate * longScale + longAdd)); short = min(1 / D, shortBase * e^(T * (rate * shortScale + shortAdd)))
    /// @param risk parameters of static discounts
    /// @param rateWad rate per year [wad], not negative
    /// @param secs time to expiry [seconds]
    /// @param discountWad D, present price of one at expiry [wad]
    /// @custom:rounds assets down and liabilities up, because the account would gain otherwise
    function discounts(RateRisk memory risk, uint256 rateWad, uint256 secs, uint256 discountWad)
        internal
        pure
        returns (uint256 longWad, uint256 shortWad)
    {
        uint256 grown = Exp.exp(int256(_exponent(rateWad, risk.shortScale, risk.shortAdd, secs)));
        shortWad = Fixed.mulDivUp(risk.shortBase, grown, Fixed.WAD);
        if (discountWad != 0) shortWad = Fixed.min(shortWad, Fixed.mulDivUp(Fixed.WAD, Fixed.WAD, discountWad));
        uint256 shrunk = Exp.exp(-int256(_exponent(rateWad, risk.longScale, risk.longAdd, secs)));
        longWad = Fixed.mulDivDown(risk.longBase, shrunk, Fixed.WAD);
    }

    /// @notice Validates a list of scenarios.
    /// @param scenarios scenarios of the rules
    /// @custom:reverts ParameterOutOfRange
    function requireScenarios(Scenario[] memory scenarios) internal pure {
        Market.requireWithin("scenarios", scenarios.length, 1, MAX_SCENARIOS);
        for (uint256 i = 0; i < scenarios.length; i++) {
            int256 spotShock = scenarios[i].spotShock;
            Market.requireWithin("spotShock", Fixed.abs(spotShock), 0, spotShock < 0 ? Fixed.WAD - 1 : MAX_SHOCK);
            Market.requireWithin("dampening", scenarios[i].dampening, 0, MAX_FACTOR);
            Market.requireWithin("mode", scenarios[i].mode, 0, MODES - 1);
        }
    }

    /// @notice Validates the parameters of volatility shocks.
    /// @param risk parameters of volatility shocks
    /// @custom:reverts ParameterOutOfRange
    function requireVol(VolRisk memory risk) internal pure {
        Market.requireWithin("rangeUp", risk.rangeUp, 0, MAX_FACTOR);
        Market.requireWithin("rangeDown", risk.rangeDown, 0, MAX_FACTOR);
        Market.requireWithin("minVol", risk.minVol, 0, MAX_FACTOR);
        Market.requireWithin("shortPower", risk.shortPower, 0, MAX_FACTOR);
        Market.requireWithin("longPower", risk.longPower, 0, MAX_FACTOR);
        Market.requireWithin("floorSecs", risk.floorSecs, 1, MAX_FLOOR);
    }

    /// @notice Validates the parameters of skew shocks.
    /// @dev a range bounds the magnitude of a signed number: a signed wad of 64 bits is below 9.3
    /// @param risk parameters of skew shocks
    /// @custom:reverts ParameterOutOfRange
    function requireSkew(SkewRisk memory risk) internal pure {
        Market.requireWithin("linearCap", Fixed.abs(risk.linearCap), 0, MAX_SHOCK);
        Market.requireWithin("linearBase", Fixed.abs(risk.linearBase), 0, MAX_SHOCK);
        Market.requireWithin("absoluteCap", Fixed.abs(risk.absoluteCap), 0, MAX_SHOCK);
        Market.requireWithin("absoluteBase", Fixed.abs(risk.absoluteBase), 0, MAX_SHOCK);
        Market.requireWithin("minWidth", risk.minWidth, 1e9, MAX_FACTOR);
        Market.requireWithin("widthScale", risk.widthScale, 0, MAX_FACTOR);
        Market.requireWithin("volStatic", Fixed.abs(risk.volStatic), 0, MAX_SHOCK);
        Market.requireWithin("volScale", Fixed.abs(risk.volScale), 0, MAX_SHOCK);
    }

    /// @notice Validates the parameters of static discounts.
    /// @param risk parameters of static discounts
    /// @custom:reverts ParameterOutOfRange
    function requireRate(RateRisk memory risk) internal pure {
        Market.requireWithin("longBase", risk.longBase, 0, MAX_FACTOR);
        Market.requireWithin("longScale", risk.longScale, 0, MAX_FACTOR);
        Market.requireWithin("longAdd", risk.longAdd, 0, MAX_FACTOR);
        Market.requireWithin("shortBase", risk.shortBase, 0, MAX_FACTOR);
        Market.requireWithin("shortScale", risk.shortScale, 0, MAX_FACTOR);
        Market.requireWithin("shortAdd", risk.shortAdd, 0, MAX_FACTOR);
    }

    /// @notice Exponent of a static discount.
    /// @dev min(MAX_EXPONENT, T * (rate * scale + add))
    /// @param rateWad rate per year [wad]
    /// @param scaleWad part of it that counts [wad]
    /// @param addWad rate in addition to it [wad]
    /// @param secs time to expiry [seconds]
    /// @custom:rounds up, because a larger one lowers assets and raises liabilities
    function _exponent(uint256 rateWad, uint256 scaleWad, uint256 addWad, uint256 secs) private pure returns (uint256) {
        uint256 perYear = Fixed.mulDivUp(rateWad, scaleWad, Fixed.WAD) + addWad;
        return Fixed.min(MAX_EXPONENT, Fixed.mulDivUp(perYear, secs, Option.YEAR));
    }

    /// @notice Value that changes with the root of time, floored at zero.
    /// @dev max(0, value + slope * root)
    /// @param valueWad value at zero time [wad]
    /// @param slopeWad change per root of a year [wad]
    /// @param rootWad root of the time in years [wad]
    /// @custom:rounds down, because a vol moves longs and shorts alike
    function _above(int256 valueWad, int256 slopeWad, uint256 rootWad) private pure returns (uint256) {
        int256 sum = valueWad + Fixed.mulDivFloor(slopeWad, int256(rootWad), Fixed.WAD);
        return sum < 0 ? 0 : uint256(sum);
    }
}
