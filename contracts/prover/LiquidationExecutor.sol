// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExecutionContext} from "../interfaces/IExecutor.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {Assessment, Peeks} from "../machine/Assessment.sol";
import {Auction, Health} from "../machine/Auction.sol";
import {Authority} from "../machine/Authority.sol";
import {Constants} from "../machine/Constants.sol";
import {Execution} from "../machine/Execution.sol";
import {ExpiryView} from "../machine/Marks.sol";
import {Positions} from "../machine/Positions.sol";
import {Requirement} from "../machine/Requirement.sol";
import {ResultCodes} from "../machine/ResultCodes.sol";
import {Account, Expiry, Globals} from "../machine/Slots.sol";
import {States} from "../machine/State.sol";
import {Slot, State} from "../machine/StateTree.sol";
import {TypedData} from "../machine/TypedData.sol";
import {Bid, FundBid, Wire} from "../machine/Wire.sol";
import {Executor} from "./Executor.sol";

/// @title LiquidationExecutor
/// @notice Judge of auctions: StartAuction, EndAuction, Bid, FundBid, CollectFund (docs/specification.md, section 6.9).
contract LiquidationExecutor is Executor {
    using States for State;

    /// @notice EIP-712 domain separator of the deployment.
    bytes32 public immutable DOMAIN_SEPARATOR;
    IMarginEngine public immutable MARGIN_ENGINE;

    /// @dev What a bid takes out of the account in auction.
    struct Sale {
        // A list of positions: what moves.
        uint256[] moved;
        // Cash that moves with them, and what the bidder pays, 1e-6 USDC.
        uint256 cash;
        uint256 payment;
        Party seller;
        Party buyer;
    }

    /// @dev Positions of an account before and after a bid.
    struct Party {
        bool standard;
        uint256[] before;
        uint256[] later;
    }

    /// @param chainId Chain of the deployment.
    /// @param inbox RollupInbox, the verifying contract of everything that users sign.
    /// @param marginEngine MarginEngine.
    constructor(uint256 chainId, address inbox, IMarginEngine marginEngine) {
        DOMAIN_SEPARATOR = TypedData.domainSeparator(chainId, inbox);
        MARGIN_ENGINE = Assessment.requireCode(marginEngine);
    }

    /// @inheritdoc Executor
    function _dispatch(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata item
    ) internal view override returns (uint8) {
        uint8 transactionType = Wire.typeOf(item);
        if (context.kind == 0 || Execution.isForced(context)) {
            Peeks memory peeks = Assessment.begin(context.l2Time);
            if (transactionType == Wire.TX_START_AUCTION) return _startAuction(state, peeks, item);
            if (transactionType == Wire.TX_END_AUCTION) return _endAuction(state, peeks, item);
            if (transactionType == Wire.TX_BID) return _bid(context, state, peeks, item);
            if (transactionType == Wire.TX_FUND_BID) return _fundBid(state, peeks, item);
            if (transactionType == Wire.TX_COLLECT_FUND) return _collectFund(state, peeks, item);
        }
        revert NotMine(context.kind, transactionType);
    }

    /// @dev StartAuction of an account below its maintenance requirement.
    function _startAuction(State memory state, Peeks memory peeks, bytes calldata item) private view returns (uint8) {
        (bool valid, uint32 id) = Wire.decodeAuction(item);
        if (!valid) return ResultCodes.Malformed;
        (Slot memory slot, Account memory account) = state.openAccount(id);
        if (!slot.exists) return ResultCodes.AccountUnknown;
        // Without positions there is nothing to auction; the fund bids for others, not for itself.
        if (account.mode != Constants.MODE_STANDARD || id >= Constants.FUND_ACCOUNT || account.positions.length == 0)
            return ResultCodes.NotLiquidatable;
        if (account.auction != 0 && !_hasLapsed(peeks, account)) return ResultCodes.AuctionRunning;
        Assessment.open(state, peeks, account.mode, account.positions);
        (bool known, Health memory health) = _assess(peeks, account);
        if (!known) return ResultCodes.MarksStale;
        if (health.maintenanceExcess >= 0) return ResultCodes.NotLiquidatable;
        // SAFETY: seconds since 1970.
        account.auction = uint40(peeks.l2Time);
        state.writeAccount(slot, account);
        return ResultCodes.OK;
    }

    /// @dev EndAuction of an account that has recovered.
    function _endAuction(State memory state, Peeks memory peeks, bytes calldata item) private view returns (uint8) {
        (bool valid, uint32 id) = Wire.decodeAuction(item);
        if (!valid) return ResultCodes.Malformed;
        (Slot memory slot, Account memory account) = state.openAccount(id);
        if (!slot.exists) return ResultCodes.AccountUnknown;
        if (account.auction == 0) return ResultCodes.AuctionMissing;
        Assessment.open(state, peeks, account.mode, account.positions);
        (bool known, Health memory health) = _assess(peeks, account);
        if (!known) return ResultCodes.MarksStale;
        if (health.maintenanceExcess < 0) return ResultCodes.AuctionRunning;
        account.auction = 0;
        state.writeAccount(slot, account);
        return ResultCodes.OK;
    }

    /// @dev Bid of an account for a fraction of another, at the price of the moment.
    function _bid(
        ExecutionContext calldata context,
        State memory state,
        Peeks memory peeks,
        bytes calldata item
    ) private view returns (uint8 code) {
        (bool valid, Bid memory transaction) = Wire.decodeBid(item, context.timeBase, Execution.isForced(context));
        if (!valid) return ResultCodes.Malformed;
        code = Authority.spendNonce(context, state, transaction.bidder, transaction.auth);
        if (code != ResultCodes.OK) return code;
        if (transaction.bidder == transaction.account) return ResultCodes.SelfTrade;
        Sale memory sale;
        code = _sell(state, peeks, sale, transaction.account, transaction.fraction, transaction.limit, false);
        if (code != ResultCodes.OK) return code;

        // SAFETY: opened after the seller was written.
        (Slot memory slot, Account memory account) = state.openAccount(transaction.bidder);
        bytes32 digest = TypedData.bidDigest(DOMAIN_SEPARATOR, transaction);
        code = Authority.authorize(context, slot, account, transaction.auth, digest);
        if (code != ResultCodes.OK) return code;
        code = _take(sale, account);
        if (code != ResultCodes.OK) return code;
        Assessment.open(state, peeks, account.mode, account.positions);
        if (Assessment.restsOnStaleAnchor(peeks, account)) return ResultCodes.AnchorStale;
        if (Assessment.excessOf(peeks, MARGIN_ENGINE, account) < 0) return ResultCodes.InsufficientMargin;
        // What covers the initial requirement needs no auction.
        account.auction = 0;
        state.writeAccount(slot, account);
        _moveTotals(state, sale);
    }

    /// @dev FundBid: the insurance fund takes over what nobody wanted, for nothing, and backs it.
    function _fundBid(State memory state, Peeks memory peeks, bytes calldata item) private view returns (uint8 code) {
        (bool valid, FundBid memory transaction) = Wire.decodeFundBid(item);
        if (!valid) return ResultCodes.Malformed;
        if (transaction.account >= Constants.FUND_ACCOUNT) return ResultCodes.SelfTrade;
        Sale memory sale;
        code = _sell(state, peeks, sale, transaction.account, transaction.fraction, 0, true);
        if (code != ResultCodes.OK) return code;

        uint32 id = Constants.FUND_ACCOUNT + transaction.fund;
        (Slot memory slot, Account memory account) = state.openAccount(id);
        if (!slot.exists) return ResultCodes.AccountUnknown;
        code = _take(sale, account);
        if (code != ResultCodes.OK) return code;
        int256 excess = Assessment.initialExcess(state, peeks, MARGIN_ENGINE, account);
        if (excess < 0) {
            uint256 topUp = uint256(-excess);
            (Slot memory globalsSlot, Globals memory globals) = state.openGlobals();
            if (topUp > globals.fund / Constants.FUND_BID) return ResultCodes.InsufficientMargin;
            // SAFETY: at most a part of the fund.
            globals.fund -= uint128(topUp);
            state.writeGlobals(globalsSlot, globals);
            account.cash = Execution.toU128(account.cash + topUp);
        }
        // INVARIANT: the step has changed nothing of the account since it was peeked.
        (slot, ) = state.openAccount(id);
        state.writeAccount(slot, account);
        _moveTotals(state, sale);
    }

    /// @dev CollectFund: what an account of the fund no longer needs goes back to the fund.
    function _collectFund(State memory state, Peeks memory peeks, bytes calldata item) private view returns (uint8) {
        (bool valid, uint8 fund) = Wire.decodeCollectFund(item);
        if (!valid) return ResultCodes.Malformed;
        (Slot memory slot, Account memory account) = state.openAccount(Constants.FUND_ACCOUNT + fund);
        if (!slot.exists) return ResultCodes.AccountUnknown;
        if (account.debt != 0) return ResultCodes.AccountInDebt;
        int256 excess = Assessment.initialExcess(state, peeks, MARGIN_ENGINE, account);
        // INVARIANT: requirements are not negative, so the excess of an account without debt is at most its cash.
        if (excess <= 0) return ResultCodes.NothingToCollect;
        uint128 amount = uint128(uint256(excess));
        account.cash -= amount;
        state.writeAccount(slot, account);
        Execution.addToFund(state, amount);
        return ResultCodes.OK;
    }

    /// @dev The seller's side of a bid: takes at most `fraction` out of account `id`, for which a bidder would pay at most `limit` if it
    /// were the whole.
    function _sell(
        State memory state,
        Peeks memory peeks,
        Sale memory sale,
        uint32 id,
        uint256 fraction,
        uint256 limit,
        bool byFund
    ) private view returns (uint8) {
        (Slot memory slot, Account memory account) = state.openAccount(id);
        if (!slot.exists) return ResultCodes.AccountUnknown;
        if (account.auction == 0 || _hasLapsed(peeks, account)) return ResultCodes.AuctionMissing;
        Assessment.open(state, peeks, account.mode, account.positions);
        (bool known, Health memory health) = _assess(peeks, account);
        if (!known) return ResultCodes.MarksStale;
        if (health.maintenanceExcess >= 0) return ResultCodes.NotLiquidatable;
        // SAFETY: L2 time does not go back.
        uint256 rate = Auction.factor(peeks.l2Time - account.auction);
        if (byFund) {
            if (rate != 0) return ResultCodes.FundNotDue;
        } else if (health.value < 0 || Auction.paymentUp(health, rate, Constants.FRACTION) > limit) {
            // SAFETY: a limit is no less than zero, so an account worth less than nothing is above every one. Only the fund takes it.
            return ResultCodes.BidAboveLimit;
        }
        uint256 largest = Auction.largestFraction(health, rate);
        if (fraction > largest) fraction = largest;
        // SAFETY: a requirement is below 2^207 (Auction.sol), a fraction below 2^30.
        if (byFund && health.maintenance * fraction < Constants.FUND_LEAST * Constants.FRACTION) {
            return ResultCodes.BidTooSmall;
        }
        sale.payment = Auction.paymentUp(health, rate, fraction);
        // SAFETY: the fraction is at most FRACTION.
        sale.cash = (account.cash * fraction) / Constants.FRACTION;
        sale.seller.standard = account.mode == Constants.MODE_STANDARD;
        sale.seller.before = account.positions;
        (sale.moved, sale.seller.later) = _split(peeks, account.positions, fraction, byFund);
        if (sale.moved.length == 0) return ResultCodes.BidTooSmall;
        // SAFETY: a part of the cash.
        account.cash -= uint128(sale.cash);
        // The debt is senior to what the owner gets for the assets.
        uint256 repaid = Execution.credit(account, sale.payment);
        account.positions = sale.seller.later;
        // INVARIANT 10: every bid lowers the deficit.
        (, Health memory healthAfter) = _assess(peeks, account);
        if (healthAfter.bufferedExcess <= health.bufferedExcess) return ResultCodes.BidTooSmall;
        if (fraction == largest || account.positions.length == 0) {
            account.auction = 0;
        } else if (byFund && healthAfter.maintenance < Constants.FUND_LEAST) {
            // SAFETY: whoever sends the fund's bid could otherwise leave a rest that is too small for the fund and worth nothing to anybody
            // else.
            return ResultCodes.BidTooSmall;
        }
        state.writeAccount(slot, account);
        Execution.addToFund(state, repaid);
        return ResultCodes.OK;
    }

    /// @dev The buyer's side of a bid, but for its requirement; does not write.
    function _take(Sale memory sale, Account memory account) private pure returns (uint8) {
        if (account.debt != 0) return ResultCodes.AccountInDebt;
        uint256 cash = account.cash + sale.cash;
        if (cash < sale.payment) return ResultCodes.InsufficientCash;
        (bool withinLimit, uint256[] memory positions) = _merge(account.positions, sale.moved);
        if (!withinLimit) return ResultCodes.PositionLimit;
        if (positions.length > Constants.MAX_POSITIONS) return ResultCodes.PositionCap;
        if (Positions.countExpiries(positions) > Constants.MAX_EXPIRIES) return ResultCodes.ExpiryCap;
        sale.buyer = Party(account.mode == Constants.MODE_STANDARD, account.positions, positions);
        account.cash = Execution.toU128(cash - sale.payment);
        account.positions = positions;
        return ResultCodes.OK;
    }

    /// @dev What moves of each position in whole lots, and what stays. SAFETY: longs are rounded down and shorts up, as cash is rounded down
    /// and the payment up, so no bidder takes cash and leaves the shorts behind it. The fund does not choose what it bids for, whoever
    /// sends its bid does; so its shorts are rounded down, or it would get them without the cash.
    function _split(
        Peeks memory peeks,
        uint256[] memory positions,
        uint256 fraction,
        bool byFund
    ) private pure returns (uint256[] memory moved, uint256[] memory rest) {
        moved = new uint256[](positions.length);
        rest = new uint256[](positions.length);
        uint256 movedCount;
        uint256 restCount;
        for (uint256 i; i < positions.length; ++i) {
            uint256 position = positions[i];
            int256 quantity = Positions.quantityOf(position);
            // INVARIANT: nobody holds a position in a market that is not listed, so the lot is not zero.
            uint256 lot = Assessment.marketOf(peeks, uint8(position >> 248)).lot;
            int256 part;
            if (quantity >= 0) part = int256(_shareDown(uint256(quantity), fraction, lot));
            else if (byFund) part = -int256(_shareDown(uint256(-quantity), fraction, lot));
            else part = -int256(_shareUp(uint256(-quantity), fraction, lot));
            uint64 series = Positions.seriesOf(position);
            if (part != 0) moved[movedCount++] = Positions.makePosition(series, part);
            if (part != quantity) rest[restCount++] = Positions.makePosition(series, quantity - part);
        }
        _shorten(moved, movedCount);
        _shorten(rest, restCount);
    }

    /// @dev A fraction of `size` in whole lots, rounded down.
    function _shareDown(uint256 size, uint256 fraction, uint256 lot) private pure returns (uint256) {
        // SAFETY: a quantity is at most 2^127 in size, the fraction at most FRACTION < 2^30.
        return ((size * fraction) / Constants.FRACTION / lot) * lot;
    }

    /// @dev A fraction of `size` in whole lots, rounded up, but never more than all.
    function _shareUp(uint256 size, uint256 fraction, uint256 lot) private pure returns (uint256) {
        // SAFETY: as above.
        uint256 lots = Requirement.ceilDivide(Requirement.ceilDivide(size * fraction, Constants.FRACTION), lot);
        return lots * lot > size ? size : lots * lot;
    }

    /// @dev Two lists as one. `withinLimit` if no quantity exceeds MAX_QUANTITY.
    function _merge(
        uint256[] memory a,
        uint256[] memory b
    ) private pure returns (bool withinLimit, uint256[] memory result) {
        result = new uint256[](a.length + b.length);
        withinLimit = true;
        uint256 count;
        uint256 j;
        for (uint256 i; i < a.length || j < b.length;) {
            // The end of a list is above every series.
            uint256 first = i < a.length ? a[i] >> 192 : type(uint256).max;
            uint256 second = j < b.length ? b[j] >> 192 : type(uint256).max;
            uint256 series = first < second ? first : second;
            int256 quantity;
            if (first == series) quantity = Positions.quantityOf(a[i++]);
            if (second == series) quantity += Positions.quantityOf(b[j++]);
            if (quantity == 0) continue;
            if (uint256(quantity < 0 ? -quantity : quantity) > Constants.MAX_QUANTITY) withinLimit = false;
            result[count++] = Positions.makePosition(uint64(series), quantity);
        }
        _shorten(result, count);
    }

    /// @dev After both accounts: the count of shorts of each expiry of what moved, then the exposure of each market. A liquidation is never
    /// refused for the exposure.
    function _moveTotals(State memory state, Sale memory sale) private pure {
        uint256[] memory moved = sale.moved;
        uint256 last = type(uint256).max;
        for (uint256 i; i < moved.length; ++i) {
            uint256 id = moved[i] >> 232;
            if (id == last) continue;
            last = id;
            int256 change = _shortsChange(sale.seller, uint24(id)) + _shortsChange(sale.buyer, uint24(id));
            if (change == 0) continue;
            (Slot memory slot, Expiry memory expiry) = state.openExpiry(uint24(id));
            // INVARIANT: `shorts` counts the accounts that hold any short of the expiry, so it neither falls below zero nor exceeds
            // the number of accounts.
            expiry.shorts = uint32(uint256(int256(uint256(expiry.shorts)) + change));
            state.writeExpiry(slot, expiry);
        }
        last = type(uint256).max;
        for (uint256 i; i < moved.length; ++i) {
            uint256 id = moved[i] >> 248;
            if (id == last) continue;
            last = id;
            int256 change = _exposureChange(sale.seller, uint8(id)) + _exposureChange(sale.buyer, uint8(id));
            if (change != 0) Execution.shiftExposure(state, uint8(id), change);
        }
    }

    function _shortsChange(Party memory party, uint24 expiry) private pure returns (int256 change) {
        if (Positions.holdsShort(party.later, expiry)) ++change;
        if (Positions.holdsShort(party.before, expiry)) --change;
    }

    function _exposureChange(Party memory party, uint8 market) private pure returns (int256) {
        if (!party.standard) return 0;
        // SAFETY: sums of quantities, below 2^139.
        return
            int256(Positions.shortQuantity(party.later, market)) -
            int256(Positions.shortQuantity(party.before, market));
    }

    /// @dev The account's health at the marks of the moment, whose slots have been opened; `known` unless it has positions and no mark of
    /// them is recent.
    function _assess(
        Peeks memory peeks,
        Account memory account
    ) private view returns (bool known, Health memory health) {
        uint256[] memory positions = account.positions;
        known = positions.length == 0;
        uint256 maintenance;
        int256 value;
        int256 shorts;
        if (!known) {
            ExpiryView[] memory views = Assessment.viewsOf(peeks, positions, Constants.LIQUIDATION_MAX_AGE);
            known = Assessment.anyKnown(views);
            (maintenance, value, shorts) = MARGIN_ENGINE.assess(positions, views);
        }
        health = Auction.healthOf(account.cash, account.debt, maintenance, value, shorts);
    }

    function _hasLapsed(Peeks memory peeks, Account memory account) private pure returns (bool) {
        return peeks.l2Time > uint256(account.auction) + Constants.AUCTION_LENGTH;
    }

    /// @dev SAFETY: shortens the list to what was written in front.
    function _shorten(uint256[] memory list, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(list, length)
        }
    }
}
