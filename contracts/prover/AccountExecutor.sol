// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExecutionContext} from "../interfaces/IExecutor.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {Assessment, Peeks} from "../machine/Assessment.sol";
import {Authority} from "../machine/Authority.sol";
import {Constants} from "../machine/Constants.sol";
import {Execution} from "../machine/Execution.sol";
import {Inputs} from "../machine/Inputs.sol";
import {Positions} from "../machine/Positions.sol";
import {ResultCodes} from "../machine/ResultCodes.sol";
import {Signatures} from "../machine/Signatures.sol";
import {SlotCodec} from "../machine/SlotCodec.sol";
import {Account, Globals, Key, Market, Order, Slots, Withdrawal} from "../machine/Slots.sol";
import {States} from "../machine/State.sol";
import {Slot, State, StateTree} from "../machine/StateTree.sol";
import {TypedData} from "../machine/TypedData.sol";
import {Cancel, CancelAll, CancelAuth, RevokeKey, SetKey, SetMode, Transfer, Wire, Withdraw} from "../machine/Wire.sol";
import {Executor} from "./Executor.sol";

/// @title AccountExecutor
/// @notice Judge of the transactions of one account: Deposit, Withdraw, Transfer, SetKey, RevokeKey, SetMode, Cancel, CancelAll,
/// CollectFees (docs/specification.md, section 6.2).
contract AccountExecutor is Executor {
    using States for State;

    /// @notice EIP-712 domain separator of the deployment.
    bytes32 public immutable DOMAIN_SEPARATOR;
    /// @notice The only sender whose deposits count.
    address public immutable BRIDGE;
    IMarginEngine public immutable MARGIN_ENGINE;

    uint256 private constant DEPOSIT_LENGTH = 40;

    /// @param chainId Chain of the deployment.
    /// @param inbox RollupInbox, the verifying contract of everything that users sign.
    /// @param bridge Bridge.
    /// @param marginEngine MarginEngine.
    constructor(uint256 chainId, address inbox, address bridge, IMarginEngine marginEngine) {
        DOMAIN_SEPARATOR = TypedData.domainSeparator(chainId, inbox);
        BRIDGE = bridge;
        MARGIN_ENGINE = Assessment.requireCode(marginEngine);
    }

    /// @inheritdoc Executor
    function _dispatch(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata item
    ) internal view override returns (uint8) {
        if (context.kind == Inputs.KIND_DEPOSIT) return _deposit(context, state, item);
        uint8 transactionType = Wire.typeOf(item);
        if (context.kind == 0 || Execution.isForced(context)) {
            if (transactionType == Wire.TX_WITHDRAW) return _withdraw(context, state, item);
            if (transactionType == Wire.TX_TRANSFER) return _transfer(context, state, item);
            if (transactionType == Wire.TX_SET_KEY) return _setKey(context, state, item);
            if (transactionType == Wire.TX_REVOKE_KEY) return _revokeKey(context, state, item);
            if (transactionType == Wire.TX_SET_MODE) return _setMode(context, state, item);
            if (transactionType == Wire.TX_CANCEL) return _cancel(context, state, item);
            if (transactionType == Wire.TX_CANCEL_ALL) return _cancelAll(context, state, item);
            if (transactionType == Wire.TX_COLLECT_FEES) return _collectFees(state, item);
        }
        revert NotMine(context.kind, transactionType);
    }

    /// @dev Deposit message of the Bridge: account u32 ‖ owner address ‖ amount u128.
    function _deposit(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata payload
    ) private view returns (uint8) {
        if (context.sender != BRIDGE) return ResultCodes.WrongSender;
        if (payload.length != DEPOSIT_LENGTH) return ResultCodes.Malformed;
        uint32 id = uint32(bytes4(payload[0:4]));
        address owner = address(bytes20(payload[4:24]));
        uint256 amount = uint128(bytes16(payload[24:40]));
        // INVARIANT: a deposit is below 2^64, so that no sum of deposits exceeds 128 bits, whatever the Bridge sends.
        if (amount > type(uint64).max) return ResultCodes.Malformed;
        if (amount == 0) return ResultCodes.AmountZero;
        (Slot memory slot, Account memory account) = state.openAccount(id);
        if (!slot.exists) account.owner = owner;
        else if (account.owner != owner) return ResultCodes.OwnerMismatch;
        uint256 repaid = Execution.credit(account, amount);
        state.writeAccount(slot, account);
        Execution.addToFund(state, repaid);
        return ResultCodes.OK;
    }

    /// @dev Withdraw to the owner or to an allow-listed address.
    function _withdraw(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata item
    ) private view returns (uint8 code) {
        (bool valid, Withdraw memory transaction) = Wire.decodeWithdraw(
            item,
            context.timeBase,
            Execution.isForced(context)
        );
        if (!valid) return ResultCodes.Malformed;
        if (transaction.amount == 0) return ResultCodes.AmountZero;
        if (transaction.payee > Constants.MAX_KEYS) return ResultCodes.Malformed;
        code = Authority.spendNonce(context, state, transaction.account, transaction.auth);
        if (code != ResultCodes.OK) return code;
        address recipient;
        if (transaction.payee != 0) {
            (bool usable, , Key memory payee) = Execution.useKey(
                state,
                context.l2Time,
                transaction.account,
                transaction.payee,
                Slots.SCOPE_PAYEE
            );
            if (!usable) return ResultCodes.KeyInvalid;
            recipient = payee.signer;
        }
        (Slot memory slot, Account memory account) = state.openAccount(transaction.account);
        if (transaction.payee == 0) recipient = account.owner;
        code = Authority.authorize(
            context,
            slot,
            account,
            transaction.auth,
            TypedData.withdrawDigest(DOMAIN_SEPARATOR, transaction, recipient)
        );
        if (code != ResultCodes.OK) return code;
        code = _pay(context, state, slot, account, transaction.amount);
        if (code != ResultCodes.OK) return code;
        (Slot memory globalsSlot, Globals memory globals) = state.openGlobals();
        uint64 number = globals.withdrawals;
        // SAFETY: each withdrawal takes a step, so the count cannot overflow.
        globals.withdrawals = number + 1;
        state.writeGlobals(globalsSlot, globals);
        state.insertWithdrawal(
            number,
            SlotCodec.encodeWithdrawal(Withdrawal(transaction.account, recipient, transaction.amount))
        );
    }

    /// @dev Transfer of cash between accounts.
    function _transfer(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata item
    ) private view returns (uint8 code) {
        (bool valid, Transfer memory transaction) = Wire.decodeTransfer(
            item,
            context.timeBase,
            Execution.isForced(context)
        );
        if (!valid) return ResultCodes.Malformed;
        if (transaction.amount == 0) return ResultCodes.AmountZero;
        code = Authority.spendNonce(context, state, transaction.from, transaction.auth);
        if (code != ResultCodes.OK) return code;
        (Slot memory slot, Account memory account) = state.openAccount(transaction.from);
        bytes32 digest = TypedData.transferDigest(DOMAIN_SEPARATOR, transaction);
        code = Authority.authorize(context, slot, account, transaction.auth, digest);
        if (code != ResultCodes.OK) return code;
        code = _pay(context, state, slot, account, transaction.amount);
        if (code != ResultCodes.OK) return code;
        // SAFETY: opened after the payer was written, so a transfer to oneself sees its own debit.
        (slot, account) = state.openAccount(transaction.to);
        if (!slot.exists) return ResultCodes.AccountUnknown;
        uint256 repaid = Execution.credit(account, transaction.amount);
        state.writeAccount(slot, account);
        Execution.addToFund(state, repaid);
    }

    /// @dev SetKey: a session key or a payee.
    function _setKey(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata item
    ) private view returns (uint8 code) {
        (bool valid, SetKey memory transaction) = Wire.decodeSetKey(
            item,
            context.timeBase,
            Execution.isForced(context)
        );
        if (!valid || !_isKeyIndex(transaction.index) || transaction.signer == address(0)) return ResultCodes.Malformed;
        if (transaction.scope == 0 || transaction.scope > Slots.SCOPE_ALL) return ResultCodes.Malformed;
        code = Authority.spendNonce(context, state, transaction.account, transaction.auth);
        if (code != ResultCodes.OK) return code;
        (Slot memory accountSlot, Account memory account) = state.openAccount(transaction.account);
        bytes32 digest = TypedData.setKeyDigest(DOMAIN_SEPARATOR, transaction);
        code = Authority.authorize(context, accountSlot, account, transaction.auth, digest);
        if (code != ResultCodes.OK) return code;
        (Slot memory slot, Key memory key) = state.openKey(transaction.account, transaction.index);
        key.signer = transaction.signer;
        key.scope = transaction.scope;
        key.expiry = transaction.expiry;
        key.budget = transaction.budget;
        key.epoch = _nextEpoch(key.epoch);
        state.writeKey(slot, key);
    }

    /// @dev RevokeKey. Orders that the key signed are void from now on.
    function _revokeKey(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata item
    ) private view returns (uint8 code) {
        (bool valid, RevokeKey memory transaction) = Wire.decodeRevokeKey(
            item,
            context.timeBase,
            Execution.isForced(context)
        );
        if (!valid || !_isKeyIndex(transaction.index)) return ResultCodes.Malformed;
        code = Authority.spendNonce(context, state, transaction.account, transaction.auth);
        if (code != ResultCodes.OK) return code;
        (Slot memory accountSlot, Account memory account) = state.openAccount(transaction.account);
        bytes32 digest = TypedData.revokeKeyDigest(DOMAIN_SEPARATOR, transaction);
        code = Authority.authorize(context, accountSlot, account, transaction.auth, digest);
        if (code != ResultCodes.OK) return code;
        (Slot memory slot, Key memory key) = state.openKey(transaction.account, transaction.index);
        // An absent key has scope zero, like a revoked one.
        if (key.scope == 0) return ResultCodes.KeyInvalid;
        Key memory revoked;
        revoked.epoch = _nextEpoch(key.epoch);
        state.writeKey(slot, revoked);
    }

    /// @dev SetMode: how the account's requirement is computed from now on. The markets in which it holds shorts gain or lose exposure.
    function _setMode(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata item
    ) private view returns (uint8 code) {
        (bool valid, SetMode memory transaction) = Wire.decodeSetMode(
            item,
            context.timeBase,
            Execution.isForced(context)
        );
        if (!valid) return ResultCodes.Malformed;
        code = Authority.spendNonce(context, state, transaction.account, transaction.auth);
        if (code != ResultCodes.OK) return code;
        (Slot memory slot, Account memory account) = state.openAccount(transaction.account);
        bytes32 digest = TypedData.setModeDigest(DOMAIN_SEPARATOR, transaction);
        code = Authority.authorize(context, slot, account, transaction.auth, digest);
        if (code != ResultCodes.OK) return code;
        if (account.debt != 0) return ResultCodes.AccountInDebt;
        if (account.mode == transaction.mode) return ResultCodes.ModeInvalid;
        if (account.auction != 0) return ResultCodes.AuctionRunning;
        account.mode = transaction.mode;
        Peeks memory peeks = Assessment.begin(context.l2Time);
        Assessment.open(state, peeks, account.mode, account.positions);
        if (Assessment.restsOnStaleAnchor(peeks, account)) return ResultCodes.AnchorStale;
        if (Assessment.excessOf(peeks, MARGIN_ENGINE, account) < 0) return ResultCodes.InsufficientMargin;
        state.writeAccount(slot, account);
        return _moveExposure(state, account);
    }

    /// @dev Adds the shorts of an account to the exposure of their markets, or takes them out, after a change of its mode.
    function _moveExposure(State memory state, Account memory account) private pure returns (uint8) {
        uint256[] memory positions = account.positions;
        bool joins = account.mode == Constants.MODE_STANDARD;
        Market[] memory changed = new Market[](Constants.MAX_EXPIRIES);
        uint256 count;
        uint256 last = type(uint256).max;
        for (uint256 i; i < positions.length; ++i) {
            uint256 id = Positions.elementAt(positions, i) >> 248;
            if (id == last) continue;
            last = id;
            uint256 quantity = Positions.shortQuantity(positions, uint8(id));
            if (quantity == 0) continue;
            // INVARIANT: positions have at most MAX_EXPIRIES distinct (market, expiry), so at most as many markets.
            changed[count++] = Execution.shiftExposure(state, uint8(id), joins ? int256(quantity) : -int256(quantity));
        }
        if (!joins || count == 0) return ResultCodes.OK;
        (, Globals memory globals) = state.openGlobals();
        for (uint256 i; i < count; ++i) {
            if (Execution.exceedsCap(changed[i], globals.fund)) return ResultCodes.ExposureCap;
        }
        return ResultCodes.OK;
    }

    /// @dev Cancel of one order, whether the state has seen it or not: its nonce is spent.
    function _cancel(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata item
    ) private view returns (uint8) {
        bool forced = Execution.isForced(context);
        (bool valid, Cancel memory transaction) = Wire.decodeCancel(item, context.timeBase, forced);
        if (!valid) return ResultCodes.Malformed;
        if (!forced && transaction.auth.deadline < context.l2Time) return ResultCodes.Expired;
        (Slot memory slot, Order memory order) = state.openOrder(transaction.account, transaction.nonce);
        if (slot.exists && order.nonce > transaction.nonce) return ResultCodes.NonceRetired;
        if (slot.exists && order.nonce == transaction.nonce && Slots.isSpent(order)) return ResultCodes.NonceUsed;
        StateTree.write(state, slot, SlotCodec.encodeSpent(transaction.nonce));

        (bool usable, address signer) = _cancelKey(context, state, transaction.account, transaction.auth);
        if (!usable) return ResultCodes.KeyInvalid;
        (Slot memory accountSlot, Account memory account) = state.openAccount(transaction.account);
        if (!accountSlot.exists) return ResultCodes.AccountUnknown;
        if (forced && context.sender != account.owner) return ResultCodes.NotOwner;
        if (!Execution.inWindow(account, transaction.nonce)) return ResultCodes.NonceOutOfWindow;
        if (forced) return ResultCodes.OK;
        bytes32 digest = TypedData.cancelDigest(DOMAIN_SEPARATOR, transaction);
        if (transaction.auth.keyIndex == 0) signer = account.owner;
        if (!Signatures.signedBy(digest, transaction.auth.signature, signer)) return ResultCodes.BadSignature;
        return ResultCodes.OK;
    }

    /// @dev CancelAll: raises the floor. It only rises, so it serves as its own nonce.
    function _cancelAll(
        ExecutionContext calldata context,
        State memory state,
        bytes calldata item
    ) private view returns (uint8) {
        bool forced = Execution.isForced(context);
        (bool valid, CancelAll memory transaction) = Wire.decodeCancelAll(item, context.timeBase, forced);
        if (!valid) return ResultCodes.Malformed;
        if (!forced && transaction.auth.deadline < context.l2Time) return ResultCodes.Expired;

        (bool usable, address signer) = _cancelKey(context, state, transaction.account, transaction.auth);
        if (!usable) return ResultCodes.KeyInvalid;
        (Slot memory slot, Account memory account) = state.openAccount(transaction.account);
        if (!slot.exists) return ResultCodes.AccountUnknown;
        if (forced) {
            if (context.sender != account.owner) return ResultCodes.NotOwner;
        } else {
            bytes32 digest = TypedData.cancelAllDigest(DOMAIN_SEPARATOR, transaction);
            if (transaction.auth.keyIndex == 0) signer = account.owner;
            if (!Signatures.signedBy(digest, transaction.auth.signature, signer)) return ResultCodes.BadSignature;
        }
        if (transaction.floor <= account.floor || transaction.floor > uint256(account.floor) + Constants.NONCE_WINDOW)
            return ResultCodes.FloorInvalid;
        account.floor = transaction.floor;
        state.writeAccount(slot, account);
        return ResultCodes.OK;
    }

    /// @dev CollectFees: moves the collected fees to the fee account. The item is its type byte alone.
    function _collectFees(State memory state, bytes calldata item) private pure returns (uint8) {
        if (item.length != 1) return ResultCodes.Malformed;
        (Slot memory globalsSlot, Globals memory globals) = state.openGlobals();
        uint256 fees = globals.fees;
        if (fees == 0) return ResultCodes.NothingToCollect;
        globals.fees = 0;
        state.writeGlobals(globalsSlot, globals);
        (Slot memory slot, Account memory account) = state.openAccount(Constants.FEE_ACCOUNT);
        if (!slot.exists) return ResultCodes.AccountUnknown;
        uint256 repaid = Execution.credit(account, fees);
        state.writeAccount(slot, account);
        Execution.addToFund(state, repaid);
        return ResultCodes.OK;
    }

    /// @dev The session key that signed a cancellation. Usable and zero if the owner signed, or the authority is an L1 sender.
    function _cancelKey(
        ExecutionContext calldata context,
        State memory state,
        uint32 account,
        CancelAuth memory auth
    ) private pure returns (bool usable, address signer) {
        if (auth.keyIndex == 0) return (true, address(0));
        Key memory key;
        (usable, , key) = Execution.useKey(
            state,
            context.l2Time,
            account,
            auth.keyIndex,
            Slots.SCOPE_CANCEL | Slots.SCOPE_TRADE
        );
        signer = key.signer;
    }

    /// @dev Takes `amount` from an account that may give it, and writes the account.
    function _pay(
        ExecutionContext calldata context,
        State memory state,
        Slot memory slot,
        Account memory account,
        uint64 amount
    ) private view returns (uint8) {
        if (account.debt != 0) return ResultCodes.AccountInDebt;
        if (amount > account.cash) return ResultCodes.InsufficientCash;
        account.cash -= amount;
        Peeks memory peeks = Assessment.begin(context.l2Time);
        if (Assessment.initialExcess(state, peeks, MARGIN_ENGINE, account) < 0) return ResultCodes.InsufficientMargin;
        // What covers the initial requirement needs no auction.
        account.auction = 0;
        state.writeAccount(slot, account);
        return ResultCodes.OK;
    }

    function _isKeyIndex(uint8 index) private pure returns (bool) {
        return index != 0 && index <= Constants.MAX_KEYS;
    }

    /// @dev The count of changes wraps around rather than making a key that cannot be changed any more; that takes 2^32 changes.
    function _nextEpoch(uint32 epoch) private pure returns (uint32) {
        // SAFETY: wraps, see above.
        unchecked {
            return epoch + 1;
        }
    }
}
