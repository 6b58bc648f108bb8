// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SlotCodec} from "./SlotCodec.sol";
import {Account, Expiry, Globals, Key, Market, Order, Signers, Slots} from "./Slots.sol";
import {Slot, State, StateTree} from "./StateTree.sol";

/// @title States
/// @notice Typed access to the slots of the state. Each `open` reads one witness item; each `write` goes with the slot that was
/// opened last. An absent slot comes as its zero value; `slot.exists` tells.
library States {
    /// @notice A slot that exists from genesis is missing: no machine has such a state.
    error GlobalsMissing();
    /// @notice A withdrawal with the next number exists already: no machine has such a state.
    error WithdrawalExists(uint64 number);

    function openAccount(
        State memory state,
        uint32 id
    ) internal pure returns (Slot memory slot, Account memory account) {
        slot = StateTree.open(state, Slots.accountKey(id));
        if (slot.exists) account = SlotCodec.decodeAccount(StateTree.contentOf(slot));
    }

    function writeAccount(State memory state, Slot memory slot, Account memory account) internal pure {
        StateTree.write(state, slot, SlotCodec.encodeAccount(account));
    }

    function openOrder(
        State memory state,
        uint32 account,
        uint64 nonce
    ) internal pure returns (Slot memory slot, Order memory order) {
        slot = StateTree.open(state, Slots.orderKey(account, nonce));
        if (slot.exists) order = SlotCodec.decodeOrder(StateTree.contentOf(slot));
    }

    function writeOrder(State memory state, Slot memory slot, Order memory order) internal pure {
        StateTree.write(state, slot, SlotCodec.encodeOrder(order));
    }

    function openKey(
        State memory state,
        uint32 account,
        uint8 index
    ) internal pure returns (Slot memory slot, Key memory key) {
        slot = StateTree.open(state, Slots.keyKey(account, index));
        if (slot.exists) key = SlotCodec.decodeKey(StateTree.contentOf(slot));
    }

    function writeKey(State memory state, Slot memory slot, Key memory key) internal pure {
        StateTree.write(state, slot, SlotCodec.encodeKey(key));
    }

    function openMarket(State memory state, uint8 id) internal pure returns (Slot memory slot, Market memory market) {
        slot = StateTree.open(state, Slots.marketKey(id));
        if (slot.exists) market = SlotCodec.decodeMarket(StateTree.contentOf(slot));
    }

    function writeMarket(State memory state, Slot memory slot, Market memory market) internal pure {
        StateTree.write(state, slot, SlotCodec.encodeMarket(market));
    }

    /// @param id market u8 ‖ day u16
    function openExpiry(State memory state, uint24 id) internal pure returns (Slot memory slot, Expiry memory expiry) {
        slot = StateTree.open(state, Slots.expiryKey(id));
        if (slot.exists) expiry = SlotCodec.decodeExpiry(StateTree.contentOf(slot));
    }

    function writeExpiry(State memory state, Slot memory slot, Expiry memory expiry) internal pure {
        StateTree.write(state, slot, SlotCodec.encodeExpiry(expiry));
    }

    /// @param expiry market u8 ‖ day u16
    function openClaim(
        State memory state,
        uint24 expiry,
        uint32 account
    ) internal pure returns (Slot memory slot, uint128 amount) {
        slot = StateTree.open(state, Slots.claimKey(expiry, account));
        if (slot.exists) amount = SlotCodec.decodeClaim(StateTree.contentOf(slot));
    }

    function openGlobals(State memory state) internal pure returns (Slot memory slot, Globals memory globals) {
        slot = StateTree.open(state, Slots.globalsKey());
        // INVARIANT: Globals exists from genesis and is never taken out.
        if (!slot.exists) revert GlobalsMissing();
        globals = SlotCodec.decodeGlobals(StateTree.contentOf(slot));
    }

    function writeGlobals(State memory state, Slot memory slot, Globals memory globals) internal pure {
        StateTree.write(state, slot, SlotCodec.encodeGlobals(globals));
    }

    function openSigners(State memory state) internal pure returns (Slot memory slot, Signers memory signers) {
        slot = StateTree.open(state, Slots.signersKey());
        if (slot.exists) signers = SlotCodec.decodeSigners(StateTree.contentOf(slot));
    }

    function writeSigners(State memory state, Slot memory slot, Signers memory signers) internal pure {
        StateTree.write(state, slot, SlotCodec.encodeSigners(signers));
    }

    /// @notice Opens the slot of a new withdrawal, which must be absent, and writes it.
    function insertWithdrawal(State memory state, uint64 number, bytes memory content) internal pure {
        Slot memory slot = StateTree.open(state, Slots.withdrawalKey(number));
        // INVARIANT: numbers are given out once, in order.
        if (slot.exists) revert WithdrawalExists(number);
        StateTree.write(state, slot, content);
    }
}
