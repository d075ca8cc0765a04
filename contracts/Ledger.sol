// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Account, AccountId} from "./Account.sol";
import {Cash} from "./Cash.sol";
import {Collateral} from "./Collateral.sol";
import {Errors} from "./Errors.sol";
import {Fixed} from "./Fixed.sol";
import {Liquidation} from "./Liquidation.sol";
import {Market} from "./Market.sol";
import {Oracle} from "./Oracle.sol";

/// @notice Everything the vault stores about money, and how it moves between accounts.
library Ledger {
    /// @notice Everything the vault stores about money.
    /// @dev underlyings and collaterals are numbered from 0 in the order of their listing
    struct State {
        Cash.Pool cash;
        Liquidation.Terms terms;
        bytes32[] names;
        Market.Risk[] risks;
        mapping(uint256 underlying => Oracle.Price) prices;
        Collateral.Asset[] assets;
        mapping(AccountId => Account.Holder) holders;
        mapping(AccountId => Liquidation.Sale) sales;
    }

    /// @notice Refuses a price that is too old.
    /// @param self ledger
    /// @param underlying number of the underlying
    /// @custom:reverts StalePrice
    function requireFresh(State storage self, uint256 underlying) internal view {
        uint256 publishedAt = self.prices[underlying].publishedAt;
        uint256 heartbeatSecs = self.risks[underlying].heartbeatSecs;
        if (Oracle.isFresh(publishedAt, heartbeatSecs)) return;
        revert Errors.StalePrice(underlying, publishedAt, heartbeatSecs);
    }

    /// @notice Refuses an account that is being liquidated.
    /// @param self ledger
    /// @param account account
    /// @custom:reverts UnderLiquidation
    function requireIdle(State storage self, AccountId account) internal view {
        if (self.sales[account].startedAt != 0) revert Errors.UnderLiquidation(account);
    }

    /// @notice Moves cash into or out of an account.
    /// @param self ledger
    /// @param account account
    /// @param deltaWad what moves, positive into the account [wad]
    function addCash(State storage self, AccountId account, int256 deltaWad) internal {
        Account.Holder storage holder = self.holders[account];
        holder.principal = Cash.moved(self.cash, holder.principal, deltaWad);
    }

    /// @notice Changes a position of an account; what its closing sets free becomes cash.
    /// @param self ledger
    /// @param account account
    /// @param instrument number of the instrument
    /// @param sizeDelta change of size [wad]
    /// @param quoteDelta change of quote [wad]
    /// @custom:reverts TooManyPositions, SizeTooLarge
    function fill(State storage self, AccountId account, uint256 instrument, int256 sizeDelta, int256 quoteDelta) internal {
        addCash(self, account, Account.fill(self.holders[account], instrument, sizeDelta, quoteDelta));
    }

    /// @notice Moves part of everything from one account to another, but for reserved cash.
    /// @dev cash, balances, sizes and quotes, each in the same proportion; exact in sum
    /// @param self ledger
    /// @param source account that gives
    /// @param target account that takes
    /// @param fractionWad part that moves [wad]
    /// @param reservedWad cash that stays [wad]
    /// @custom:rounds toward zero, because remainders stay where they were
    /// @custom:reverts TooManyPositions, SizeTooLarge
    function movePart(State storage self, AccountId source, AccountId target, uint256 fractionWad, uint256 reservedWad) internal {
        Account.Holder storage giver = self.holders[source];
        Account.Holder storage taker = self.holders[target];
        int256 cashWad = Cash.present(self.cash, giver.principal) - int256(reservedWad);
        int256 cashPart = Fixed.part(cashWad, fractionWad);
        addCash(self, source, -cashPart);
        addCash(self, target, cashPart);
        for (uint256 i = 0; i < self.assets.length; i++) {
            uint256 rawPart = Fixed.mulDivDown(giver.balances[i], fractionWad, Fixed.WAD);
            if (rawPart == 0) continue;
            giver.balances[i] -= rawPart;
            taker.balances[i] += rawPart;
        }
        uint256[] memory instruments = giver.instruments;
        for (uint256 i = 0; i < instruments.length; i++) {
            Account.Position memory position = giver.positions[instruments[i]];
            int256 sizePart = Fixed.part(position.size, fractionWad);
            int256 quotePart = Fixed.part(position.quote, fractionWad);
            fill(self, source, instruments[i], -sizePart, -quotePart);
            fill(self, target, instruments[i], sizePart, quotePart);
        }
    }
}
