// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Account, AccountId} from "./Account.sol";
import {AuthorityErrors} from "./AuthorityErrors.sol";
import {Fixed} from "./Fixed.sol";
import {NumberErrors} from "./NumberErrors.sol";
import {OrderErrors} from "./OrderErrors.sol";
import {Registry} from "./Registry.sol";
import {Vault} from "./Vault.sol";

/// @notice Signed orders: an operator that trades for accounts within the orders that their owners signed.
/// @dev only an operator of accounts: the vault has no notion of signatures, and checks these trades like all others
contract Exchange is EIP712 {
    /// @dev typed data that the wallets of owners display and hash; the mirror's Signature represents it
    bytes32 private constant ORDER_TYPE = keccak256(
        "Order(uint256 account,uint256 instrument,int256 size,uint256 limitWad,uint256 expiresAt,uint256 salt,uint256 epoch)"
    );
    /// @dev typed data of version 1: an order without an epoch
    bytes32 private constant FORMER_ORDER_TYPE = keccak256(
        "Order(uint256 account,uint256 instrument,int256 size,uint256 limitWad,uint256 expiresAt,uint256 salt)"
    );
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    string private constant NAME = "crossvault exchange";
    uint256 internal constant FORMER_VERSION = 1;
    uint256 internal constant VERSION = 2;

    event Filled(
        address indexed sender, Order maker, Order taker, uint256 sizeWad, uint256 makerFilledWad, uint256 takerFilledWad
    );
    event OrderCancelled(address indexed sender, Order order, uint256 filledWad);
    event OrdersCancelledBelow(address indexed sender, AccountId indexed account, uint256 salt);
    event EpochStarted(address indexed sender, AccountId indexed account, uint256 epoch);

    /// @notice Order that the owner of an account signs.
    /// @dev size: bought, negative: sold [wad]; limitWad: worst price of one whole unit [wad]; expiresAt: last valid second
    /// [unix seconds]; salt: distinguishes equal orders, and is compared with the floor of cancelBelow; epoch: the one of its
    /// account in which it is valid
    struct Order {
        AccountId account;
        uint256 instrument;
        int256 size;
        uint256 limitWad;
        uint256 expiresAt;
        uint256 salt;
        uint256 epoch;
    }

    /// @notice Progress of an order: filled size and whether it is cancelled.
    /// @dev one word; filledWad: at most the cap of sizes [wad]
    struct Progress {
        uint128 filledWad;
        bool isCancelled;
    }

    /// @notice Two orders, their signatures, and the size to fill of both.
    /// @dev sizeWad [wad]
    struct Match {
        Order maker;
        bytes makerSignature;
        Order taker;
        bytes takerSignature;
        uint256 sizeWad;
    }

    Vault public immutable vault;
    /// @dev by digest, which names the chain and this contract, so no fill counts elsewhere
    mapping(bytes32 digest => Progress) internal progress;
    /// @dev in the present epoch of the account
    mapping(AccountId account => uint256) public saltFloor;
    mapping(AccountId account => uint256) public epochOf;

    constructor(Vault vault_) EIP712(NAME, "2") {
        vault = vault_;
    }

    /// @notice Fills pairs of signed orders, each at the midpoint of its two limits.
    /// @dev open to any caller: the orders are signed. All trades are one call of the vault, so that their margin is checked together.
    /// Fills are recorded before the wallets of owners are called, which is by a static call, and before the vault is: a contract
    /// that is called finds nothing left to fill twice
    /// @param matches pairs of orders
    /// @custom:reverts ZeroSize, SizeTooLarge, InstrumentsDiffer, NotOpposite, LimitNotMet, OrderExpired, OrderOfOtherEpoch,
    /// OrderBelowFloor, OrderCancelled, Overfilled, OrderOfOtherVersion, BadSignature
    function fill(Match[] calldata matches) external {
        bytes[] memory calls = new bytes[](matches.length);
        for (uint256 i = 0; i < matches.length; i++) calls[i] = agree(matches[i]);
        vault.batch(calls);
    }

    /// @notice Cancels an order for ever.
    /// @param order order
    /// @custom:reverts NotAuthorized
    function cancel(Order calldata order) external {
        requireAuthority(order.account, msg.sender);
        bytes32 key = digest(order);
        progress[key].isCancelled = true;
        emit OrderCancelled(msg.sender, order, progress[key].filledWad);
    }

    /// @notice Cancels every order of the present epoch of an account whose salt is below a floor.
    /// @dev the floor only rises, until the next epoch
    /// @param account account
    /// @param salt lowest salt that stays valid
    /// @custom:reverts NotAuthorized, FloorNotRaised
    function cancelBelow(AccountId account, uint256 salt) external {
        requireAuthority(account, msg.sender);
        if (salt <= saltFloor[account]) revert OrderErrors.FloorNotRaised(salt, saltFloor[account]);
        saltFloor[account] = salt;
        emit OrdersCancelledBelow(msg.sender, account, salt);
    }

    /// @notice Cancels every order of the present epoch of an account, and starts the next one without a floor.
    /// @dev no epoch comes back, so no order of an earlier one is ever valid again; a floor ends with its epoch, however high it is
    /// @param account account
    /// @custom:reverts NotAuthorized
    function nextEpoch(AccountId account) external {
        requireAuthority(account, msg.sender);
        epochOf[account] += 1;
        saltFloor[account] = 0;
        emit EpochStarted(msg.sender, account, epochOf[account]);
    }

    /// @notice Filled size of an order [wad].
    /// @param order order
    function filledWad(Order calldata order) external view returns (uint256) {
        return progress[digest(order)].filledWad;
    }

    /// @notice Whether an order is cancelled, alone, with its epoch or with all below a floor.
    /// @param order order
    function isCancelled(Order calldata order) external view returns (bool) {
        uint256 current = epochOf[order.account];
        bool isBelow = order.epoch == current && order.salt < saltFloor[order.account];
        return progress[digest(order)].isCancelled || order.epoch < current || isBelow;
    }

    /// @notice Digest that is signed: of the whole order, this chain and this contract.
    /// @param order order
    function digest(Order calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER_TYPE, order)));
    }

    /// @notice Digest of an order in version 1, which had no epochs.
    /// @dev only to name the version of a signature that is refused
    /// @param order order
    function formerDigest(Order calldata order) public view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPE, keccak256(bytes(NAME)), keccak256("1"), block.chainid, address(this))
        );
        bytes32 message = keccak256(
            abi.encode(
                FORMER_ORDER_TYPE, order.account, order.instrument, order.size, order.limitWad, order.expiresAt, order.salt
            )
        );
        return MessageHashUtils.toTypedDataHash(domain, message);
    }

    /// @notice Records the fill of a pair of orders and returns the resulting trade of the vault.
    /// @dev the price is a rule of both limits, because a filler chooses which of two orders it names maker
    /// @param pair pair of orders
    /// @custom:reverts ZeroSize, SizeTooLarge, InstrumentsDiffer, NotOpposite, LimitNotMet, OrderExpired, OrderOfOtherEpoch,
    /// OrderBelowFloor, OrderCancelled, Overfilled, OrderOfOtherVersion, BadSignature
    function agree(Match calldata pair) internal returns (bytes memory) {
        if (pair.sizeWad == 0) revert NumberErrors.ZeroSize();
        requireSize(pair.maker.size);
        requireSize(pair.taker.size);
        requireOpposite(pair.maker, pair.taker);
        uint256 makerFilledWad = take(pair.maker, pair.makerSignature, pair.sizeWad);
        uint256 takerFilledWad = take(pair.taker, pair.takerSignature, pair.sizeWad);
        emit Filled(msg.sender, pair.maker, pair.taker, pair.sizeWad, makerFilledWad, takerFilledWad);
        int256 size = pair.taker.size < 0 ? -int256(pair.sizeWad) : int256(pair.sizeWad);
        uint256 priceWad = Fixed.midpoint(pair.maker.limitWad, pair.taker.limitWad);
        return abi.encodeCall(
            Vault.trade, (pair.maker.account, pair.taker.account, pair.taker.instrument, size, priceWad)
        );
    }

    /// @notice Takes a size from the rest of an order and returns its filled size [wad].
    /// @param order order
    /// @param signature signature of its owner
    /// @param sizeWad size [wad]
    /// @custom:reverts OrderExpired, OrderOfOtherEpoch, OrderBelowFloor, OrderCancelled, Overfilled, OrderOfOtherVersion, BadSignature
    function take(Order calldata order, bytes calldata signature, uint256 sizeWad) internal returns (uint256 takenWad) {
        bytes32 key = digest(order);
        requireLive(order, key);
        uint256 restWad = Fixed.abs(order.size) - progress[key].filledWad;
        if (sizeWad > restWad) revert OrderErrors.Overfilled(sizeWad, restWad);
        takenWad = progress[key].filledWad + sizeWad;
        progress[key].filledWad = uint128(takenWad);
        requireSigned(order, key, signature);
    }

    /// @notice Requires the signature of the owner of an account.
    /// @dev that of version 1 is refused by name: the owner signs anew
    /// @param order order
    /// @param key its digest
    /// @param signature signature of its owner
    /// @custom:reverts OrderOfOtherVersion, BadSignature
    function requireSigned(Order calldata order, bytes32 key, bytes calldata signature) internal view {
        address owner = Account.ownerOf(order.account);
        if (SignatureChecker.isValidSignatureNowCalldata(owner, key, signature)) return;
        if (SignatureChecker.isValidSignatureNowCalldata(owner, formerDigest(order), signature)) {
            revert OrderErrors.OrderOfOtherVersion(FORMER_VERSION, VERSION);
        }
        revert OrderErrors.BadSignature(order.account);
    }

    /// @notice Requires an order that can still be filled.
    /// @param order order
    /// @param key its digest
    /// @custom:reverts OrderExpired, OrderOfOtherEpoch, OrderBelowFloor, OrderCancelled
    function requireLive(Order calldata order, bytes32 key) internal view {
        if (block.timestamp > order.expiresAt) revert OrderErrors.OrderExpired(block.timestamp, order.expiresAt);
        uint256 current = epochOf[order.account];
        if (order.epoch != current) revert OrderErrors.OrderOfOtherEpoch(order.epoch, current);
        uint256 floor = saltFloor[order.account];
        if (order.salt < floor) revert OrderErrors.OrderBelowFloor(order.salt, floor);
        if (progress[key].isCancelled) revert OrderErrors.OrderCancelled(order.account, order.salt);
    }

    /// @notice Requires a sender that may trade for an account.
    /// @param account account
    /// @param sender caller
    /// @custom:reverts NotAuthorized
    function requireAuthority(AccountId account, address sender) internal view {
        if (Registry(address(vault)).scopesOf(account, sender) & Account.TRADE == 0) revert AuthorityErrors.NotAuthorized(account, sender);
    }

    /// @notice Requires an order size above zero and within the cap of all sizes.
    /// @param size size bought; negative: sold [wad]
    /// @custom:reverts ZeroSize, SizeTooLarge
    function requireSize(int256 size) internal pure {
        if (size == 0) revert NumberErrors.ZeroSize();
        if (Fixed.abs(size) > Fixed.CAP) revert NumberErrors.SizeTooLarge(Fixed.abs(size), Fixed.CAP);
    }

    /// @notice Requires two orders that match.
    /// @param maker order that is named first
    /// @param taker order whose limit must cross the other's
    /// @custom:reverts InstrumentsDiffer, NotOpposite, LimitNotMet
    function requireOpposite(Order calldata maker, Order calldata taker) internal pure {
        if (maker.instrument != taker.instrument) revert OrderErrors.InstrumentsDiffer(maker.instrument, taker.instrument);
        if ((maker.size < 0) == (taker.size < 0)) revert OrderErrors.NotOpposite(maker.size, taker.size);
        bool met = taker.size < 0 ? maker.limitWad >= taker.limitWad : maker.limitWad <= taker.limitWad;
        if (!met) revert OrderErrors.LimitNotMet(maker.limitWad, taker.limitWad);
    }
}
