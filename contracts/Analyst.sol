// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccountId} from "./Account.sol";
import {Correlation} from "./Correlation.sol";
import {Fixed} from "./Fixed.sol";
import {Margin} from "./Margin.sol";
import {Option} from "./Option.sol";
import {Portfolio} from "./Portfolio.sol";
import {Store} from "./Store.sol";
import {Valuation} from "./Valuation.sol";

/// @notice Scenario losses and greeks of accounts.
contract Analyst is Store {
    /// @notice Sensitivities of the value of the positions in one underlying.
    /// @dev deltaWad: to the price, gammaWad: of delta to the price, vegaWad: to a vol of 1 more, thetaWad: over a year that passes [wad]
    struct UnderlyingGreeks {
        int256 deltaWad;
        int256 gammaWad;
        int256 vegaWad;
        int256 thetaWad;
    }

    /// @notice Losses of an account in each scenario, by underlying and in total, and the worst scenario by underlying.
    /// @dev at the last prices; empty in standard mode
    /// @param account account
    function scenarios(AccountId account) external view returns (Correlation.ScenarioLossTable memory found, uint256[] memory places) {
        Margin.Book memory valued = Valuation.valuedImage(ledger, Valuation.image(ledger, account));
        found = ledger.stress.outlook(Valuation.exposuresOf(valued), ledger.model.data);
        places = new uint256[](valued.stakes.length);
        for (uint256 i = 0; i < places.length; i++) places[i] = Portfolio.worst(found.profitsWad[i]);
    }

    /// @notice Greeks of the positions of an account, by underlying.
    /// @dev at the last prices; a perp or future has a delta of its size and no other greek, collateral has none
    /// @param account account
    function greeks(AccountId account) external view returns (UnderlyingGreeks[] memory found) {
        Margin.Book memory valued = Valuation.valuedImage(ledger, Valuation.image(ledger, account));
        found = new UnderlyingGreeks[](valued.exposures.length);
        for (uint256 i = 0; i < found.length; i++) found[i].deltaWad = valued.exposures[i].sizeWad;
        Option.OptionGreeks[] memory each = ledger.pricer.greeks(valued.lines);
        for (uint256 i = 0; i < each.length; i++) {
            uint256 underlying = valued.lines[i].underlying;
            found[underlying] = added(found[underlying], valued.lines[i].size, each[i]);
        }
    }

    /// @notice Greeks with those of an option added.
    /// @dev greek + size * greek of one option
    /// @param total greeks so far
    /// @param size size of the position [wad]
    /// @param each greeks of one option
    /// @custom:rounds down, because it is informational
    function added(UnderlyingGreeks memory total, int256 size, Option.OptionGreeks memory each) internal pure returns (UnderlyingGreeks memory) {
        return UnderlyingGreeks(
            total.deltaWad + Fixed.mulDivFloor(size, each.deltaWad, Fixed.WAD),
            total.gammaWad + Fixed.mulDivFloor(size, int256(each.gammaWad), Fixed.WAD),
            total.vegaWad + Fixed.mulDivFloor(size, int256(each.vegaWad), Fixed.WAD),
            total.thetaWad + Fixed.mulDivFloor(size, each.thetaWad, Fixed.WAD)
        );
    }
}
