// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExecutionContext} from "../interfaces/IExecutor.sol";
import {Constants} from "./Constants.sol";
import {Inputs} from "./Inputs.sol";
import {Account, Globals, Key, Market} from "./Slots.sol";
import {States} from "./State.sol";
import {Slot, State} from "./StateTree.sol";

/// @title Execution
/// @notice Parts that several transactions have in common (docs/specification.md, section 6.1).
library Execution {
    using States for State;

    /// @notice An amount does not fit 128 bits. Amounts are sums of deposits, each below 2^64, so no machine gets there.
    error AmountOverflow(uint256 amount);

    /// @notice Whether the authority is the sender of a message on L1.
    function isForced(ExecutionContext calldata context) internal pure returns (bool) {
        return context.kind == Inputs.KIND_FORCED;
    }

    /// @notice Whether `nonce` lies in the account's window.
    function inWindow(Account memory account, uint64 nonce) internal pure returns (bool) {
        return nonce >= account.floor && nonce < uint256(account.floor) + Constants.NONCE_WINDOW;
    }

    /// @notice Opens a session key. `valid` if it has one of the scopes, is not revoked and has not expired at `l2Time`.
    /// @dev SAFETY: a revoked key has no scope, so the scope check covers it, and absent keys.
    function useKey(
        State memory state,
        uint256 l2Time,
        uint32 account,
        uint8 index,
        uint8 scopes
    ) internal pure returns (bool valid, Slot memory slot, Key memory key) {
        (slot, key) = state.openKey(account, index);
        valid = key.scope & scopes != 0 && key.expiry >= l2Time;
    }

    /// @notice Adds `amount` to an account; its debt is served first. `repaid` belongs to the insurance fund.
    function credit(Account memory account, uint256 amount) internal pure returns (uint256 repaid) {
        repaid = account.debt < amount ? account.debt : amount;
        account.debt -= toU128(repaid);
        account.cash = toU128(account.cash + amount - repaid);
    }

    /// @notice Adds `amount` to the insurance fund; opens nothing if that is zero.
    function addToFund(State memory state, uint256 amount) internal pure {
        if (amount == 0) return;
        (Slot memory slot, Globals memory globals) = state.openGlobals();
        globals.fund = toU128(globals.fund + amount);
        state.writeGlobals(slot, globals);
    }

    /// @notice Changes a market's exposure. `change` is not zero.
    function shiftExposure(State memory state, uint8 id, int256 change) internal pure returns (Market memory market) {
        Slot memory slot;
        (slot, market) = state.openMarket(id);
        // INVARIANT: the exposure is the sum of the short quantities on standard margin, so it neither falls below zero nor exceeds
        // the number and the size of the positions (2^32 · 2^6 · 2^50 = 2^88).
        unchecked {
            market.exposure = uint128(uint256(int256(uint256(market.exposure)) + change));
        }
        state.writeMarket(slot, market);
    }

    /// @notice Whether a market's exposure is more than `fund` backs, at its spot or its anchor, whichever is higher: before the first report
    /// there is no spot, and the cap must hold all the same.
    function exceedsCap(Market memory market, uint256 fund) internal pure returns (bool) {
        uint256 price = market.spot > market.anchor ? market.spot : market.anchor;
        // SAFETY: 128 and 64 bits; 32, 128 and 14 bits.
        unchecked {
            return uint256(market.exposure) * price > uint256(market.exposureMultiple) * fund * Constants.PRICE_TO_CASH;
        }
    }

    /// @notice The amount in the width of the state.
    function toU128(uint256 amount) internal pure returns (uint128) {
        // INVARIANT: nothing but deposits creates cash, which are below 2^64 and fewer than 2^64; debts and pools are bounded by the
        // number and the size of the positions (2^32 · 2^6 · 2^50 · 2^39 / 1e4 < 2^114).
        if (amount > type(uint128).max) revert AmountOverflow(amount);
        return uint128(amount);
    }
}
