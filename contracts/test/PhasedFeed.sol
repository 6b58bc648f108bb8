// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";

/// @title PhasedFeed
/// @notice A price feed proxy for tests: several phases whose rounds are loaded in bulk, may be of any kind, and may change.
contract PhasedFeed is IAggregatorV3 {
    /// @dev One word: answer int152 ‖ updatedAt u40 ‖ answeredInRound u64.
    struct Stored {
        int152 answer;
        uint40 updatedAt;
        uint64 answeredIn;
    }

    /// @inheritdoc IAggregatorV3
    uint16 public phaseId;
    /// @inheritdoc IAggregatorV3
    uint8 public decimals;
    /// @notice Whether a missing round comes back as zeros instead of reverting, by phase.
    mapping(uint16 phase => bool) public zeros;
    /// @notice How much gas the feed burns before it answers.
    uint256 public burn;
    /// @notice Whether rounds come back with a foreign id.
    bool public foreignIds;
    /// @notice Whether an answer is cut short.
    bool public truncated;
    /// @notice A round that is missing although later ones exist, as a proxy id.
    uint80 public hidden;

    mapping(uint16 phase => Stored[]) private rounds;

    constructor(uint8 decimals_, uint16 phase) {
        decimals = decimals_;
        phaseId = phase;
    }

    /// @notice Appends rounds to a phase.
    function load(uint16 phase, Stored[] calldata more) external {
        for (uint256 i = 0; i < more.length; ++i) rounds[phase].push(more[i]);
    }

    /// @notice Replaces a round.
    function change(uint16 phase, uint64 number, Stored calldata round) external {
        rounds[phase][number - 1] = round;
    }

    /// @notice Makes another phase the current one.
    function switchTo(uint16 phase) external {
        phaseId = phase;
    }

    /// @notice Sets the decimals.
    function setDecimals(uint8 decimals_) external {
        decimals = decimals_;
    }

    /// @notice Chooses how missing rounds of a phase come back.
    function setZeros(uint16 phase, bool on) external {
        zeros[phase] = on;
    }

    /// @notice Chooses the oddities of the feed.
    function setOddities(uint256 burn_, bool foreignIds_, bool truncated_, uint80 hidden_) external {
        burn = burn_;
        foreignIds = foreignIds_;
        truncated = truncated_;
        hidden = hidden_;
    }

    /// @inheritdoc IAggregatorV3
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        uint256 count = rounds[phaseId].length;
        // solhint-disable-next-line gas-custom-errors
        require(count != 0, "No data present");
        return answerOf(phaseId, uint64(count));
    }

    /// @inheritdoc IAggregatorV3
    function getRoundData(uint80 roundId) external view returns (uint80, int256, uint256, uint256, uint80) {
        if (burn != 0) {
            uint256 stop = gasleft() - burn;
            while (gasleft() > stop) continue;
        }
        if (truncated) {
            assembly ("memory-safe") {
                return(0, 0x80)
            }
        }
        uint16 phase = uint16(roundId >> 64);
        uint64 number = uint64(roundId);
        if (number == 0 || number > rounds[phase].length || roundId == hidden) {
            // solhint-disable-next-line gas-custom-errors
            require(zeros[phase], "No data present");
            return (roundId, 0, 0, 0, roundId);
        }
        return answerOf(phase, number);
    }

    function answerOf(uint16 phase, uint64 number) private view returns (uint80, int256, uint256, uint256, uint80) {
        Stored memory round = rounds[phase][number - 1];
        uint80 base = uint80(phase) << 64;
        uint80 id = (foreignIds ? base + (1 << 64) : base) | number;
        return (id, round.answer, round.updatedAt, round.updatedAt, base | round.answeredIn);
    }
}
