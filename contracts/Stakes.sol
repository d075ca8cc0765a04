// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Fixed} from "./Fixed.sol";
import {Margin} from "./Margin.sol";
import {Portfolio} from "./Portfolio.sol";
import {Standard} from "./Standard.sol";

/// @notice Exposures of portfolio margin: collateral, options and futures of a valued account, by underlying and expiry.
library Stakes {
    /// @notice Exposures of an account, by number of the underlying.
    /// @dev of an underlying without parameters, none
    /// @param stakes perps and futures, by number of the underlying
    /// @param holdings valued collateral
    /// @param lines options
    /// @param futures futures
    /// @param risks portfolio margin parameters, by number of the underlying
    function gather(
        Portfolio.Stake[] memory stakes,
        Margin.Holding[] memory holdings,
        Standard.HeldOption[] memory lines,
        Standard.HeldFuture[] memory futures,
        Portfolio.PortfolioRisk[] memory risks
    ) internal pure returns (Portfolio.PortfolioExposure[] memory found) {
        found = new Portfolio.PortfolioExposure[](stakes.length);
        uint256[] memory places = firsts(lines);
        for (uint256 i = 0; i < stakes.length && i < risks.length; i++) {
            if (!Portfolio.isModelled(risks[i])) continue;
            found[i].risk = risks[i];
            found[i].stake = stakes[i];
            found[i].hedges = hedges(holdings, i, stakes[i].confidenceWad);
            found[i].terms = terms(lines, places, futures, i);
        }
    }

    /// @notice Collateral of an account that an underlying prices.
    /// @dev value up to its cap
    /// @param holdings valued collateral
    /// @param underlying number of the underlying
    /// @param confidenceWad confidence of its price [wad]
    function hedges(Margin.Holding[] memory holdings, uint256 underlying, uint256 confidenceWad) internal pure returns (Portfolio.Hedge[] memory found) {
        uint256 count = 0;
        for (uint256 i = 0; i < holdings.length; i++) {
            if (isHedge(holdings[i], underlying)) count++;
        }
        found = new Portfolio.Hedge[](count);
        count = 0;
        for (uint256 i = 0; i < holdings.length; i++) {
            Margin.Holding memory held = holdings[i];
            if (!isHedge(held, underlying)) continue;
            uint256 valueWad = Fixed.min(held.valueWad, held.terms.capWad);
            found[count++] = Portfolio.Hedge(valueWad, held.terms.haircutInitial, held.terms.haircutMaintenance, confidenceWad);
        }
    }

    /// @notice Whether a collateral balance is positive and priced by an underlying, at a fresh price.
    /// @param held valued collateral
    /// @param underlying number of the underlying
    function isHedge(Margin.Holding memory held, uint256 underlying) internal pure returns (bool) {
        return held.valueWad != 0 && held.fadedWad == 0 && held.underlying == underlying;
    }

    /// @notice Place of the first option of the same expiry, by place of the option.
    /// @param lines options
    function firsts(Standard.HeldOption[] memory lines) internal pure returns (uint256[] memory found) {
        found = new uint256[](lines.length);
        for (uint256 i = 0; i < found.length; i++) {
            Standard.HeldOption memory line = lines[i];
            uint256 place = 0;
            while (place < i && (found[place] != place || !Standard.isSameTerm(lines[place], line))) place++;
            found[i] = place;
        }
    }

    /// @notice Options and futures of an account on an underlying, by expiry.
    /// @dev expiries in the order of the first option of each, and then those without options in the order of the first future
    /// @param lines options
    /// @param places place of the first option of the same expiry, by place of the option
    /// @param futures futures
    /// @param underlying number of the underlying
    function terms(
        Standard.HeldOption[] memory lines,
        uint256[] memory places,
        Standard.HeldFuture[] memory futures,
        uint256 underlying
    ) internal pure returns (Portfolio.ExpiryHoldings[] memory found) {
        uint256 priced = 0;
        for (uint256 i = 0; i < lines.length; i++) {
            if (places[i] == i && lines[i].underlying == underlying) priced++;
        }
        uint256 alone = 0;
        for (uint256 i = 0; i < futures.length; i++) {
            if (futures[i].underlying == underlying && isAlone(lines, futures, i)) alone++;
        }
        found = new Portfolio.ExpiryHoldings[](priced + alone);
        uint256 count = 0;
        for (uint256 i = 0; count < priced; i++) {
            if (places[i] == i && lines[i].underlying == underlying) found[count++] = term(lines, places, futures, i);
        }
        for (uint256 i = 0; count < priced + alone; i++) {
            if (futures[i].underlying == underlying && isAlone(lines, futures, i)) found[count++] = bare(futures, i);
        }
    }

    /// @notice Options and futures of one expiry.
    /// @param lines options of the account
    /// @param places place of the first option of the same expiry, by place of the option
    /// @param futures futures of the account
    /// @param first place of the first option of the expiry
    function term(Standard.HeldOption[] memory lines, uint256[] memory places, Standard.HeldFuture[] memory futures, uint256 first)
        internal
        pure
        returns (Portfolio.ExpiryHoldings memory found)
    {
        Standard.HeldOption memory sample = lines[first];
        found.fixedWad = sample.fixedWad;
        found.floatingWad = sample.forwardWad - sample.fixedWad;
        found.rateWad = sample.rateWad;
        found.secs = sample.secs;
        found.confidenceWad = sample.confidenceWad;
        uint256 count = 0;
        for (uint256 i = first; i < lines.length; i++) {
            if (places[i] == first) count++;
        }
        found.lines = new Portfolio.ExpiryOption[](count);
        uint256 filled = 0;
        for (uint256 i = first; filled < count; i++) {
            if (places[i] != first) continue;
            Standard.HeldOption memory line = lines[i];
            found.lines[filled++] = Portfolio.ExpiryOption(line.strikeWad, line.isCall, line.size, line.volWad, line.markWad);
        }
        found.futureSize = futureSize(futures, sample.underlying, sample.expiry);
    }

    /// @notice Futures of an expiry without options.
    /// @param futures futures of the account
    /// @param first place of the first future of the expiry
    function bare(Standard.HeldFuture[] memory futures, uint256 first) internal pure returns (Portfolio.ExpiryHoldings memory found) {
        Standard.HeldFuture memory sample = futures[first];
        found.fixedWad = sample.fixedWad;
        found.floatingWad = sample.floatingWad;
        found.secs = sample.secs;
        found.futureSize = futureSize(futures, sample.underlying, sample.expiry);
    }

    /// @notice Sum of the sizes of the futures of an expiry.
    /// @param futures futures of the account
    /// @param underlying number of the underlying
    /// @param expiry expiry [unix seconds]
    function futureSize(Standard.HeldFuture[] memory futures, uint256 underlying, uint256 expiry) internal pure returns (int256 size) {
        for (uint256 i = 0; i < futures.length; i++) {
            if (futures[i].underlying == underlying && futures[i].expiry == expiry) size += futures[i].size;
        }
    }

    /// @notice Whether a future is the first position in its expiry, and no option has that expiry.
    /// @param lines options of the account
    /// @param futures futures of the account
    /// @param place place of the future
    function isAlone(Standard.HeldOption[] memory lines, Standard.HeldFuture[] memory futures, uint256 place) internal pure returns (bool) {
        Standard.HeldFuture memory held = futures[place];
        for (uint256 i = 0; i < lines.length; i++) {
            if (lines[i].underlying == held.underlying && lines[i].expiry == held.expiry) return false;
        }
        for (uint256 i = 0; i < place; i++) {
            if (futures[i].underlying == held.underlying && futures[i].expiry == held.expiry) return false;
        }
        return true;
    }
}
