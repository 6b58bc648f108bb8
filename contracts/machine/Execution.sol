// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExecutionContext} from "../interfaces/IExecutor.sol";
import {Constants} from "./Constants.sol";
import {Inputs} from "./Inputs.sol";
import {Positions} from "./Positions.sol";
import {Anchors, Requirement} from "./Requirement.sol";
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

    /// @notice Peeks the market of every position in ascending order, but for those that the step has peeked already.
    function peekMarkets(State memory state, Anchors memory anchors, uint256[] memory positions) internal pure {
        uint256 last = type(uint256).max;
        for (uint256 i; i < positions.length; ++i) {
            uint256 id = Positions.elementAt(positions, i) >> 248;
            if (id != last && anchors.entries[id] == 0) {
                (, Market memory market) = state.openMarket(uint8(id));
                anchors.entries[id] = uint256(market.anchor) + 1;
            }
            last = id;
        }
    }

    /// @notice Cash less debt less the requirement, in 1e-6 USDC. The markets of the positions must have been peeked.
    function excess(Account memory account, Anchors memory anchors) internal pure returns (int256) {
        // SAFETY: requirements are below 2^180, see there.
        return
            int256(uint256(account.cash)) -
            int256(uint256(account.debt)) -
            int256(Requirement.requirementUp(account.positions, anchors));
    }

    /// @notice The amount in the width of the state.
    function toU128(uint256 amount) internal pure returns (uint128) {
        // INVARIANT: nothing but deposits creates cash, which are below 2^64 and fewer than 2^64; debts and pools are bounded by the
        // number and the size of the positions (2^32 · 2^6 · 2^50 · 2^39 / 1e4 < 2^114).
        if (amount > type(uint128).max) revert AmountOverflow(amount);
        return uint128(amount);
    }
}
