// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExecutionContext} from "../interfaces/IExecutor.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {Assessment, Peeks} from "../machine/Assessment.sol";
import {Constants} from "../machine/Constants.sol";
import {Execution} from "../machine/Execution.sol";
import {Fees} from "../machine/Fees.sol";
import {FillChecks} from "../machine/FillChecks.sol";
import {ExpiryView, Marks, Phase} from "../machine/Marks.sol";
import {Positions} from "../machine/Positions.sol";
import {ResultCodes} from "../machine/ResultCodes.sol";
import {Signatures} from "../machine/Signatures.sol";
import {Account, Expiry, Globals, Key, Market, Order, Slots} from "../machine/Slots.sol";
import {States} from "../machine/State.sol";
import {Slot, State} from "../machine/StateTree.sol";
import {TypedData} from "../machine/TypedData.sol";
import {Fill, Wire, WireOrder} from "../machine/Wire.sol";
import {Executor} from "./Executor.sol";

/// @title FillExecutor
/// @notice Judge of fills: one taker's order with one maker's, at the maker's limit (docs/specification.md, section 6.3). The steps
/// that comments name are those of that section.
contract FillExecutor is Executor {
    using States for State;

    /// @notice EIP-712 domain separator of the deployment.
    bytes32 public immutable DOMAIN_SEPARATOR;
    IMarginEngine public immutable MARGIN_ENGINE;

    /// @dev What both sides share, and what they add up to.
    struct Trade {
        bool forced;
        uint256 l2Time;
        uint256 l1Time;
        uint32 maker;
        bool makerSells;
        uint64 series;
        Market market;
        // The maker's limit, 1e-4 USD.
        uint256 price;
        // In lots of the market, and once that is known in 1e-6 contract.
        uint256 lots;
        uint256 quantity;
        Peeks peeks;
        // The traded expiry.
        ExpiryView expiry;
        // Mark and delta of the series once they have been computed.
        bool quoted;
        uint256 fair;
        int256 delta;
        // Sum of both fees, 1e-6 USDC.
        uint256 fees;
        // Accounts that hold any short of the expiry after, less before.
        int256 shorts;
        // Short quantity of the series on standard margin after, less before.
        int256 exposure;
    }

    /// @dev One side while it runs.
    struct Side {
        bool isMaker;
        Slot slot;
        // The slot's order, then the one that trades.
        Order order;
        // Whether the state holds this very order, so that its signature was checked when it came in.
        bool known;
        bool sells;
        uint256 fee;
    }

    /// @dev An account on standard margin before its side of a fill, and what the side does.
    struct Before {
        uint256[] positions;
        uint256 cash;
        bool sells;
        // The position gets smaller and does not change its sign.
        bool shrinks;
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
    ) internal view override returns (uint8 code) {
        uint8 transactionType = Wire.typeOf(item);
        bool forced = Execution.isForced(context);
        if ((context.kind != 0 && !forced) || transactionType < Wire.TX_FILL || transactionType > Wire.TX_FILL_LAST)
            revert NotMine(context.kind, transactionType);
        (bool valid, Fill memory transaction) = Wire.decodeFill(item, context.timeBase, forced);
        if (!valid) return ResultCodes.Malformed;
        Trade memory trade;
        trade.forced = forced;
        trade.l2Time = context.l2Time;
        trade.peeks.l2Time = context.l2Time;
        trade.l1Time = context.l1Time;
        trade.lots = transaction.lots;
        trade.maker = transaction.maker.account;

        code = _runSide(state, trade, transaction.maker, true);
        if (code != ResultCodes.OK) return code;
        code = _runSide(state, trade, transaction.taker, false);
        if (code != ResultCodes.OK) return code;

        return _finish(state, trade);
    }

    /// @dev What both sides change together. Slots that do not change are not opened.
    function _finish(State memory state, Trade memory trade) private pure returns (uint8) {
        uint24 id = Positions.expiryOf(trade.series);
        if (trade.shorts != 0) {
            (Slot memory slot, Expiry memory expiry) = state.openExpiry(id);
            // INVARIANT: `shorts` counts the accounts that hold any short of the expiry, so it neither falls below zero nor exceeds
            // the number of accounts.
            expiry.shorts = uint32(uint256(int256(uint256(expiry.shorts)) + trade.shorts));
            state.writeExpiry(slot, expiry);
        }
        Market memory market = trade.market;
        if (trade.exposure != 0) {
            market = Execution.shiftExposure(state, Positions.marketOf(id), trade.exposure);
        }

        (Slot memory globalsSlot, Globals memory globals) = state.openGlobals();
        // A fill that takes exposure away is never refused for it.
        if (trade.exposure > 0 && Execution.exceedsCap(market, globals.fund)) return ResultCodes.ExposureCap;
        uint256 share = trade.fees / Constants.FUND_SHARE;
        globals.fund = Execution.toU128(globals.fund + share);
        globals.fees = Execution.toU128(globals.fees + trade.fees - share);
        state.writeGlobals(globalsSlot, globals);
        return ResultCodes.OK;
    }

    /// @dev Steps 1 to 9 of one side.
    function _runSide(
        State memory state,
        Trade memory trade,
        WireOrder memory wire,
        bool isMaker
    ) private view returns (uint8 code) {
        Side memory side;
        side.isMaker = isMaker;
        code = _openOrder(state, wire, side);
        if (code != ResultCodes.OK) return code;
        code = isMaker ? _openSeries(state, trade, wire, side.order) : _matchSeries(trade, wire, side.order);
        if (code != ResultCodes.OK) return code;
        if (!wire.stored) {
            code = _takeTerms(trade, wire, side);
            if (code != ResultCodes.OK) return code;
        }
        Order memory order = side.order;
        side.sells = order.flags & Wire.FLAG_SELL != 0;
        if (isMaker) {
            trade.series = order.series;
            trade.price = order.limitPrice;
            trade.makerSells = side.sells;
        }
        code = FillChecks.checkOrder(order, trade.quantity, trade.price, isMaker, trade.forced, trade.l2Time);
        if (code != ResultCodes.OK) return code;
        code = _accrueFee(state, trade, side);
        if (code != ResultCodes.OK) return code;
        return _useAccount(state, trade, wire, side);
    }

    /// @dev Step 1: opens the slot of the order's nonce.
    function _openOrder(State memory state, WireOrder memory wire, Side memory side) private pure returns (uint8) {
        (side.slot, side.order) = state.openOrder(wire.account, wire.nonce);
        bool exists = side.slot.exists;
        bool same = exists && side.order.nonce == wire.nonce;
        bool spent = Slots.isSpent(side.order);
        if (wire.stored) {
            if (!same || spent) return ResultCodes.OrderUnknown;
        } else {
            if (exists && side.order.nonce > wire.nonce) return ResultCodes.NonceRetired;
            if (same && spent) return ResultCodes.NonceUsed;
        }
        side.known = same;
        return ResultCodes.OK;
    }

    /// @dev Step 2 of the maker, whose order names the series.
    function _openSeries(
        State memory state,
        Trade memory trade,
        WireOrder memory wire,
        Order memory order
    ) private pure returns (uint8) {
        (uint8 id, uint16 day) = (wire.market, wire.day);
        if (wire.stored) {
            uint24 expiry = Positions.expiryOf(order.series);
            (id, day) = (Positions.marketOf(expiry), Positions.dayOf(expiry));
        }
        if (trade.l1Time >= Positions.expiryTime(day)) return ResultCodes.SeriesExpired;
        Slot memory slot;
        (slot, trade.market) = state.openMarket(id);
        if (!slot.exists) return ResultCodes.MarketUnknown;
        if (trade.market.anchor == 0) return ResultCodes.AnchorMissing;
        Assessment.rememberMarket(trade.peeks, id, trade.market);
        uint24 expiryId = (uint24(id) << 16) | day;
        if (Assessment.peekExpiry(state, trade.peeks, expiryId).price != 0) return ResultCodes.PriceFixed;
        trade.expiry = Assessment.viewOf(trade.peeks, expiryId, Constants.SPOT_MAX_AGE);
        trade.quantity = trade.lots * trade.market.lot;
        return trade.quantity > Constants.MAX_QUANTITY ? ResultCodes.Malformed : ResultCodes.OK;
    }

    /// @dev Step 2 of the taker.
    function _matchSeries(Trade memory trade, WireOrder memory wire, Order memory order) private pure returns (uint8) {
        if (wire.account == trade.maker) return ResultCodes.SelfTrade;
        if (wire.stored) {
            if (order.series != trade.series) return ResultCodes.SeriesMismatch;
            if ((order.flags & Wire.FLAG_SELL != 0) == trade.makerSells) return ResultCodes.SideMismatch;
        }
        return ResultCodes.OK;
    }

    /// @dev Step 3: converts a new order, and compares it with the slot if that holds the same nonce.
    ///
    /// INVARIANT: quantities are whole lots and prices whole ticks, for the wire has no other; so premiums are exact.
    function _takeTerms(Trade memory trade, WireOrder memory wire, Side memory side) private pure returns (uint8) {
        uint64 series = trade.series;
        uint8 flags = wire.flags;
        // SAFETY: lots, ticks and steps of an order are below 2^40, those of a market below 2^64.
        uint256 tick = trade.market.tick;
        uint256 limitPrice;
        if (side.isMaker) {
            uint256 strike = uint256(wire.strikeSteps) * trade.market.shortStep;
            if (strike > Constants.MAX_PRICE) return ResultCodes.Malformed;
            series = Positions.packSeries(wire.market, wire.day, strike, wire.put);
            limitPrice = wire.limitTicks * tick;
        } else {
            uint256 slippage = wire.slippageTicks * tick;
            if (trade.makerSells) {
                limitPrice = trade.price + slippage;
            } else {
                flags |= Wire.FLAG_SELL;
                if (slippage > trade.price) return ResultCodes.Malformed;
                limitPrice = trade.price - slippage;
            }
        }
        uint256 quantity = uint256(wire.lots) * trade.market.lot;
        uint256 maxFee = wire.feeTicks * tick;
        if (limitPrice > Constants.MAX_PRICE || quantity > Constants.MAX_QUANTITY || maxFee > Constants.MAX_PRICE) {
            return ResultCodes.Malformed;
        }

        Order memory order = side.order;
        if (side.known) {
            // INVARIANT 9: no nonce is used with two terms.
            bool equal =
                order.series == series &&
                    order.flags == flags &&
                    order.keyIndex == wire.keyIndex &&
                    order.keyEpoch == wire.keyEpoch &&
                    order.deadline == wire.deadline &&
                    order.limitPrice == limitPrice &&
                    order.quantity == quantity &&
                    order.maxFee == maxFee;
            return equal ? ResultCodes.OK : ResultCodes.NonceUsed;
        }
        order.nonce = wire.nonce;
        order.series = series;
        order.flags = flags;
        order.keyIndex = wire.keyIndex;
        order.keyEpoch = wire.keyEpoch;
        order.deadline = wire.deadline;
        // SAFETY: at most MAX_PRICE and MAX_QUANTITY.
        order.limitPrice = uint64(limitPrice);
        order.quantity = uint64(quantity);
        order.filled = 0;
        order.maxFee = uint64(maxFee);
        order.feeAccrued = 0;
        return ResultCodes.OK;
    }

    /// @dev Step 5: the fee, and the order as it is after the fill.
    function _accrueFee(State memory state, Trade memory trade, Side memory side) private pure returns (uint8) {
        Order memory order = side.order;
        uint256 before = order.feeAccrued;
        uint256 accrued = Fees.accrue(
            before,
            side.isMaker ? Constants.MAKER_FEE : Constants.TAKER_FEE,
            trade.market.anchor,
            trade.price,
            trade.quantity
        );
        uint256 filled = order.filled + trade.quantity;
        if (Fees.exceedsMaximum(accrued, order.maxFee, filled)) return ResultCodes.FeeAboveMaximum;
        side.fee = Fees.feeUp(before, accrued);
        trade.fees += side.fee;
        // SAFETY: not above the order's quantity.
        order.filled = uint64(filled);
        order.feeAccrued = Execution.toU128(accrued);
        state.writeOrder(side.slot, order);
        return ResultCodes.OK;
    }

    /// @dev Steps 6 and 7: the authority of the order, and the account.
    function _useAccount(
        State memory state,
        Trade memory trade,
        WireOrder memory wire,
        Side memory side
    ) private view returns (uint8) {
        Order memory order = side.order;
        // A new order is checked against its signature; one that the state holds was, when it came in.
        address signer =
            side.known
                ? address(0)
                : Signatures.recover(TypedData.orderDigest(DOMAIN_SEPARATOR, wire.account, order), wire.signature);

        if (order.keyIndex != 0) {
            (bool usable, Slot memory keySlot, Key memory key) = Execution.useKey(
                state,
                trade.l2Time,
                wire.account,
                order.keyIndex,
                Slots.SCOPE_TRADE
            );
            if (!usable || key.epoch != order.keyEpoch) return ResultCodes.KeyInvalid;
            if (!side.known && (signer == address(0) || signer != key.signer)) return ResultCodes.BadSignature;
            uint256 loss = side.fee;
            if (trade.expiry.phase == Phase.FRESH) {
                loss += _adverseAgainstMark(trade, side.sells);
            } else {
                // SAFETY: for a call the bound is the anchor, which must then be worth something.
                if (
                    side.sells && !Positions.isPut(trade.series) && Assessment.isAnchorStale(trade.market, trade.l2Time)
                ) return ResultCodes.AnchorStale;
                uint256 most = Positions.isPut(trade.series) ? Positions.strikeOf(trade.series) : trade.market.anchor;
                loss += Fees.lossBoundUp(side.sells, trade.price, trade.quantity, most);
            }
            if (loss > key.budget) return ResultCodes.BudgetExceeded;
            // SAFETY: not above the budget.
            key.budget -= uint64(loss);
            state.writeKey(keySlot, key);
        }

        (Slot memory slot, Account memory account) = state.openAccount(wire.account);
        if (!slot.exists) return ResultCodes.AccountUnknown;
        if (!Execution.inWindow(account, order.nonce)) return ResultCodes.NonceOutOfWindow;
        if (order.keyIndex == 0 && !side.known && (signer == address(0) || signer != account.owner)) {
            return ResultCodes.BadSignature;
        }
        if (account.debt != 0) return ResultCodes.AccountInDebt;
        return _settleSide(state, trade, side, slot, account);
    }

    /// @dev What a fill is charged to a session key's budget beside its fee. SAFETY: against the mark as far as it may have moved by now,
    /// for whoever stole the key can see where the price is and which report comes next.
    function _adverseAgainstMark(Trade memory trade, bool sells) private view returns (uint256) {
        (uint256 fair, int256 delta) = _quote(trade);
        // SAFETY: the spot of a fresh expiry is not later than now: a report is not.
        uint256 drift = Marks.driftUp(trade.expiry, delta, trade.l2Time - trade.market.spotTime);
        return Fees.adverseUp(sells, trade.price, trade.quantity, fair, drift);
    }

    /// @dev Steps 8 and 9: the position, the cash and the requirement.
    function _settleSide(
        State memory state,
        Trade memory trade,
        Side memory side,
        Slot memory slot,
        Account memory account
    ) private view returns (uint8 code) {
        uint256[] memory before = account.positions;
        (uint256 index, int256 held) = Positions.find(before, trade.series);
        // SAFETY: quantities are at most MAX_QUANTITY in size.
        int256 next = side.sells ? held - int256(trade.quantity) : held + int256(trade.quantity);
        bool sameSign = held > 0 ? next >= 0 : next <= 0;
        bool shrinks = sameSign && _abs(next) < _abs(held);
        if (side.order.flags & Wire.FLAG_REDUCE_ONLY != 0 && !shrinks) return ResultCodes.ReduceOnlyGrows;
        uint256[] memory positions = Positions.withQuantity(before, trade.series, index, held, next);
        if (_abs(next) > _abs(held) || !sameSign) {
            code = FillChecks.checkGrowth(trade.market, trade.series, next, positions, trade.l1Time);
            if (code != ResultCodes.OK) return code;
        }
        bool standard = account.mode == Constants.MODE_STANDARD;
        uint24 expiry = Positions.expiryOf(trade.series);

        // SAFETY: selling the long leg of a spread bares its short one, as good as a new short call.
        if (
            !(standard && trade.expiry.phase == Phase.FRESH) &&
            side.sells &&
            !Positions.isPut(trade.series) &&
            Assessment.isAnchorStale(trade.market, trade.l2Time) &&
            Positions.holdsShortCall(positions, expiry)
        ) return ResultCodes.AnchorStale;

        uint256 premium = Fees.premium(trade.price, trade.quantity);
        uint256 cashBefore = account.cash;
        uint256 inflow = side.sells ? cashBefore + premium : cashBefore;
        uint256 outflow = side.sells ? side.fee : premium + side.fee;
        if (outflow > inflow) return ResultCodes.InsufficientCash;
        account.cash = Execution.toU128(inflow - outflow);
        account.positions = positions;
        // SAFETY: the other expiries are those of the list before, since the traded one has been peeked already.
        Assessment.open(state, trade.peeks, account.mode, before);
        code =
            standard
                ? _checkStandard(trade, account, Before(before, cashBefore, side.sells, shrinks))
                : _checkCollateralised(trade, account);
        if (code != ResultCodes.OK) return code;
        state.writeAccount(slot, account);

        if (Positions.holdsShort(positions, expiry)) ++trade.shorts;
        if (Positions.holdsShort(before, expiry)) --trade.shorts;
        if (standard) trade.exposure += _min(held, 0) - _min(next, 0);
        return ResultCodes.OK;
    }

    /// @dev Step 9 of an account in the collateralised mode.
    function _checkCollateralised(Trade memory trade, Account memory account) private pure returns (uint8) {
        uint256 requirement = Assessment.collateralisedUp(trade.peeks, account.positions);
        // INVARIANT 5: every fill leaves an account with a requirement that its cash covers. Not only those that add risk: a seller
        // whose requirement has outgrown its cash could otherwise buy back some shorts at any price, and leave the others naked.
        return account.cash < requirement ? ResultCodes.InsufficientMargin : ResultCodes.OK;
    }

    /// @dev Step 9 of an account on standard margin, whose debt is zero.
    function _checkStandard(
        Trade memory trade,
        Account memory account,
        Before memory before
    ) private view returns (uint8) {
        bool fresh = trade.expiry.phase == Phase.FRESH;
        // SAFETY: no account gives its margin away at a price far from the mark.
        if (fresh && !_inBand(trade)) return ResultCodes.PriceOutsideBand;
        (uint256 initialAfter, uint256 maintenanceAfter) = Assessment.requirements(
            trade.peeks,
            MARGIN_ENGINE,
            account.mode,
            account.positions
        );
        int256 excess = _excess(account.cash, initialAfter);
        if (excess >= 0) {
            // What covers the initial requirement needs no auction.
            account.auction = 0;
            return ResultCodes.OK;
        }

        // INVARIANT 5: without initial excess a fill may only raise it, at a price near the mark, and what finds or leaves the account below
        // maintenance only shrink the position at no loss to the mark but that of the tick.
        (uint256 initial, uint256 maintenance) = Assessment.requirements(
            trade.peeks,
            MARGIN_ENGINE,
            account.mode,
            before.positions
        );
        if (excess < _excess(before.cash, initial) || !Marks.hasMark(trade.expiry)) {
            return ResultCodes.InsufficientMargin;
        }
        if (!fresh && !_inBand(trade)) return ResultCodes.PriceOutsideBand;
        if (_excess(before.cash, maintenance) < 0 || _excess(account.cash, maintenanceAfter) < 0) {
            (uint256 fair, ) = _quote(trade);
            (uint256 lowest, uint256 highest) = Marks.closingPrices(fair, trade.market.tick);
            bool fairly = before.sells ? trade.price >= lowest : trade.price <= highest;
            if (!before.shrinks || !fairly) return ResultCodes.BelowMaintenance;
        }
        return ResultCodes.OK;
    }

    function _excess(uint256 cash, uint256 requirement) private pure returns (int256) {
        // SAFETY: cash has at most 128 bits; requirements are below 2^195.
        return int256(cash) - int256(requirement);
    }

    /// @dev Mark and delta of the series, which must have a mark; computed once.
    function _quote(Trade memory trade) private view returns (uint256, int256) {
        if (!trade.quoted) {
            (trade.fair, trade.delta) = MARGIN_ENGINE.quote(trade.expiry, trade.series);
            trade.quoted = true;
        }
        return (trade.fair, trade.delta);
    }

    function _inBand(Trade memory trade) private view returns (bool) {
        (uint256 fair, int256 delta) = _quote(trade);
        return Marks.inBand(trade.expiry, fair, delta, trade.price);
    }

    function _min(int256 a, int256 b) private pure returns (int256) {
        return a < b ? a : b;
    }

    function _abs(int256 value) private pure returns (uint256) {
        return uint256(value < 0 ? -value : value);
    }
}
