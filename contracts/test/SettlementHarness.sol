// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {PriceFixing} from "../settlement/PriceFixing.sol";

/// @title SettlementHarness
/// @notice PriceFixing at any time of a test's choosing, and an inbox that keeps what it is given.
contract SettlementHarness {
    event Enqueued(address indexed sender, uint8 kind, bytes payload);

    /// @notice Number of messages.
    uint64 public count;

    /// @notice Takes a message.
    function enqueue(uint8 kind, bytes calldata payload) external returns (uint64) {
        emit Enqueued(msg.sender, kind, payload);
        return count++;
    }

    /// @notice PriceFixing.settlementPrice.
    function settlementPrice(
        IAggregatorV3 feed,
        uint16 phaseBase,
        uint8 decimals,
        uint32 tick,
        uint16 day,
        uint256 nowTime,
        uint64[] calldata starts
    ) external view returns (PriceFixing.Fixing memory) {
        PriceFixing.Source memory source = PriceFixing.Source(feed, phaseBase, decimals, tick);
        return PriceFixing.settlementPrice(source, day, nowTime, starts);
    }

    /// @notice PriceFixing.toPrice.
    function toPrice(uint256 weighted, uint256 span, uint8 decimals, uint32 tick) external pure returns (uint64) {
        return PriceFixing.toPrice(weighted, span, decimals, tick);
    }
}
