// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fixed} from "./Fixed.sol";
import {Market} from "./Market.sol";
import {Option} from "./Option.sol";

/// @dev Initial: to take risk; Maintenance: to keep it
enum Level {
    Initial,
    Maintenance
}

/// @notice Standard margin: linear per underlying, netted inside it, with no risk offset between underlyings.
library Standard {
    /// @notice Exposure of an account to one underlying.
    /// @dev indexWad, confidenceWad: as published [wad]; stableWad: index that follows slowly [wad]; pendingWad: jump that waits for a second print, 0 = none [wad]; sizeWad: sum of sizes [wad]; grossSizeWad:
    /// sum of |sizes| [wad]; netWad2, grossWad2: sum of size * mark and of its magnitude [wad * wad, exact]; gainWad, lossWad: unrealised profits
    /// and losses [wad]; safeGainWad, safeLossWad: the same at the worst of index, stable and waiting price [wad]; baseWad: collateral priced by this
    /// underlying [wad]; sizes are those of perps and futures
    struct Exposure {
        Market.MarketRisk risk;
        Market.OptionRisk optionRisk;
        uint256 indexWad;
        uint256 confidenceWad;
        uint256 stableWad;
        uint256 pendingWad;
        int256 sizeWad;
        uint256 grossSizeWad;
        int256 netWad2;
        uint256 grossWad2;
        uint256 gainWad;
        int256 lossWad;
        uint256 safeGainWad;
        int256 safeLossWad;
        uint256 baseWad;
    }

    /// @notice Option position of an account.
    /// @dev strikeWad, size; markWad: mark price; forwardWad: of its expiry; fixedWad: part of the forward that is fixed;
    /// volWad, rateWad: by which it is priced; confidenceWad: lowest confidence of the prices it is valued by [wad]; expiry [unix seconds]; secs:
    /// time to expiry [seconds]
    struct HeldOption {
        uint256 underlying;
        uint256 expiry;
        uint256 strikeWad;
        bool isCall;
        int256 size;
        uint256 markWad;
        uint256 forwardWad;
        uint256 fixedWad;
        uint256 volWad;
        uint256 rateWad;
        uint256 secs;
        uint256 confidenceWad;
    }

    /// @notice Future position of an account, as portfolio margin reads it.
    /// @dev size; fixedWad, floatingWad: parts of the forward that are fixed, and that move with the spot price [wad]; expiry [unix seconds]; secs:
    /// time to expiry [seconds]
    struct HeldFuture {
        uint256 underlying;
        uint256 expiry;
        int256 size;
        uint256 fixedWad;
        uint256 floatingWad;
        uint256 secs;
    }

    /// @notice Adds a perp or future to an exposure.
    /// @dev profit = size * mark / 1e18 + quote; size <= 2^96 and mark <= 2^97, so the exact product fits 2^193
    /// @param self exposure to add to
    /// @param size size of the position [wad]
    /// @param quote quote of the position, with accrued funding [wad]
    /// @param markWad mark price [wad]
    /// @custom:rounds the profit down, because it is what the account owns
    function absorb(Exposure memory self, int256 size, int256 quote, uint256 markWad) internal pure {
        int256 profit = Fixed.mulDivFloor(size, int256(markWad), Fixed.WAD) + quote;
        if (profit < 0) self.lossWad += profit;
        else self.gainWad += uint256(profit);
        uint256 safeWad = safeMark(self, size, markWad);
        if (safeWad != markWad) profit = Fixed.mulDivFloor(size, int256(safeWad), Fixed.WAD) + quote;
        if (profit < 0) self.safeLossWad += profit;
        else self.safeGainWad += uint256(profit);
        self.sizeWad += size;
        self.grossSizeWad += Fixed.abs(size);
        self.netWad2 += size * int256(markWad);
        self.grossWad2 += Fixed.abs(size) * markWad;
    }

    /// @notice Lowest of index, stable and waiting price.
    /// @param self exposure to the underlying
    function lowest(Exposure memory self) internal pure returns (uint256 priceWad) {
        priceWad = Fixed.min(self.indexWad, self.stableWad);
        if (self.pendingWad != 0) priceWad = Fixed.min(priceWad, self.pendingWad);
    }

    /// @notice Mark price of a position at the worst of index, stable and waiting price.
    /// @dev long: mark - (index - lowest), at least 0; short: mark + (highest - index)
    /// @param self exposure to the underlying
    /// @param size size of the position [wad]
    /// @param markWad mark price [wad]
    function safeMark(Exposure memory self, int256 size, uint256 markWad) internal pure returns (uint256) {
        uint256 indexWad = self.indexWad;
        if (size < 0) return markWad + (Fixed.max(indexWad, Fixed.max(self.stableWad, self.pendingWad)) - indexWad);
        return markWad - Fixed.min(markWad, indexWad - lowest(self));
    }

    /// @notice Mark price of an option at the worse of index and waiting price.
    /// @dev an option moves by no more than its underlying: mark -+ |waiting - index| on the side that the account loses on, at least 0
    /// @param self exposure to the underlying
    /// @param line option
    function waitingMark(Exposure memory self, HeldOption memory line) internal pure returns (uint256) {
        if (line.size < 0) return line.markWad + waitingRise(self, line.isCall);
        return line.markWad - Fixed.min(line.markWad, waitingRise(self, !line.isCall));
    }

    /// @notice Most by which a call or a put is worth more at the price that waits.
    /// @dev |waiting - index| where the price rises for a call, or falls for a put; else 0
    /// @param self exposure to the underlying
    /// @param isCall call or put
    function waitingRise(Exposure memory self, bool isCall) internal pure returns (uint256) {
        if (self.pendingWad == 0 || (self.pendingWad > self.indexWad) != isCall) return 0;
        return isCall ? self.pendingWad - self.indexWad : self.indexWad - self.pendingWad;
    }

    /// @notice Margin rate: requirement per net notional.
    /// @dev initial: max(initialRate, sizeTerm); maintenance: max(maintenanceRate, sizeTerm * maintenanceScale);
    /// sizeTerm = baseRate + |size| * impactRate / skewScale
    /// @param risk parameters of the underlying
    /// @param sizeWad sum of sizes [wad]
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function rate(Market.MarketRisk memory risk, int256 sizeWad, Level level) internal pure returns (uint256) {
        uint256 term = risk.baseRate + Fixed.mulDivUp(Fixed.abs(sizeWad), risk.impactRate, risk.skewScale);
        if (level == Level.Initial) return Fixed.max(risk.initialRate, term);
        return Fixed.max(risk.maintenanceRate, Fixed.mulDivUp(term, risk.maintenanceScale, Fixed.WAD));
    }

    /// @notice Margin requirement of the perps and futures on one underlying.
    /// @dev N * rate + G * spreadRate with N = |sum of size * mark| and G = sum of |size * mark| - N; as N * (rate - spreadRate)
    /// + (N + G) * spreadRate, so that joining two accounts raises it by no rounding; rate >= spreadRate by Market.requireValid
    /// @param self exposure to the underlying
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function requirement(Exposure memory self, Level level) internal pure returns (uint256) {
        if (self.grossWad2 == 0) return 0;
        uint256 net = Fixed.abs(self.netWad2);
        uint256 perNotional = rate(self.risk, self.sizeWad, level);
        uint256 spread = self.risk.spreadRate;
        return Fixed.mulDivUp(net, perNotional - spread, Fixed.WAD_SQUARED)
            + Fixed.mulDivUp(self.grossWad2, spread, Fixed.WAD_SQUARED);
    }

    /// @notice Margin requirement per unit of a naked short option.
    /// @dev maintenance call: callRate * index + mark; maintenance put: max(putRate * index, putMarkRate * mark) + mark; initial: spotRequirement
    /// at the worst of index, stable and waiting price, there with waitingRise on top, for a put no less than putInitialScale * maintenance
    /// @param exposure exposure to the underlying
    /// @param line option
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function shortRequirement(Exposure memory exposure, HeldOption memory line, Level level) internal pure returns (uint256) {
        Market.OptionRisk memory risk = exposure.optionRisk;
        uint256 indexWad = exposure.indexWad;
        uint256 stableWad = exposure.stableWad;
        if (level == Level.Maintenance) {
            if (line.isCall) return Fixed.mulDivUp(risk.callRate, indexWad, Fixed.WAD) + line.markWad;
            uint256 bySpot = Fixed.mulDivUp(risk.putRate, indexWad, Fixed.WAD);
            return Fixed.max(bySpot, Fixed.mulDivUp(risk.putMarkRate, line.markWad, Fixed.WAD)) + line.markWad;
        }
        uint256 unit = spotRequirement(risk, line, indexWad);
        if (stableWad != indexWad) unit = Fixed.max(unit, spotRequirement(risk, line, stableWad));
        if (exposure.pendingWad != 0) {
            unit = Fixed.max(unit, spotRequirement(risk, line, exposure.pendingWad) + waitingRise(exposure, line.isCall));
        }
        if (line.isCall) return unit;
        uint256 scaled = Fixed.mulDivUp(shortRequirement(exposure, line, Level.Maintenance), risk.putInitialScale, Fixed.WAD);
        return Fixed.max(unit, scaled);
    }

    /// @notice Initial margin requirement per unit of a naked short option at a spot price.
    /// @dev max(maxSpot - otm, minSpot) * spot + mark with otm = max(0, strike - spot) / spot for a call, max(0, spot - strike) / spot for a put
    /// @param risk parameters of the options on the underlying
    /// @param line option
    /// @param spotWad index price of the underlying [wad], not zero
    /// @custom:rounds up, because it must be held
    /// @custom:reverts FullMulDivFailed
    function spotRequirement(Market.OptionRisk memory risk, HeldOption memory line, uint256 spotWad) internal pure returns (uint256) {
        (uint256 far, uint256 near) = line.isCall ? (line.strikeWad, spotWad) : (spotWad, line.strikeWad);
        uint256 otm = Fixed.mulDivDown(Option.payoff(far, near, true), Fixed.WAD, spotWad);
        uint256 perSpot = Fixed.max(risk.maxSpotRate - Fixed.min(risk.maxSpotRate, otm), risk.minSpotRate);
        return Fixed.mulDivUp(perSpot, spotWad, Fixed.WAD) + line.markWad;
    }

    /// @notice Largest loss of the options of one expiry at their expiry.
    /// @dev -min(0, sum of size * payoff) over spot at 0 and at each strike [wad * wad, exact]; every size and payoff is at most 2^96
    /// @param lines options of the account
    /// @param first place of the first option of the expiry
    function maxLoss(HeldOption[] memory lines, uint256 first) internal pure returns (uint256 lossWad2) {
        HeldOption memory head = lines[first];
        for (uint256 i = first; i <= lines.length; i++) {
            if (i < lines.length && !isSameTerm(lines[i], head)) continue;
            uint256 spotWad = i < lines.length ? lines[i].strikeWad : 0;
            int256 payoffWad2 = 0;
            for (uint256 j = first; j < lines.length; j++) {
                HeldOption memory line = lines[j];
                if (isSameTerm(line, head)) payoffWad2 += line.size * int256(Option.payoff(spotWad, line.strikeWad, line.isCall));
            }
            if (payoffWad2 < 0) lossWad2 = Fixed.max(lossWad2, uint256(-payoffWad2));
        }
    }

    /// @notice Whether two options end at the same time on the same underlying.
    /// @param a option
    /// @param b option
    function isSameTerm(HeldOption memory a, HeldOption memory b) internal pure returns (bool) {
        return a.underlying == b.underlying && a.expiry == b.expiry;
    }

    /// @notice Whether two positions are in the same option.
    /// @param a option
    /// @param b option
    function isAlike(HeldOption memory a, HeldOption memory b) internal pure returns (bool) {
        return a.strikeWad == b.strikeWad && a.isCall == b.isCall && isSameTerm(a, b);
    }

    /// @notice Margin requirement of the options of one expiry.
    /// @dev the lesser of the shorts, each alone, and the largest loss at expiry plus unpaired * forward per uncovered short call
    /// @param exposure exposure to the underlying
    /// @param lines options of the account
    /// @param first place of the first option of the expiry
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function stripRequirement(Exposure memory exposure, HeldOption[] memory lines, uint256 first, Level level) internal pure returns (uint256) {
        uint256 isolatedWad2 = 0;
        int256 calls = 0;
        HeldOption memory head = lines[first];
        for (uint256 i = first; i < lines.length; i++) {
            HeldOption memory line = lines[i];
            if (!isSameTerm(line, head)) continue;
            if (line.isCall) calls += line.size;
            if (line.size >= 0) continue;
            isolatedWad2 += Fixed.abs(line.size) * shortRequirement(exposure, line, level);
        }
        if (isolatedWad2 == 0) return 0;
        uint256 boundedWad2 = maxLoss(lines, first);
        if (calls < 0) {
            Market.OptionRisk memory risk = exposure.optionRisk;
            uint256 unpaired = level == Level.Initial ? risk.unpairedInitial : risk.unpairedMaintenance;
            boundedWad2 += Fixed.abs(calls) * Fixed.mulDivUp(unpaired, head.forwardWad, Fixed.WAD);
        }
        return Fixed.mulDivUp(Fixed.min(isolatedWad2, boundedWad2), 1, Fixed.WAD);
    }

    /// @notice Contingency of one underlying for an uncertain price or a depegged quote token.
    /// @dev initial only: (1 - confidence) * factor * index * (sizes + base) below the threshold, plus depegRate * index * sizes
    /// @param self exposure to the underlying
    /// @param depegRateWad requirement per notional for a depegged quote token [wad]
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function contingency(Exposure memory self, uint256 depegRateWad, Level level) internal pure returns (uint256) {
        if (level == Level.Maintenance) return 0;
        uint256 rateWad = doubtRate(self.risk, self.confidenceWad);
        uint256 doubtWad = priced(self.grossSizeWad + self.baseWad, self.indexWad, rateWad);
        return doubtWad + priced(self.grossSizeWad, self.indexWad, depegRateWad);
    }

    /// @notice Contingency of a short option for an uncertain price or a depegged quote token.
    /// @dev initial only: ((1 - confidence) * factor below the threshold, plus depegRate) * index * size
    /// @param exposure exposure to the underlying
    /// @param line option
    /// @param depegRateWad requirement per notional for a depegged quote token [wad]
    /// @param level initial or maintenance
    /// @custom:rounds up, because it must be held
    function shortContingency(Exposure memory exposure, HeldOption memory line, uint256 depegRateWad, Level level) internal pure returns (uint256) {
        if (level == Level.Maintenance || line.size >= 0) return 0;
        uint256 rateWad = doubtRate(exposure.risk, line.confidenceWad);
        return priced(Fixed.abs(line.size), exposure.indexWad, rateWad) + priced(Fixed.abs(line.size), exposure.indexWad, depegRateWad);
    }

    /// @notice Requirement per notional for an uncertain price.
    /// @dev (1 - confidence) * factor below the threshold, else 0
    /// @param risk parameters of the underlying
    /// @param confidenceWad confidence of the price [wad]
    /// @custom:rounds up, because it must be held
    function doubtRate(Market.MarketRisk memory risk, uint256 confidenceWad) internal pure returns (uint256) {
        if (confidenceWad >= risk.confidenceThreshold) return 0;
        return Fixed.mulDivUp(Fixed.WAD - confidenceWad, risk.confidenceFactor, Fixed.WAD);
    }

    /// @notice Margin requirement of a size at a rate per notional.
    /// @dev size * price * rate
    /// @param sizeWad size [wad]
    /// @param priceWad price of one whole unit [wad]
    /// @param rateWad requirement per notional [wad]
    /// @custom:rounds up, because it must be held
    function priced(uint256 sizeWad, uint256 priceWad, uint256 rateWad) internal pure returns (uint256) {
        if (rateWad == 0) return 0;
        return Fixed.mulDivUp(Fixed.mulDivUp(sizeWad, priceWad, Fixed.WAD), rateWad, Fixed.WAD);
    }
}
