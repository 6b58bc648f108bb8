// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExecutionContext} from "../interfaces/IExecutor.sol";
import {Constants} from "../machine/Constants.sol";
import {Execution} from "../machine/Execution.sol";
import {Inputs} from "../machine/Inputs.sol";
import {Positions} from "../machine/Positions.sol";
import {ResultCodes} from "../machine/ResultCodes.sol";
import {SlotCodec} from "../machine/SlotCodec.sol";
import {Account, Expiry, Globals, Market} from "../machine/Slots.sol";
import {States} from "../machine/State.sol";
import {Slot, State, StateTree} from "../machine/StateTree.sol";
import {Wire} from "../machine/Wire.sol";
import {Executor} from "./Executor.sol";

/// @title SettlementExecutor
/// @notice Judge of markets, prices and settlement: ListMarket, Anchor, FixPrice, Settle (docs/specification.md, section 6.5).
contract SettlementExecutor is Executor {
    using States for State;

    /// @notice The only sender whose markets, anchors and prices count: OptionsSettlement.
    address public immutable SETTLEMENT;

    uint256 private constant LIST_MARKET_LENGTH = 37;
    uint256 private constant ANCHOR_LENGTH = 14;
    uint256 private constant FIX_PRICE_LENGTH = 11;

    /// @param settlement OptionsSettlement.
    constructor(address settlement) {
        SETTLEMENT = settlement;
    }

    /// @inheritdoc Executor
    function _dispatch(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata item
    ) internal view override returns (uint8) {
        uint8 kind = context.kind;
        if (kind == 0 || kind == Inputs.KIND_FORCED) {
            if (Wire.typeOf(item) == Wire.TX_SETTLE) return _settle(context.part, state, item);
            revert NotMine(kind, Wire.typeOf(item));
        }
        bool isMine = kind == Inputs.KIND_LIST_MARKET || kind == Inputs.KIND_ANCHOR || kind == Inputs.KIND_FIX_PRICE;
        if (!isMine) revert NotMine(kind, 0);
        if (context.sender != SETTLEMENT) return ResultCodes.WrongSender;
        if (kind == Inputs.KIND_LIST_MARKET) return _listMarket(state, item);
        return kind == Inputs.KIND_ANCHOR ? _anchor(state, item) : _fixPrice(state, item);
    }

    /// @dev ListMarket: market u8 ‖ tick u32 ‖ lot u64 ‖ strike steps 3 × u64.
    function _listMarket(State memory state, bytes calldata payload) private pure returns (uint8) {
        if (payload.length != LIST_MARKET_LENGTH) return ResultCodes.Malformed;
        uint8 id = uint8(payload[0]);
        Market memory market;
        market.tick = uint32(bytes4(payload[1:5]));
        market.lot = uint64(bytes8(payload[5:13]));
        market.shortStep = uint64(bytes8(payload[13:21]));
        market.mediumStep = uint64(bytes8(payload[21:29]));
        market.longStep = uint64(bytes8(payload[29:37]));
        if (id == 0 || !_isGrid(market)) return ResultCodes.MarketInvalid;
        (Slot memory slot, ) = state.openMarket(id);
        if (slot.exists) return ResultCodes.MarketExists;
        state.writeMarket(slot, market);
        return ResultCodes.OK;
    }

    /// @dev Whether tick, lot and strike steps make every premium and every payoff exact.
    function _isGrid(Market memory market) private pure returns (bool) {
        uint256 tick = market.tick;
        uint256 lot = market.lot;
        uint256 step = market.shortStep;
        if (tick == 0 || tick % Constants.LEAST_TICK != 0) return false;
        if (lot == 0 || lot % Constants.LEAST_LOT != 0 || lot > Constants.MAX_QUANTITY) return false;
        if (step == 0 || step % tick != 0) return false;
        if (market.mediumStep == 0 || market.mediumStep % step != 0) return false;
        return market.longStep != 0 && market.longStep % step == 0 && market.longStep <= Constants.MAX_PRICE;
    }

    /// @dev Anchor, the last price of the market's feed: market u8 ‖ price u64 ‖ time u40.
    function _anchor(State memory state, bytes calldata payload) private pure returns (uint8) {
        if (payload.length != ANCHOR_LENGTH) return ResultCodes.Malformed;
        uint64 price = uint64(bytes8(payload[1:9]));
        uint40 time = uint40(bytes5(payload[9:14]));
        if (price == 0 || price > Constants.MAX_PRICE) return ResultCodes.PriceInvalid;
        (Slot memory slot, Market memory market) = state.openMarket(uint8(payload[0]));
        if (!slot.exists) return ResultCodes.MarketUnknown;
        if (time < market.anchorTime) return ResultCodes.AnchorOutdated;
        market.anchor = price;
        market.anchorTime = time;
        state.writeMarket(slot, market);
        return ResultCodes.OK;
    }

    /// @dev FixPrice, the settlement price of one expiry: market u8 ‖ day u16 ‖ price u64.
    function _fixPrice(State memory state, bytes calldata payload) private pure returns (uint8) {
        if (payload.length != FIX_PRICE_LENGTH) return ResultCodes.Malformed;
        uint64 price = uint64(bytes8(payload[3:11]));
        if (price == 0 || price > Constants.MAX_PRICE) return ResultCodes.PriceInvalid;
        (Slot memory marketSlot, Market memory market) = state.openMarket(uint8(payload[0]));
        if (!marketSlot.exists) return ResultCodes.MarketUnknown;
        if (price % market.tick != 0) return ResultCodes.PriceInvalid;
        (Slot memory slot, Expiry memory expiry) = state.openExpiry(uint24(bytes3(payload[0:3])));
        if (expiry.price != 0) return ResultCodes.PriceFixed;
        expiry.price = price;
        expiry.isFinal = expiry.shorts == 0;
        state.writeExpiry(slot, expiry);
        return ResultCodes.OK;
    }

    /// @dev Settles account number `part` of the list in one expiry: closes its positions, or pays its claim once the ratio is fixed.
    function _settle(uint256 part, State memory state, bytes calldata item) private pure returns (uint8) {
        if (part >= Wire.settleCount(item)) return ResultCodes.Malformed;
        (uint24 id, uint32 accountId) = Wire.decodeSettle(item, part);
        (, Expiry memory expiry) = state.openExpiry(id);
        if (expiry.price == 0) return ResultCodes.PriceNotFixed;
        (Slot memory claimSlot, uint128 claim) = state.openClaim(id, accountId);
        return
            claimSlot.exists
                ? _payClaim(state, id, accountId, expiry, claimSlot, claim)
                : _closePositions(state, id, accountId, expiry);
    }

    /// @dev Pays a claim that was recorded before the payout ratio was known.
    function _payClaim(
        State memory state,
        uint24 id,
        uint32 accountId,
        Expiry memory expiry,
        Slot memory claimSlot,
        uint128 claim
    ) private pure returns (uint8) {
        if (!expiry.isFinal) return ResultCodes.ClaimNotReady;
        StateTree.remove(state, claimSlot);
        (Slot memory slot, Account memory account) = state.openAccount(accountId);
        if (!slot.exists) return ResultCodes.AccountUnknown;
        uint256 repaid = _payShareDown(expiry, account, claim);
        state.writeAccount(slot, account);
        _closeExpiry(state, id, expiry, false, repaid);
        return ResultCodes.OK;
    }

    /// @dev Takes out all the account's positions of the expiry and settles their net.
    function _closePositions(
        State memory state,
        uint24 id,
        uint32 accountId,
        Expiry memory expiry
    ) private pure returns (uint8) {
        (Slot memory slot, Account memory account) = state.openAccount(accountId);
        if (!slot.exists) return ResultCodes.AccountUnknown;
        (bool held, uint256 shortQuantity, int256 net) = _takeOut(account, id, expiry.price);
        if (!held) return ResultCodes.NothingToSettle;
        // Without positions there is nothing to auction.
        if (account.positions.length == 0) account.auction = 0;

        uint256 repaid;
        bool wasFinal = expiry.isFinal;
        uint256 size = uint256(net < 0 ? -net : net);
        if (net < 0) {
            // A debtor pays what its cash allows; the rest stays its debt.
            uint256 paidIn = size < account.cash ? size : account.cash;
            account.cash -= uint128(paidIn);
            // The fund owes nobody but itself, so its accounts keep no debt.
            account.debt = accountId >= Constants.FUND_ACCOUNT ? 0 : Execution.toU128(account.debt + size - paidIn);
            expiry.owed = Execution.toU128(expiry.owed + size);
            expiry.received = Execution.toU128(expiry.received + paidIn);
        } else if (net > 0 && wasFinal) {
            repaid = _payShareDown(expiry, account, size);
        }
        state.writeAccount(slot, account);
        if (net > 0 && !wasFinal) {
            (Slot memory claimSlot, ) = state.openClaim(id, accountId);
            StateTree.write(state, claimSlot, SlotCodec.encodeClaim(Execution.toU128(size)));
        }
        bool lastShort;
        if (shortQuantity != 0) {
            if (account.mode == Constants.MODE_STANDARD) {
                // SAFETY: a sum of quantities is below 2^139.
                Execution.shiftExposure(state, Positions.marketOf(id), -int256(shortQuantity));
            }
            // INVARIANT: `shorts` counts the accounts that hold any short of the expiry, this one among them.
            --expiry.shorts;
            lastShort = expiry.shorts == 0;
            expiry.isFinal = lastShort;
        }
        _closeExpiry(state, id, expiry, lastShort, repaid);
        return ResultCodes.OK;
    }

    /// @dev Takes the positions of expiry `id` out of the account. `shortQuantity` is the sum of the shorts among them, `net` what they pay
    /// at `price`, in 1e-6 USDC, exact since strikes, price and quantities lie on the market's grid.
    function _takeOut(
        Account memory account,
        uint24 id,
        uint256 price
    ) private pure returns (bool held, uint256 shortQuantity, int256 net) {
        uint256[] memory positions = account.positions;
        uint256 kept;
        for (uint256 i; i < positions.length; ++i) {
            uint256 position = positions[i];
            if (position >> 232 == id) {
                int256 quantity = Positions.quantityOf(position);
                if (quantity < 0) shortQuantity += uint256(-quantity);
                // SAFETY: the payoff is below 2^39, a quantity in every state that a machine reaches below 2^50 in size.
                net += quantity * int256(Positions.payoff(Positions.seriesOf(position), price));
            } else {
                positions[kept++] = position;
            }
        }
        held = kept != positions.length;
        net /= int256(Constants.PRICE_TO_CASH);
        // SAFETY: shortens the list to what was kept in front.
        assembly ("memory-safe") {
            mstore(positions, kept)
        }
    }

    /// @dev Credits the account with its share of the pool for a claim of `amount`: all of it if everything came in, else in proportion,
    /// rounded down. Returns what served the account's debt.
    function _payShareDown(
        Expiry memory expiry,
        Account memory account,
        uint256 amount
    ) private pure returns (uint256 repaid) {
        // SAFETY: both factors are below 2^128. INVARIANT: received <= owed until everybody has been paid, so owed is not zero
        // when they differ and anybody is left to be paid.
        uint256 due = expiry.received == expiry.owed ? amount : (amount * expiry.received) / expiry.owed;
        expiry.credited = Execution.toU128(expiry.credited + amount);
        expiry.paid = Execution.toU128(expiry.paid + due);
        return Execution.credit(account, due);
    }

    /// @dev Writes the expiry. When its last short has been settled, the fund first covers what it may of the shortfall; when
    /// everybody has been paid, what rounding left goes to the fund.
    function _closeExpiry(
        State memory state,
        uint24 id,
        Expiry memory expiry,
        bool lastShort,
        uint256 repaid
    ) private pure {
        // INVARIANT: received <= owed while shorts are left, for every debtor pays at most what it owes.
        if (lastShort && expiry.received != expiry.owed) {
            (Slot memory globalsSlot, Globals memory globals) = state.openGlobals();
            uint256 shortfall = expiry.owed - expiry.received;
            uint256 draw = globals.fund / Constants.FUND_DRAW;
            if (shortfall < draw) draw = shortfall;
            // SAFETY: at most half the fund.
            globals.fund -= uint128(draw);
            expiry.received += uint128(draw);
            state.writeGlobals(globalsSlot, globals);
        }
        uint256 swept;
        if (expiry.isFinal && expiry.credited == expiry.owed) {
            // INVARIANT: a pool pays out at most what came in.
            swept = expiry.received - expiry.paid;
            expiry.received = expiry.paid;
        }
        // INVARIANT: the step changed nothing of the expiry since it was peeked, so what is written grew out of what is there.
        (Slot memory slot, ) = state.openExpiry(id);
        state.writeExpiry(slot, expiry);
        Execution.addToFund(state, repaid + swept);
    }
}
