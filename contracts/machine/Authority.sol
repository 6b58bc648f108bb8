// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExecutionContext} from "../interfaces/IExecutor.sol";
import {Execution} from "./Execution.sol";
import {ResultCodes} from "./ResultCodes.sol";
import {Signatures} from "./Signatures.sol";
import {SlotCodec} from "./SlotCodec.sol";
import {Account, Order} from "./Slots.sol";
import {States} from "./State.sol";
import {Slot, State, StateTree} from "./StateTree.sol";
import {OwnerAuth} from "./Wire.sol";

/// @title Authority
/// @notice Who may act for an account, and once only (docs/specification.md, section 6.2).
library Authority {
    using States for State;

    /// @notice Uses up the nonce of a transaction that the owner of `account` signs; forced ones have none.
    function spendNonce(
        ExecutionContext calldata context,
        State memory state,
        uint32 account,
        OwnerAuth memory auth
    ) internal pure returns (uint8) {
        if (Execution.isForced(context)) return ResultCodes.OK;
        if (auth.deadline < context.l2Time) return ResultCodes.Expired;
        (Slot memory slot, Order memory order) = state.openOrder(account, auth.nonce);
        if (slot.exists && order.nonce > auth.nonce) return ResultCodes.NonceRetired;
        if (slot.exists && order.nonce == auth.nonce) return ResultCodes.NonceUsed;
        StateTree.write(state, slot, SlotCodec.encodeSpent(auth.nonce));
        return ResultCodes.OK;
    }

    /// @notice Whether the account that was opened exists, and its owner signed `digest` or is the L1 sender.
    function authorize(
        ExecutionContext calldata context,
        Slot memory slot,
        Account memory account,
        OwnerAuth memory auth,
        bytes32 digest
    ) internal view returns (uint8) {
        if (!slot.exists) return ResultCodes.AccountUnknown;
        if (Execution.isForced(context)) {
            return context.sender == account.owner ? ResultCodes.OK : ResultCodes.NotOwner;
        }
        if (!Execution.inWindow(account, auth.nonce)) return ResultCodes.NonceOutOfWindow;
        if (!Signatures.signedBy(digest, auth.signature, account.owner)) return ResultCodes.BadSignature;
        return ResultCodes.OK;
    }
}
