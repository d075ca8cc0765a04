// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Account, AccountId} from "./Account.sol";
import {AccountErrors} from "./AccountErrors.sol";
import {AuthorityErrors} from "./AuthorityErrors.sol";
import {Caps} from "./Caps.sol";
import {Cash} from "./Cash.sol";
import {Checks} from "./Checks.sol";
import {Custody} from "./Custody.sol";
import {Collateral} from "./Collateral.sol";
import {Feed} from "./Feed.sol";
import {Fixed} from "./Fixed.sol";
import {Ledger} from "./Ledger.sol";
import {Liquidation} from "./Liquidation.sol";
import {Market} from "./Market.sol";
import {MarketErrors} from "./MarketErrors.sol";
import {NumberErrors} from "./NumberErrors.sol";
import {Oracle} from "./Oracle.sol";
import {PriceErrors} from "./PriceErrors.sol";
import {Pricer} from "./Pricer.sol";
import {Stress} from "./Stress.sol";
import {Diamond} from "./diamond/Diamond.sol";

/// @notice Cross-margin vault: cash, collateral, prices and trades of accounts whose positions share one margin.
contract Vault is Checks, Diamond {
    event VaultOpened(
        address indexed sender, address owner, address quote, uint256 decimals, uint256 delaySecs, Liquidation.AuctionTerms terms
    );
    event OperatorSet(address indexed sender, AccountId indexed account, address operator, bool allowed);
    event ScopesSet(address indexed sender, AccountId indexed account, address operator, uint256 scopes);
    event ModeSet(address indexed sender, AccountId indexed account, uint256 mode);
    event Batched(address indexed sender, uint256 calls);
    event Settled(
        address indexed sender,
        uint256 indexed underlying,
        uint256 indexed expiry,
        AccountId[] accounts,
        uint256 settlementWad,
        int256[] principals
    );
    event Traded(
        address indexed sender,
        AccountId indexed maker,
        AccountId indexed taker,
        uint256 instrument,
        int256 size,
        uint256 priceWad,
        TradeSide makerAfter,
        TradeSide takerAfter
    );

    /// @notice Effect of a trade on one side.
    /// @dev principal, size, quote [wad]; fundingIndex [ray]
    struct TradeSide {
        int256 principal;
        int256 size;
        int256 quote;
        int256 fundingIndex;
    }

    constructor(
        address owner_,
        address quote,
        uint256 delaySecs_,
        Liquidation.AuctionTerms memory terms_,
        Stress stress_,
        Pricer pricer_,
        Facet[] memory facets_
    ) Diamond(facets_) {
        Liquidation.requireValid(terms_);
        owner = owner_;
        delaySecs = delaySecs_;
        ledger.terms = terms_;
        ledger.stress = stress_;
        ledger.pricer = pricer_;
        ledger.cash.token = quote;
        ledger.cash.decimals = Collateral.requireDecimals(quote);
        ledger.cash.terms.feed = uint8(Cash.NO_FEED);
        ledger.cash.supplyIndex = Fixed.RAY;
        ledger.cash.borrowIndex = Fixed.RAY;
        emit VaultOpened(msg.sender, owner_, quote, ledger.cash.decimals, delaySecs_, terms_);
    }

    /// @notice Allows or forbids an operator to act for an account in all scopes.
    /// @dev only the owner may: an operator sets no operators
    /// @param account account
    /// @param operator operator
    /// @param allowed whether it may
    /// @custom:reverts NotAuthorized
    function setOperator(AccountId account, address operator, bool allowed) external {
        if (msg.sender != Account.ownerOf(account)) revert AuthorityErrors.NotAuthorized(account, msg.sender);
        Account.setScopes(ledger.holders[account], operator, allowed ? Account.ALL_SCOPES : 0);
        emit OperatorSet(msg.sender, account, operator, allowed);
    }

    /// @notice Sets the scopes in which an operator may act for an account.
    /// @dev only the owner may; they replace those it had
    /// @param account account
    /// @param operator operator
    /// @param scopes sum of TRADE, DEPOSIT and WITHDRAW; 0: none
    /// @custom:reverts NotAuthorized, ParameterOutOfRange
    function setScopes(AccountId account, address operator, uint256 scopes) external {
        if (msg.sender != Account.ownerOf(account)) revert AuthorityErrors.NotAuthorized(account, msg.sender);
        Market.requireWithin("scopes", scopes, 0, Account.ALL_SCOPES);
        Account.setScopes(ledger.holders[account], operator, scopes);
        emit ScopesSet(msg.sender, account, operator, scopes);
    }

    /// @notice Sets the margin mode of an account.
    /// @dev only the owner may, and the account must meet its initial margin requirement in the new mode; there is no portfolio mode before its
    /// rules are in force
    /// @param account account
    /// @param mode STANDARD or PORTFOLIO
    /// @custom:reverts NotAuthorized, VaultPaused, UnderLiquidation, ParameterOutOfRange, TooManyOptions, StalePrice, InsufficientMargin
    function setMode(AccountId account, uint256 mode) external nonReentrant {
        if (msg.sender != Account.ownerOf(account)) revert AuthorityErrors.NotAuthorized(account, msg.sender);
        requireRunning();
        Ledger.requireIdle(ledger, account);
        Market.requireWithin("mode", mode, Account.STANDARD, ledger.model.hasRules ? Account.PORTFOLIO : Account.STANDARD);
        if (mode == Account.PORTFOLIO) Account.requireOptions(ledger.holders[account], 0);
        Account.Image memory former = begin(account, true);
        ledger.holders[account].mode = uint8(mode);
        check(account, true, former);
        emit ModeSet(msg.sender, account, mode);
    }

    /// @notice Trades an instrument between two accounts.
    /// @dev the taker's size changes by size and its quote by -ceil(size * price / 1e18), the maker's by the opposite
    /// @param maker account on the other side
    /// @param taker account whose size is given
    /// @param instrument number of the instrument
    /// @param size size that the taker buys; negative: sells [wad]
    /// @param priceWad price of one whole unit [wad]
    /// @custom:rounds the quote up, because the taker initiates the trade and the maker would lose otherwise
    /// @custom:reverts NotAuthorized, SameAccount, UnderLiquidation, UnknownInstrument, InstrumentExpired, StalePrice, ZeroSize, SizeTooLarge,
    /// ZeroPrice, PriceTooLarge, PriceOutsideBand, VaultPaused, TooManyPositions, TooManyOptions, InsufficientMargin, EquityFalls,
    /// BalanceFalls, CapExceeded
    function trade(AccountId maker, AccountId taker, uint256 instrument, int256 size, uint256 priceWad) external nonReentrant {
        Account.requireAuthority(ledger.holders[maker], maker, msg.sender, Account.TRADE);
        Account.requireAuthority(ledger.holders[taker], taker, msg.sender, Account.TRADE);
        if (AccountId.unwrap(maker) == AccountId.unwrap(taker)) revert AccountErrors.SameAccount(maker);
        Ledger.requireIdle(ledger, maker);
        Ledger.requireIdle(ledger, taker);
        requireTerms(instrument, size, priceWad);
        accrue();
        int256 quote = Fixed.mulDivCeil(size, int256(priceWad), Fixed.WAD);
        uint256 underlying = Market.underlyingOf(instrument);
        uint256 interestWad = ledger.caps.interests[underlying];
        TradeSide memory makerAfter = fillSide(maker, instrument, -size, quote);
        TradeSide memory takerAfter = fillSide(taker, instrument, size, -quote);
        Caps.requireRoom(ledger.caps, Caps.INTEREST, underlying, interestWad, ledger.caps.interests[underlying]);
        emit Traded(msg.sender, maker, taker, instrument, size, priceWad, makerAfter, takerAfter);
    }

    /// @notice Settles the positions of some accounts in an expiry into cash.
    /// @dev open to any caller, for any accounts, in any order; an account without such a position does not change
    /// @param underlying number of the underlying
    /// @param expiry expiry [unix seconds]
    /// @param accounts accounts to settle
    /// @custom:reverts UnknownUnderlying, UnknownExpiry, NotSettled
    function settle(uint256 underlying, uint256 expiry, AccountId[] calldata accounts) external nonReentrant {
        requireUnderlying(underlying);
        uint256 settlementWad = settlementOf(underlying, expiry);
        accrue();
        int256[] memory principals = new int256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; i++) {
            Liquidation.Sale storage sale = ledger.sales[accounts[i]];
            if (sale.startedAt != 0 && isClockKnown(accounts[i])) sale.clockAt = uint64(clockFrom(accounts[i]));
            Ledger.settle(ledger, accounts[i], underlying, expiry, settlementWad);
            principals[i] = ledger.holders[accounts[i]].principal;
        }
        emit Settled(msg.sender, underlying, expiry, accounts, settlementWad, principals);
    }

    /// @notice Makes several calls as one, and checks the margin of every touched account at the end.
    /// @dev each buffer is compared with that before the batch; each call takes the lock of the doors itself, so a token that calls back finds it closed
    /// @param calls encoded calls of doors that may be batched
    /// @custom:reverts ReentrancyGuardReentrantCall, NotBatchable, VaultPaused, StalePrice, InsufficientMargin, EquityFalls, BalanceFalls
    function batch(bytes[] calldata calls) external nonReentrantView {
        (AccountId[] memory accounts, Account.Image[] memory formers) = named(calls);
        deferring = true;
        for (uint256 i = 0; i < calls.length; i++) {
            if (!isBatchable(bytes4(calls[i]))) revert AuthorityErrors.NotBatchable(i);
            Address.functionDelegateCall(address(this), calls[i]);
        }
        deferring = false;
        for (uint256 i = 0; i < accounts.length; i++) {
            PendingCheck memory touch = touches[accounts[i]];
            if (!touch.named) continue;
            if (touch.touched) check(accounts[i], touch.rising, formers[i]);
            if (touch.traded) _comparison().requireNoRise(accounts[i], formers[i]);
            delete touches[accounts[i]];
        }
        emit Batched(msg.sender, calls.length);
    }

    /// @notice Accounts whose margin a batch may change, and their states before it.
    /// @dev each at its first place; at the further places there is no account
    /// @param calls encoded calls
    function named(bytes[] calldata calls) internal returns (AccountId[] memory accounts, Account.Image[] memory formers) {
        uint256 count = 0;
        for (uint256 i = 0; i < calls.length; i++) count += accountsOf(bytes4(calls[i]));
        accounts = new AccountId[](count);
        formers = new Account.Image[](count);
        count = 0;
        for (uint256 i = 0; i < calls.length; i++) {
            for (uint256 j = 0; j < accountsOf(bytes4(calls[i])); j++) {
                AccountId account = AccountId.wrap(uint256(bytes32(calls[i][4 + 32 * j:])));
                PendingCheck storage touch = touches[account];
                if (touch.named) continue;
                touch.named = true;
                accounts[count] = account;
                formers[count++] = Account.image(ledger.holders[account], ledger.assets.length);
            }
        }
    }

    /// @notice Whether a door may be called in a batch.
    /// @dev no liquidation, as an account may be below its requirement between two calls of its own batch
    /// @param selector selector of the door
    function isBatchable(bytes4 selector) internal pure returns (bool) {
        return selector == Custody.depositCash.selector || selector == Custody.withdrawCash.selector
            || selector == Custody.depositCollateral.selector || selector == Custody.withdrawCollateral.selector
            || selector == this.trade.selector;
    }

    /// @notice How many of the first arguments of a door are accounts whose margin a batch checks.
    /// @dev none of a deposit of cash, which lowers no buffer
    /// @param selector selector of the door
    function accountsOf(bytes4 selector) internal pure returns (uint256) {
        if (selector == this.trade.selector) return 2;
        return isBatchable(selector) && selector != Custody.depositCash.selector ? 1 : 0;
    }

    /// @notice Settlement price of an expiry.
    /// @param underlying number of the underlying
    /// @param expiry expiry [unix seconds]
    /// @custom:reverts UnknownExpiry, NotSettled
    function settlementOf(uint256 underlying, uint256 expiry) internal view returns (uint256) {
        if (expiry > type(uint40).max) revert MarketErrors.UnknownExpiry(underlying, expiry);
        Oracle.Curve storage curve = ledger.curves[Market.termOf(underlying, expiry)];
        if (curve.listedAt == 0) revert MarketErrors.UnknownExpiry(underlying, expiry);
        if (curve.settlement == 0) revert MarketErrors.NotSettled(underlying, expiry);
        return curve.settlement;
    }

    /// @notice Requires a trade of a listed instrument, within the bounds of size and price.
    /// @dev a price below the band, or above; an option may trade down to the smallest price there is
    /// @param instrument number of the instrument
    /// @param size size that the taker buys [wad]
    /// @param priceWad price of one whole unit [wad]
    /// @custom:reverts UnknownInstrument, InstrumentExpired, StalePrice, ZeroSize, SizeTooLarge, ZeroPrice, PriceTooLarge, PriceOutsideBand
    function requireTerms(uint256 instrument, int256 size, uint256 priceWad) internal view {
        (uint256 markWad, uint256 bandWad) = Feed(address(this)).quotation(instrument);
        if (size == 0) revert NumberErrors.ZeroSize();
        if (Fixed.abs(size) > Fixed.CAP) revert NumberErrors.SizeTooLarge(Fixed.abs(size), Fixed.CAP);
        Oracle.requirePrice(priceWad);
        uint256 lowWad = markWad - Fixed.min(markWad, bandWad);
        uint256 highWad = markWad + bandWad;
        if (priceWad < lowWad || priceWad > highWad) revert PriceErrors.PriceOutsideBand(priceWad, lowWad, highWad);
    }

    /// @notice Fills one side of a trade and checks its margin.
    /// @param account account
    /// @param instrument number of the instrument
    /// @param sizeDelta change of size [wad]
    /// @param quoteDelta change of quote [wad]
    /// @custom:reverts VaultPaused, TooManyPositions, TooManyOptions, SizeTooLarge, StalePrice, InsufficientMargin, EquityFalls, BalanceFalls,
    /// CapExceeded
    function fillSide(AccountId account, uint256 instrument, int256 sizeDelta, int256 quoteDelta) internal returns (TradeSide memory) {
        Account.Holder storage holder = ledger.holders[account];
        int256 size = Account.entry(holder, instrument).size;
        bool rising = Account.isRising(size, sizeDelta);
        if (rising) requireRunning();
        Account.Image memory former = begin(account, rising);
        int256 principal = holder.principal;
        Caps.record(ledger.caps, instrument, Ledger.fill(ledger, account, instrument, sizeDelta, quoteDelta));
        check(account, rising, former);
        if (!rising) checkPause(account, former);
        if (rising) requireBorrowable(account, principal);
        Account.Entry memory left = Account.quoted(holder, instrument, size + sizeDelta);
        return TradeSide(holder.principal, left.size, left.quote, left.fundingIndex);
    }
}
