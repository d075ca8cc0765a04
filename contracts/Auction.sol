// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Account, AccountId} from "./Account.sol";
import {AccountErrors} from "./AccountErrors.sol";
import {Appraiser} from "./Appraiser.sol";
import {Cash} from "./Cash.sol";
import {Fixed} from "./Fixed.sol";
import {Ledger} from "./Ledger.sol";
import {Liquidation} from "./Liquidation.sol";
import {LiquidationErrors} from "./LiquidationErrors.sol";
import {Margin} from "./Margin.sol";
import {NumberErrors} from "./NumberErrors.sol";
import {Store} from "./Store.sol";
import {Verdict} from "./Verdict.sol";

/// @notice Liquidation auctions: an account that fails its maintenance margin requirement is sold in parts.
contract Auction is Store, ReentrancyGuardTransient {
    event LiquidationStarted(
        address indexed sender, AccountId indexed account, int256 equityWad, int256 marginWad, uint256 deficitWad
    );
    event InsolvencyDeclared(address indexed sender, AccountId indexed account, int256 equityWad, int256 marginWad, uint256 deficitWad);
    event Bid(
        address indexed sender,
        AccountId indexed account,
        AccountId indexed bidder,
        uint256 fractionWad,
        int256 limitWad,
        BidResult deal,
        Account.Image accountAfter,
        Account.Image bidderAfter
    );
    event LiquidationRestarted(address indexed sender, AccountId indexed account, int256 equityWad, int256 marginWad);
    event LiquidationEnded(address indexed sender, AccountId indexed account, int256 marginWad);

    /// @notice Result of a bid.
    /// @dev takenWad: fraction that moves [wad]; costWad: price that the bidder pays, negative when it is paid [wad]; insuranceWad,
    /// reservedWad, deficitWad: insurance fund, reserved cash and deficit afterwards [wad]; ended: whether the auction is over
    struct BidResult {
        uint256 takenWad;
        int256 costWad;
        uint256 insuranceWad;
        uint256 reservedWad;
        uint256 deficitWad;
        bool ended;
    }

    /// @notice State of an account in liquidation.
    /// @dev equityWad; requiredWad: maintenance requirement; marginWad: maintenance buffer; bufferWad: buffer margin, or the initial buffer where
    /// that is larger and not negative; valueWad: equity less reserved cash [wad]; discountWad: present discount factor, 0 once insolvent [wad];
    /// clockAt: time from which the clock counts [unix seconds]; left: collateral at stale prices, which a solvent account keeps; riseWad: how much
    /// more positions at stale prices may be worth at most [wad]; isLate: whether there are such positions
    struct AuctionState {
        int256 equityWad;
        uint256 requiredWad;
        int256 marginWad;
        int256 bufferWad;
        int256 valueWad;
        uint256 discountWad;
        uint256 clockAt;
        Margin.LeftOut left;
        uint256 riseWad;
        bool isLate;
    }

    /// @notice Starts the auction of an account that fails its maintenance margin requirement, or anew of one noted as insolvent that has recovered.
    /// @dev recovered: its equity is positive
    /// @param account account
    /// @custom:reverts VaultPaused, UnderLiquidation, StalePrice, NotLiquidatable, OutageGrace
    function startLiquidation(AccountId account) external nonReentrant {
        requireRunning();
        Liquidation.Sale storage sale = ledger.sales[account];
        if (sale.insolventAt == 0) Ledger.requireIdle(ledger, account);
        AuctionState memory now_ = auctionState(account);
        if (sale.insolventAt != 0) {
            restart(account, now_);
        } else {
            if (now_.marginWad >= 0) revert LiquidationErrors.NotLiquidatable(account, now_.marginWad);
            requireGraceOver(account, now_.equityWad);
            sale.startedAt = uint64(block.timestamp);
            sale.clockAt = uint64(block.timestamp);
            if (now_.equityWad <= 0) noteInsolvent(account, now_.equityWad);
        }
        emit LiquidationStarted(msg.sender, account, now_.equityWad, now_.marginWad, sale.deficitWad);
    }

    /// @notice Declares that the auction of a solvent account has run out of value.
    /// @dev equity less reserved cash is not positive; what is worth something is not insolvent, and goes for nothing at a discount factor of 0
    /// @param account account
    /// @custom:reverts VaultPaused, NotUnderLiquidation, StalePrice, NotLiquidatable, AuctionInsolvent, AuctionSolvent
    function declareInsolvent(AccountId account) external nonReentrant {
        requireRunning();
        AuctionState memory now_ = requireFailing(account);
        Liquidation.Sale storage sale = ledger.sales[account];
        if (sale.insolventAt != 0) revert LiquidationErrors.AuctionInsolvent(now_.valueWad, now_.discountWad);
        if (now_.valueWad > 0) revert LiquidationErrors.AuctionSolvent(now_.valueWad, now_.discountWad);
        noteInsolvent(account, now_.equityWad);
        emit InsolvencyDeclared(msg.sender, account, now_.equityWad, now_.marginWad, sale.deficitWad);
    }

    /// @notice Buys part of an account in liquidation.
    /// @dev takes min(fraction, largest fraction) of everything but reserved cash, of a solvent account but collateral at stale prices too; the bidder
    /// must meet its initial margin requirement with it. An
    /// account noted as insolvent that is worth something again is sold as a solvent one, at the start of the discount
    /// @param account account in liquidation
    /// @param bidder account that buys
    /// @param fractionWad largest part to take [wad]
    /// @param limitWad highest price to pay; negative: lowest payment to receive [wad]
    /// @custom:reverts VaultPaused, NotAuthorized, SameAccount, FractionOutOfRange, UnderLiquidation, NotUnderLiquidation, NotLiquidatable,
    /// StalePrice, OutageGrace, AuctionInsolvent, OwnBid, BidTooDear, InsuranceExhausted, InsufficientMargin, TooManyPositions,
    /// TooManyOptions, SizeTooLarge
    function bid(AccountId account, AccountId bidder, uint256 fractionWad, int256 limitWad) external nonReentrant {
        requireRunning();
        Account.requireAuthority(ledger.holders[bidder], bidder, msg.sender, Account.TRADE);
        if (AccountId.unwrap(account) == AccountId.unwrap(bidder)) revert AccountErrors.SameAccount(account);
        if (fractionWad == 0 || fractionWad > Fixed.WAD) revert NumberErrors.FractionOutOfRange(fractionWad, Fixed.WAD);
        Ledger.requireIdle(ledger, bidder);
        AuctionState memory now_ = requireFailing(account);
        if (ledger.sales[account].insolventAt != 0 && now_.equityWad > 0) {
            restart(account, now_);
            emit LiquidationRestarted(msg.sender, account, now_.equityWad, now_.marginWad);
        }
        if (block.timestamp < now_.clockAt + ledger.terms.graceSecs) requireGraceOver(account, now_.equityWad);
        BidResult memory deal = terms(account, bidder, fractionWad, now_);
        if (deal.costWad > limitWad) revert LiquidationErrors.BidTooDear(deal.costWad, limitWad);
        accrue();
        ledger.sales[account].clockAt = uint64(now_.clockAt);
        uint256 leftOut = ledger.sales[account].insolventAt == 0 ? now_.left.mask : 0;
        Ledger.movePart(ledger, account, bidder, deal.takenWad, ledger.sales[account].reservedWad, leftOut);
        pay(account, bidder, deal.costWad);
        if (now_.isLate) _judge().requireBidder(bidder);
        else _judge().requireInitial(bidder);
        close(account, deal, now_.isLate);
        emit Bid(msg.sender, account, bidder, fractionWad, limitWad, deal, image(account), image(bidder));
    }

    /// @notice Ends the auction of an account whose buffer margin is restored, or that passes initial margin.
    /// @param account account
    /// @custom:reverts NotUnderLiquidation, StalePrice, StillLiquidatable
    function endLiquidation(AccountId account) external nonReentrant {
        requireOnSale(account);
        AuctionState memory now_ = auctionState(account);
        if (now_.bufferWad < 0) revert LiquidationErrors.StillLiquidatable(account, now_.bufferWad);
        endSale(account);
        emit LiquidationEnded(msg.sender, account, now_.marginWad);
    }

    /// @notice Part and cost of a bid.
    /// @dev deal.ended is whether the part is the largest allowed; collateral moves in whole raw units, and
    /// what that is beyond the part is paid for in full. What is left out of the sale of a solvent account is not paid for; should the rest be worth
    /// less than its reserved cash, it goes for nothing. An insolvent account has no claim on it, even if it is worth what it was. The insurance fund
    /// pays for no more than is missing even if positions at stale prices are worth the most that they may be
    /// @param account account in liquidation
    /// @param bidder account that buys
    /// @param fractionWad largest part to take [wad]
    /// @param state liquidation state of the account
    /// @custom:rounds the cost up, because the account or the insurance fund would lose otherwise
    /// @custom:reverts AuctionInsolvent, OwnBid
    function terms(AccountId account, AccountId bidder, uint256 fractionWad, AuctionState memory state)
        internal
        view
        returns (BidResult memory deal)
    {
        Liquidation.Sale storage sale = ledger.sales[account];
        if (state.discountWad < Fixed.WAD) requireStranger(account, bidder);
        if (sale.insolventAt != 0) {
            uint256 elapsedSecs = block.timestamp - state.clockAt;
            int256 mostWad = state.equityWad + int256(state.riseWad);
            int256 marginWad = Liquidation.paidMargin(mostWad, state.marginWad, state.requiredWad);
            int256 whole = Liquidation.payout(mostWad, marginWad, elapsedSecs, ledger.terms.insolventSecs);
            if (state.isLate && mostWad > 0 && whole > 0) whole = 0;
            deal.takenWad = fractionWad;
            deal.costWad = int256(Ledger.excess(ledger, account, fractionWad, 0)) - Fixed.mulDivFloor(whole, int256(fractionWad), Fixed.WAD);
            deal.ended = fractionWad == Fixed.WAD;
            return deal;
        }
        if (state.valueWad <= 0) revert LiquidationErrors.AuctionInsolvent(state.valueWad, state.discountWad);
        int256 soldWad = state.equityWad - int256(state.left.valueWad);
        if (soldWad < int256(sale.reservedWad)) soldWad = int256(sale.reservedWad);
        uint256 most = Liquidation.maxFraction(state.bufferWad, soldWad, sale.reservedWad, state.discountWad, state.left.creditWad);
        deal.takenWad = Fixed.min(fractionWad, most);
        uint256 priceWad = Liquidation.price(uint256(soldWad) - sale.reservedWad, state.discountWad);
        deal.costWad = int256(Fixed.mulDivUp(priceWad, deal.takenWad, Fixed.WAD) + Ledger.excess(ledger, account, deal.takenWad, state.left.mask));
        deal.ended = deal.takenWad == most;
    }

    /// @notice Moves the price of a bid.
    /// @dev a positive cost is reserved in the account in liquidation; a negative one comes from the insurance fund
    /// @param account account in liquidation
    /// @param bidder account that buys
    /// @param costWad price that the bidder pays [wad]
    /// @custom:reverts InsuranceExhausted
    function pay(AccountId account, AccountId bidder, int256 costWad) internal {
        Ledger.addCash(ledger, bidder, -costWad);
        if (costWad < 0) return Cash.drawInsurance(ledger.cash, uint256(-costWad));
        Ledger.addCash(ledger, account, costWad);
        Liquidation.Sale storage sale = ledger.sales[account];
        if (sale.insolventAt == 0) sale.reservedWad += uint256(costWad);
    }

    /// @notice Records the result of a bid, and ends the auction when it is done.
    /// @dev done is the largest part, and in standard mode a restored buffer. In portfolio mode no requirement is computed a third time: it falls in
    /// proportion to what moves, so that a smaller part restores the buffer by caps and size terms alone, and `endLiquidation` ends the auction then;
    /// so too where a position is at a stale price
    /// @param account account in liquidation
    /// @param deal result of the bid
    /// @param isLate whether it has positions at stale prices
    function close(AccountId account, BidResult memory deal, bool isLate) internal {
        Liquidation.Sale storage sale = ledger.sales[account];
        if (isLate || ledger.holders[account].mode == Account.PORTFOLIO) {
            if (sale.insolventAt != 0) noteDeficit(sale, _judge().equity(account));
        } else {
            AuctionState memory now_ = auctionState(account);
            if (sale.insolventAt != 0) noteDeficit(sale, now_.equityWad);
            if (!deal.ended) deal.ended = now_.bufferWad >= 0;
        }
        if (deal.ended) endSale(account);
        deal.insuranceWad = ledger.cash.insuranceWad;
        deal.reservedWad = sale.reservedWad;
        deal.deficitWad = sale.deficitWad;
    }

    /// @notice Turns the auction of an account into an insolvent one, which pays the bidder.
    /// @dev reserved cash becomes the account's own again, and is spent first
    /// @param account account
    /// @param equityWad equity [wad]
    function noteInsolvent(AccountId account, int256 equityWad) internal {
        Liquidation.Sale storage sale = ledger.sales[account];
        sale.insolventAt = uint64(block.timestamp);
        sale.clockAt = uint64(block.timestamp);
        sale.reservedWad = 0;
        noteDeficit(sale, equityWad);
    }

    /// @notice Turns the auction of an insolvent account that is worth something again into that of a solvent one, whose clock starts anew.
    /// @dev should it fail again, it is declared insolvent anew, and the reward of its bidders starts anew
    /// @param account account noted as insolvent
    /// @param state its liquidation state
    /// @custom:reverts UnderLiquidation
    function restart(AccountId account, AuctionState memory state) internal {
        if (state.equityWad <= 0) revert LiquidationErrors.UnderLiquidation(account);
        Liquidation.Sale storage sale = ledger.sales[account];
        sale.startedAt = uint64(block.timestamp);
        sale.clockAt = uint64(block.timestamp);
        sale.insolventAt = 0;
        noteDeficit(sale, 0);
        state.clockAt = block.timestamp;
        state.discountWad = Liquidation.discount(ledger.terms, 0);
    }

    /// @notice Records the deficit of an account.
    /// @param sale auction of the account
    /// @param equityWad equity [wad]
    function noteDeficit(Liquidation.Sale storage sale, int256 equityWad) internal {
        uint256 deficitWad = equityWad < 0 ? uint256(-equityWad) : 0;
        ledger.cash.deficitWad = ledger.cash.deficitWad - sale.deficitWad + deficitWad;
        sale.deficitWad = deficitWad;
    }

    /// @notice Deletes the auction of an account, but for the time from which its clock counted.
    /// @param account account
    function endSale(AccountId account) internal {
        Liquidation.Sale storage sale = ledger.sales[account];
        noteDeficit(sale, 0);
        (sale.startedAt, sale.insolventAt, sale.reservedWad) = (0, 0, 0);
    }

    /// @notice Liquidation state of an account, in an auction or out of one.
    /// @dev while a position is at a stale price, the clock counts from a step of the auction in that time: no one knows since when the account could be sold
    /// @param account account
    /// @custom:reverts StalePrice
    function auctionState(AccountId account) internal view returns (AuctionState memory now_) {
        Liquidation.Sale storage sale = ledger.sales[account];
        Verdict.Standing memory held = _judge().maintenance(account);
        (now_.equityWad, now_.requiredWad, now_.marginWad) = (held.equityWad, held.requiredWad, held.marginWad);
        now_.left = held.left;
        int256 creditWad = int256(held.left.creditWad);
        (now_.riseWad, now_.isLate) = (held.riseWad, held.staleSince != 0);
        int256 keptWad = now_.equityWad + int256(held.riseWad) - int256(held.left.valueWad);
        now_.bufferWad = creditWad + Liquidation.bufferMargin(now_.marginWad - creditWad, keptWad, ledger.terms.bufferWad);
        if (held.initialWad >= 0 && held.initialWad > now_.bufferWad) now_.bufferWad = held.initialWad;
        now_.valueWad = now_.equityWad - int256(sale.reservedWad);
        if (sale.startedAt == 0) return now_;
        now_.clockAt = sale.clockAt < held.staleSince ? block.timestamp : clockFrom(account);
        if (sale.insolventAt == 0) now_.discountWad = Liquidation.discount(ledger.terms, block.timestamp - now_.clockAt);
    }

    /// @notice Liquidation state of an account that is in liquidation and still fails its buffer margin and initial margin.
    /// @param account account
    /// @custom:reverts NotUnderLiquidation, StalePrice, NotLiquidatable
    function requireFailing(AccountId account) internal view returns (AuctionState memory now_) {
        requireOnSale(account);
        now_ = auctionState(account);
        if (now_.bufferWad >= 0) revert LiquidationErrors.NotLiquidatable(account, now_.bufferWad);
    }

    /// @notice Requires the end of the grace time after an outage, in which the owner of a solvent account may add collateral.
    /// @dev an account that is worth nothing has no owner to wait for, and each second is at the cost of the fund
    /// @param account account
    /// @param equityWad equity [wad]
    /// @custom:reverts OutageGrace
    function requireGraceOver(AccountId account, int256 equityWad) internal view {
        uint256 graceSecs = ledger.terms.graceSecs;
        if (graceSecs == 0 || equityWad <= 0) return;
        uint256 untilAt = outageEnd(account) + graceSecs;
        if (block.timestamp < untilAt) revert LiquidationErrors.OutageGrace(account, untilAt);
    }

    /// @notice Requires an account in liquidation.
    /// @param account account
    /// @custom:reverts NotUnderLiquidation
    function requireOnSale(AccountId account) internal view {
        if (ledger.sales[account].startedAt == 0) revert LiquidationErrors.NotUnderLiquidation(account);
    }

    /// @notice Requires a bidder that belongs neither to the owner of the account nor to an operator that has acted for it.
    /// @param account account in liquidation
    /// @param bidder account that buys
    /// @custom:reverts OwnBid
    function requireStranger(AccountId account, AccountId bidder) internal view {
        Account.Holder storage holder = ledger.holders[account];
        if (Account.isOwn(holder, account, Account.ownerOf(bidder))) revert LiquidationErrors.OwnBid(account, bidder);
        if (Account.isOwn(holder, account, msg.sender)) revert LiquidationErrors.OwnBid(account, bidder);
    }

    /// @notice State of an account as plain values.
    /// @param account account
    function image(AccountId account) internal view returns (Account.Image memory) {
        return Account.image(ledger.holders[account], ledger.assets.length);
    }

    /// @notice The vault itself as appraiser: it passes margin queries to the appraiser's code.
    function _judge() private view returns (Appraiser) {
        return Appraiser(address(this));
    }
}
