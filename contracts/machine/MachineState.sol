// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Tags} from "./Tags.sol";

/// @notice State of the machine between two steps (specification, section 2.3).
///
/// | bytes | field     | meaning                                          |
/// | ----- | --------- | ------------------------------------------------ |
/// | 1     | tag       | 0x04                                             |
/// | 32    | stateRoot | root of the tree of slots                        |
/// | 8     | batch     | index of the batch being read                    |
/// | 8     | message   | number of messages read                          |
/// | 4     | offset    | position in the batch's payload                  |
/// | 4     | items     | item steps taken from the batch                  |
/// | 2     | part      | position inside a Settle of several accounts     |
/// | 8     | l2Time    | L2 time, seconds since 1970                      |
struct MachineState {
    bytes32 stateRoot;
    uint64 batch;
    uint64 message;
    uint32 offset;
    uint32 items;
    uint16 part;
    uint64 l2Time;
}

using MachineStates for MachineState global;

/// @title MachineStates
library MachineStates {
    function hash(MachineState memory state) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(
                    Tags.MACHINE_STATE,
                    state.stateRoot,
                    state.batch,
                    state.message,
                    state.offset,
                    state.items,
                    state.part,
                    state.l2Time
                )
            );
    }
}
