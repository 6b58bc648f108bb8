// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IAggregatorV3
/// @notice What Tenor reads of a Chainlink price feed proxy.
/// @dev A round id is `phase u16 ‖ aggregator round u64`. The proxy hands `getRoundData` on to the aggregator of the phase.
///      A round that does not exist reverts ("No data present") or comes back as zeros, depending on the aggregator.
interface IAggregatorV3 {
    /// @notice The round `roundId`.
    /// @param roundId Phase and aggregator round.
    /// @return id The round id.
    /// @return answer The price in units of 10^-decimals.
    /// @return startedAt When the round was begun, or observed.
    /// @return updatedAt When the answer was recorded, the time of the block.
    /// @return answeredInRound The round in which the answer was computed; lower than `roundId` for a carried-over answer.
    function getRoundData(
        uint80 roundId
    ) external view returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// @notice The latest round of the current phase.
    /// @return id The round id.
    /// @return answer The price in units of 10^-decimals.
    /// @return startedAt When the round was begun, or observed.
    /// @return updatedAt When the answer was recorded, the time of the block.
    /// @return answeredInRound The round in which the answer was computed.
    function latestRoundData()
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// @notice Decimals of the answers.
    /// @return The number of decimals.
    function decimals() external view returns (uint8);

    /// @notice The current phase; it grows by one when the aggregator is replaced and never falls.
    /// @return The phase.
    function phaseId() external view returns (uint16);
}
