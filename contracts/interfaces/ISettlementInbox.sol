// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ISettlementInbox
/// @notice What OptionsSettlement needs of the inbox: to append a message.
interface ISettlementInbox {
    /// @notice Appends a message whose sender is the caller.
    /// @param kind Message kind of specification section 3.
    /// @param payload The payload.
    /// @return index The message's index.
    function enqueue(uint8 kind, bytes calldata payload) external returns (uint64 index);
}
