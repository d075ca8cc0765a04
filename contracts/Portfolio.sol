// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Exp} from "./Exp.sol";
import {Fixed} from "./Fixed.sol";
import {Market} from "./Market.sol";
import {Option} from "./Option.sol";
import {Shock} from "./Shock.sol";
import {Level, Standard} from "./Standard.sol";

/// @notice Portfolio margin of one underlying: profit and loss of an account in each of many scenarios.
/// @dev Bits: sizes are below 2^96, shocked forwards and strikes below 2^100 and lines at most 64, so a shocked value is below 2^202
/// [wad * wad]; its static discount is below 2^94 [wad], so the discounted value is below 2^237 [wad * wad]; a dampening is at most ten [wad],
/// so a profit is below 2^181 [wad]
library Portfolio {
    /// @notice Parameters of basis risk: forwards that move apart from the spot price.
    /// @dev upShock, downShock: change of a forward as a part of it [wad]; addRate: part of the loss that is required [wad]; yearRate: further
    /// part per year to expiry [wad]
    struct BasisRisk {
        int64 upShock;
        int64 downShock;
        uint64 addRate;
        uint64 yearRate;
    }

    /// @notice Parameters of contingencies, required in addition to the worst scenario.
    /// @dev perpInitial, perpMaintenance: per notional of perps and futures [wad]; optionInitial, optionMaintenance: per index of naked short
    /// options [wad]; confidenceThreshold, confidenceFactor: threshold and requirement per notional of an uncertain price [wad]; totals per level,
    /// so that initial contains maintenance
    struct Contingency {
        uint64 perpInitial;
        uint64 perpMaintenance;
        uint64 optionInitial;
        uint64 optionMaintenance;
        uint64 confidenceThreshold;
        uint64 confidenceFactor;
    }

    /// @notice Portfolio margin parameters of an underlying.
    struct PortfolioRisk {
        Shock.VolRisk vol;
        Shock.SkewRisk skew;
        Shock.RateRisk rate;
        BasisRisk basis;
        Contingency contingency;
    }

    /// @notice Option position of an account in one expiry.
    /// @dev strikeWad, size; volWad: implied vol; markWad: mark price [wad]
    struct ExpiryOption {
        uint256 strikeWad;
        bool isCall;
        int256 size;
        uint256 volWad;
        uint256 markWad;
    }

    /// @notice Options and futures of an account that share an expiry.
    /// @dev fixedWad, floatingWad: parts of the forward that are fixed, and that move with the spot price [wad]; rateWad: per year, not negative
    /// [wad]; secs: time to expiry [seconds]; confidenceWad: lowest confidence of the prices of options; futureSize: of all futures [wad]
    struct ExpiryHoldings {
        uint256 fixedWad;
        uint256 floatingWad;
        uint256 rateWad;
        uint256 secs;
        uint256 confidenceWad;
        ExpiryOption[] lines;
        int256 futureSize;
    }

    /// @notice Collateral priced by the underlying, so that its moves count as a hedge.
    /// @dev valueWad: before haircuts [wad]; haircutInitial, haircutMaintenance: parts of it that do not count [wad]; confidenceWad: of its price [wad]
    struct Hedge {
        uint256 valueWad;
        uint256 haircutInitial;
        uint256 haircutMaintenance;
        uint256 confidenceWad;
    }

    /// @notice Perps and futures of an account on one underlying in portfolio margin.
    /// @dev indexWad: index price [wad]; netWad2: sum of size * mark [wad * wad, exact]; grossSizeWad: sum of |sizes| [wad]; confidenceWad: lowest
    /// confidence of the prices they are valued by [wad]
    struct Stake {
        uint256 indexWad;
        int256 netWad2;
        uint256 grossSizeWad;
        uint256 confidenceWad;
    }

    /// @notice Exposure of an account to one underlying in portfolio margin.
    /// @dev stake: perps and futures; hedges: collateral; terms: options and futures by expiry, those with options first
    struct PortfolioExposure {
        PortfolioRisk risk;
        Stake stake;
        Hedge[] hedges;
        ExpiryHoldings[] terms;
    }

    /// @notice Expiry prepared for pricing in many scenarios.
    /// @dev discountWad: present price of one at expiry; longWad, shortWad: static discounts of assets and of liabilities [wad]; strikeLogs:
    /// logarithms of the strikes [wad]; deviations: of line i in mode m at place i * MODES + m [wad]; valueWad2: sum of size * mark
    /// [wad * wad, exact]; spotShock: move of the spot price at which it is priced, forwardWad: forward there, forwardLog: its logarithm [wad]
    struct PricedExpiry {
        ExpiryHoldings term;
        uint256 discountWad;
        uint256 longWad;
        uint256 shortWad;
        int256[] strikeLogs;
        uint256[] deviations;
        int256 valueWad2;
        int256 spotShock;
        uint256 forwardWad;
        int256 forwardLog;
    }

    /// @notice Whether an underlying has parameters of portfolio margin.
    /// @param risk parameters of the underlying
    function isModelled(PortfolioRisk memory risk) internal pure returns (bool) {
        return risk.vol.floorSecs != 0;
    }

    /// @notice Adds a perp or future to a stake.
    /// @dev size <= 2^96 and price <= 2^97, so the exact product fits 2^193
    /// @param self stake to add to
    /// @param size size of the position [wad]
    /// @param priceWad part of its price that moves with the spot price [wad]
    function add(Stake memory self, int256 size, uint256 priceWad) internal pure {
        self.netWad2 += size * int256(priceWad);
        self.grossSizeWad += Fixed.abs(size);
    }

    /// @notice Profit in each scenario, and the loss from basis moves of forwards.
    /// @dev profit = dampening * (net * shock + collateral * shock + sum over expiries of the change of value of options): futures are in the net
    /// @param self exposure to the underlying
    /// @param scenarios scenarios of the rules
    /// @custom:rounds toward minus infinity, because gains go down and losses go up
    function outcomes(PortfolioExposure memory self, Shock.Scenario[] memory scenarios) internal pure returns (int256[] memory profitsWad, int256 basisWad) {
        uint256 count = self.terms.length;
        while (count != 0 && self.terms[count - 1].lines.length == 0) count--;
        PricedExpiry[] memory sheets = new PricedExpiry[](count);
        for (uint256 i = 0; i < self.terms.length; i++) {
            PricedExpiry memory sheet = ready(self.terms[i], self.risk);
            basisWad += basis(sheet, self.risk.basis);
            if (i < count) sheets[i] = sheet;
        }
        uint256 hedgeWad = 0;
        for (uint256 i = 0; i < self.hedges.length; i++) hedgeWad += self.hedges[i].valueWad;
        int256 netWad2 = self.stake.netWad2;
        profitsWad = new int256[](scenarios.length);
        unchecked {
            for (uint256 k = 0; k < scenarios.length; k++) {
                Shock.Scenario memory scenario = scenarios[k];
                int256 spotShock = scenario.spotShock;
                int256 profitWad2 = int256(hedgeWad) * spotShock + Fixed.mulDivFloor(netWad2, spotShock, Fixed.WAD);
                profitWad2 += _change(sheets, spotShock, scenario.mode);
                profitsWad[k] = Fixed.mulDivFloor(profitWad2, int256(uint256(scenario.dampening)), Fixed.WAD_SQUARED);
            }
        }
    }

    /// @notice Expiry prepared for pricing in many scenarios.
    /// @param term options and futures of the expiry
    /// @param risk parameters of the underlying
    function ready(ExpiryHoldings memory term, PortfolioRisk memory risk) internal pure returns (PricedExpiry memory self) {
        self.term = term;
        self.forwardWad = term.fixedWad + term.floatingWad;
        if (term.lines.length == 0) return self;
        self.discountWad = Option.discount(term.rateWad, term.secs);
        (self.longWad, self.shortWad) = Shock.discounts(risk.rate, term.rateWad, term.secs, self.discountWad);
        self.forwardLog = _ln(self.forwardWad);
        self.strikeLogs = new int256[](term.lines.length);
        self.deviations = new uint256[](term.lines.length * Shock.MODES);
        Shock.Shape memory shape = Shock.shape(risk.vol, risk.skew, term.secs);
        for (uint256 i = 0; i < term.lines.length; i++) {
            ExpiryOption memory line = term.lines[i];
            self.strikeLogs[i] = _ln(line.strikeWad);
            self.valueWad2 += line.size * int256(line.markWad);
            int256 apartWad = self.strikeLogs[i] - self.forwardLog;
            for (uint256 mode = 0; mode < Shock.MODES; mode++) {
                uint256 volWad = Shock.vol(shape, line.volWad, apartWad, mode);
                self.deviations[i * Shock.MODES + mode] = Option.deviation(volWad, term.secs);
            }
        }
    }

    /// @notice Value of the options of an expiry after shocks to the spot price and vols, before its static discount.
    /// @dev sum of size * price [wad * wad, exact]
    /// @param self prepared expiry
    /// @param spotShock change of the spot price as a part of it [wad]
    /// @param mode volatility mode: STILL, UP, DOWN, LINEAR or ABSOLUTE
    function shocked(PricedExpiry memory self, int256 spotShock, uint256 mode) internal pure returns (int256) {
        if (spotShock != self.spotShock) _move(self, spotShock);
        return _value(self, mode);
    }

    /// @notice Loss of an expiry from basis moves of its forward.
    /// @dev min(value(up) - value, value(down) - value, 0) * (addRate + yearRate * T), of options and futures: one forward moves both
    /// @param self prepared expiry
    /// @param risk parameters of basis risk
    /// @custom:rounds toward minus infinity, because losses go up
    function basis(PricedExpiry memory self, BasisRisk memory risk) internal pure returns (int256) {
        (int256 up, int256 down) = (_apart(self, risk.upShock), _apart(self, risk.downShock));
        int256 change = (up < down ? up : down) - self.valueWad2;
        if (change >= 0) return 0;
        uint256 rate = risk.addRate + Fixed.mulDivUp(risk.yearRate, self.term.secs, Option.YEAR);
        return Fixed.mulDivFloor(change, int256(rate), Fixed.WAD_SQUARED);
    }

    /// @notice Place of the worst scenario.
    /// @dev first place of the least profit; 0 where there is no scenario
    /// @param profitsWad profit in each scenario [wad]
    function worst(int256[] memory profitsWad) internal pure returns (uint256 place) {
        if (profitsWad.length == 0) return 0;
        int256 least = profitsWad[0];
        for (uint256 k = 1; k < profitsWad.length; k++) {
            if (profitsWad[k] < least) (least, place) = (profitsWad[k], k);
        }
    }

    /// @notice Loss of one underlying alone.
    /// @dev W = max(0, -min(least profit, basis))
    /// @param leastWad profit in the worst scenario [wad]
    /// @param basisWad loss from basis moves of forwards [wad], not positive
    function loss(int256 leastWad, int256 basisWad) internal pure returns (uint256) {
        int256 least = leastWad < basisWad ? leastWad : basisWad;
        return least < 0 ? Fixed.abs(least) : 0;
    }

    /// @notice Contingencies of one underlying, required in addition to the loss.
    /// @dev those of perps and futures, naked short options, haircuts and, at initial, uncertain prices
    /// @param self exposure to the underlying
    /// @param level initial or maintenance
    function contingency(PortfolioExposure memory self, Level level) internal pure returns (uint256 total) {
        total = perpContingency(self, level) + doubt(self, level);
        for (uint256 i = 0; i < self.terms.length; i++) total += optionContingency(self, self.terms[i], level);
        for (uint256 i = 0; i < self.hedges.length; i++) {
            total += hedgeContingency(self.risk.contingency, self.hedges[i], level);
        }
    }

    /// @notice Contingency of perps and futures.
    /// @dev rate * index * sum of |sizes|
    /// @param self exposure to the underlying
    /// @param level initial or maintenance
    function perpContingency(PortfolioExposure memory self, Level level) internal pure returns (uint256) {
        Contingency memory risk = self.risk.contingency;
        uint256 rate = level == Level.Initial ? risk.perpInitial : risk.perpMaintenance;
        return Standard.priced(self.stake.grossSizeWad, self.stake.indexWad, rate);
    }

    /// @notice Contingency of the naked short options of an expiry.
    /// @dev rate * index * naked size; the rate covers the whole contingency of a naked short, whatever its mark
    /// @param self exposure to the underlying
    /// @param term options of the expiry
    /// @param level initial or maintenance
    function optionContingency(PortfolioExposure memory self, ExpiryHoldings memory term, Level level) internal pure returns (uint256) {
        Contingency memory risk = self.risk.contingency;
        uint256 rate = level == Level.Initial ? risk.optionInitial : risk.optionMaintenance;
        return Standard.priced(naked(term.lines), self.stake.indexWad, rate);
    }

    /// @notice Size of the naked short options of an expiry.
    /// @dev sum over strikes and types of max(0, -sum of sizes): a short is paired with a long of the same strike and type only
    /// @param lines options of the expiry
    function naked(ExpiryOption[] memory lines) internal pure returns (uint256 total) {
        for (uint256 i = 0; i < lines.length; i++) {
            int256 sum = 0;
            for (uint256 j = 0; j < lines.length; j++) {
                if (lines[j].strikeWad != lines[i].strikeWad || lines[j].isCall != lines[i].isCall) continue;
                if (j < i) break; // already counted there
                sum += lines[j].size;
            }
            if (sum < 0) total += Fixed.abs(sum);
        }
    }

    /// @notice Contingency of collateral that hedges.
    /// @dev value * haircut and, at initial, value * (1 - confidence) * factor below the threshold
    /// @param risk parameters of contingencies
    /// @param hedge collateral
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function hedgeContingency(Contingency memory risk, Hedge memory hedge, Level level) internal pure returns (uint256) {
        if (level == Level.Maintenance) return Fixed.mulDivUp(hedge.valueWad, hedge.haircutMaintenance, Fixed.WAD);
        uint256 rate = doubtRate(risk, hedge.confidenceWad);
        return Fixed.mulDivUp(hedge.valueWad, hedge.haircutInitial, Fixed.WAD) + Fixed.mulDivUp(hedge.valueWad, rate, Fixed.WAD);
    }

    /// @notice Contingency of positions at uncertain prices.
    /// @dev initial only: (1 - confidence) * factor * index * sum of |sizes|, below the threshold, per expiry and for perps and futures
    /// @param self exposure to the underlying
    /// @param level initial or maintenance
    function doubt(PortfolioExposure memory self, Level level) internal pure returns (uint256 total) {
        if (level == Level.Maintenance) return 0;
        Contingency memory risk = self.risk.contingency;
        total = Standard.priced(self.stake.grossSizeWad, self.stake.indexWad, doubtRate(risk, self.stake.confidenceWad));
        for (uint256 i = 0; i < self.terms.length; i++) {
            ExpiryHoldings memory term = self.terms[i];
            uint256 sizeWad = 0;
            for (uint256 j = 0; j < term.lines.length; j++) sizeWad += Fixed.abs(term.lines[j].size);
            total += Standard.priced(sizeWad, self.stake.indexWad, doubtRate(risk, term.confidenceWad));
        }
    }

    /// @notice Requirement per notional for an uncertain price.
    /// @dev (1 - confidence) * factor below the threshold, else 0
    /// @param risk parameters of contingencies
    /// @param confidenceWad confidence of the price [wad]
    /// @custom:rounds up, because it must be held
    function doubtRate(Contingency memory risk, uint256 confidenceWad) internal pure returns (uint256) {
        if (confidenceWad >= risk.confidenceThreshold) return 0;
        return Fixed.mulDivUp(Fixed.WAD - confidenceWad, risk.confidenceFactor, Fixed.WAD);
    }

    /// @notice Validates the portfolio margin parameters of an underlying.
    /// @dev the initial requirement is no less than the maintenance requirement
    /// @param risk portfolio margin parameters of an underlying
    /// @custom:reverts ParameterOutOfRange
    function requireValid(PortfolioRisk memory risk) internal pure {
        Shock.requireVol(risk.vol);
        Shock.requireSkew(risk.skew);
        Shock.requireRate(risk.rate);
        (int256 up, int256 down) = (risk.basis.upShock, risk.basis.downShock);
        Market.requireWithin("upShock", Fixed.abs(up), 0, up < 0 ? 0 : Shock.MAX_SHOCK);
        Market.requireWithin("downShock", Fixed.abs(down), 0, down > 0 ? 0 : Fixed.WAD - 1);
        Market.requireWithin("addRate", risk.basis.addRate, 0, Shock.MAX_FACTOR);
        Market.requireWithin("yearRate", risk.basis.yearRate, 0, Shock.MAX_FACTOR);
        Contingency memory held = risk.contingency;
        Market.requireWithin("perpInitial", held.perpInitial, 0, Shock.MAX_FACTOR);
        Market.requireWithin("perpMaintenance", held.perpMaintenance, 0, held.perpInitial);
        Market.requireWithin("optionInitial", held.optionInitial, 0, Shock.MAX_FACTOR);
        Market.requireWithin("optionMaintenance", held.optionMaintenance, 0, held.optionInitial);
        Market.requireWithin("confidenceThreshold", held.confidenceThreshold, 0, Fixed.WAD);
        Market.requireWithin("confidenceFactor", held.confidenceFactor, 0, Shock.MAX_FACTOR);
    }

    /// @notice Change in value of all expiries in a scenario, in wads of wads.
    /// @dev sum of value(shocked) * static discount - value, each of them minus its magnitude where vols are skewed [wad * wad]
    /// @param sheets prepared expiries
    /// @param spotShock change of the spot price as a part of it [wad]
    /// @param mode volatility mode: STILL, UP, DOWN, LINEAR or ABSOLUTE
    /// @custom:rounds toward minus infinity, because gains go down and losses go up
    function _change(PricedExpiry[] memory sheets, int256 spotShock, uint256 mode) private pure returns (int256 totalWad2) {
        unchecked {
            bool isSkew = Shock.isSkew(mode);
            for (uint256 i = 0; i < sheets.length; i++) {
                PricedExpiry memory sheet = sheets[i];
                if (spotShock != sheet.spotShock) _move(sheet, spotShock);
                int256 change = _value(sheet, mode);
                change = Fixed.mulDivFloor(change, int256(change > 0 ? sheet.longWad : sheet.shortWad), Fixed.WAD) - sheet.valueWad2;
                totalWad2 += isSkew && change > 0 ? -change : change;
            }
        }
    }

    /// @notice Value of options whose forward moves apart from the spot price, with the change of the futures of its expiry.
    /// @dev sum of size * price, and of size * move of the forward [wad * wad]: a size is below 2^103 and a forward below 2^100
    function _apart(PricedExpiry memory self, int256 shock) private pure returns (int256 valueWad2) {
        valueWad2 = shocked(self, shock, Shock.STILL);
        unchecked {
            valueWad2 += self.term.futureSize * (int256(self.forwardWad) - int256(self.term.fixedWad + self.term.floatingWad));
        }
    }

    /// @notice Moves the forward of an expiry to that after a spot shock.
    /// @param sheet prepared expiry
    /// @param spotShock change of the spot price as a part of it [wad]
    function _move(PricedExpiry memory sheet, int256 spotShock) private pure {
        uint256 forwardWad = Shock.forward(sheet.term.fixedWad, sheet.term.floatingWad, spotShock);
        sheet.spotShock = spotShock;
        sheet.forwardWad = forwardWad;
        sheet.forwardLog = _ln(forwardWad);
    }

    /// @notice Value of an expiry at its forward, before its static discount.
    /// @dev sum of size * price [wad * wad, exact]; sizes, prices and counts are bounded at the door, see above: nothing overflows
    /// @param sheet prepared expiry
    /// @param mode volatility mode: STILL, UP, DOWN, LINEAR or ABSOLUTE
    /// @custom:rounds prices down, because both sides share one mark
    function _value(PricedExpiry memory sheet, uint256 mode) private pure returns (int256 valueWad2) {
        unchecked {
            ExpiryOption[] memory lines = sheet.term.lines;
            uint256 place = mode;
            for (uint256 i = 0; i < lines.length; i++) {
                ExpiryOption memory line = lines[i];
                int256 apartWad = sheet.forwardLog - sheet.strikeLogs[i];
                uint256 priceWad = Option.undiscounted(sheet.forwardWad, line.strikeWad, apartWad, sheet.deviations[place], line.isCall);
                valueWad2 += line.size * int256(Fixed.mulDivDown256(priceWad, sheet.discountWad, Fixed.WAD));
                place += Shock.MODES;
            }
        }
    }

    /// @notice Logarithm of a price.
    /// @dev ln(max(price, 1 wei))
    /// @param priceWad price [wad]
    function _ln(uint256 priceWad) private pure returns (int256) {
        return Exp.ln(priceWad == 0 ? 1 : priceWad);
    }
}
