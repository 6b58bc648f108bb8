// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InputEvidence, IOneStepProver, StepContext} from "../interfaces/IOneStepProver.sol";
import {MachineState} from "../machine/MachineState.sol";

/// @title ProverHarness
/// @notice Runs many steps in one call, for tests that compare thousands of them with the TypeScript machine.
contract ProverHarness {
    struct Step {
        MachineState pre;
        InputEvidence input;
        bytes witness;
    }

    /// @dev `accepted` is whether the evidence was; otherwise `revertData` is the prover's error. `gasUsed` is that of the call.
    struct Verdict {
        bool accepted;
        bytes32 postHash;
        uint8 outcome;
        uint8 code;
        uint256 gasUsed;
        bytes revertData;
    }

    /// @dev A change of a witness: at `offset`, `remove` bytes are taken out and `insert` is put in.
    struct Patch {
        uint32 offset;
        uint32 remove;
        bytes insert;
    }

    error FalseVerdict(uint256 gasLimit, bytes32 actual, bytes32 expected);

    /// @dev What a transaction may take (EIP-7825). A point evaluation that fails takes all that it is given, so without a bound a
    /// few spoiled proofs would leave nothing for the steps after them.
    uint256 private constant STEP_GAS = 2 ** 24;

    IOneStepProver public immutable PROVER;

    constructor(IOneStepProver prover) {
        PROVER = prover;
    }

    /// @notice Runs each step against the same context, whatever becomes of the others.
    function stepMany(
        StepContext calldata context,
        Step[] calldata steps
    ) external view returns (Verdict[] memory verdicts) {
        verdicts = new Verdict[](steps.length);
        for (uint256 i; i < steps.length; ++i) {
            verdicts[i] = _step(context, steps[i]);
        }
    }

    /// @notice Runs each step once for each patch of its witness, so that thousands of spoiled witnesses fit in a call. Returns the
    /// prover's error for each, or nothing where the evidence was accepted; step by step, patch by patch.
    function stepPatched(
        StepContext calldata context,
        Step[] calldata steps,
        Patch[][] calldata patches
    ) external view returns (bytes4[] memory errors) {
        uint256 count;
        for (uint256 i; i < steps.length; ++i) count += patches[i].length;
        errors = new bytes4[](count);
        count = 0;
        for (uint256 i; i < steps.length; ++i) {
            Step calldata one = steps[i];
            for (uint256 j; j < patches[i].length; ++j) {
                Patch calldata patch = patches[i][j];
                bytes memory witness = bytes.concat(
                    one.witness[:patch.offset],
                    patch.insert,
                    one.witness[patch.offset + patch.remove:]
                );
                try PROVER.step{gas: STEP_GAS}(context, one.pre, one.input, witness) returns (
                    bytes32,
                    MachineState memory,
                    uint8,
                    uint8
                ) {} catch (bytes memory revertData) {
                    // A failure without a selector, such as a lack of gas, is not an error that the prover declares.
                    errors[count] = revertData.length < 4 ? bytes4(0x00000001) : bytes4(revertData);
                }
                ++count;
            }
        }
    }

    /// @notice Runs one step with every amount of gas from `low` to `high` in steps of `stride`, and demands that each call gives the
    /// verdict of an unlimited one or reverts.
    /// @return proven Calls that gave the verdict.
    /// @return refused Calls that reverted.
    function stepStarved(
        StepContext calldata context,
        Step calldata one,
        uint256 low,
        uint256 high,
        uint256 stride
    ) external view returns (uint256 proven, uint256 refused) {
        Verdict memory full = _step(context, one);
        for (uint256 limit = low; limit <= high; limit += stride) {
            try PROVER.step{gas: limit}(context, one.pre, one.input, one.witness) returns (
                bytes32 postHash,
                MachineState memory,
                uint8,
                uint8
            ) {
                if (postHash != full.postHash) revert FalseVerdict(limit, postHash, full.postHash);
                ++proven;
            } catch {
                ++refused;
            }
        }
    }

    function _step(StepContext calldata context, Step calldata one) private view returns (Verdict memory verdict) {
        uint256 gasBefore = gasleft();
        try PROVER.step{gas: STEP_GAS}(context, one.pre, one.input, one.witness) returns (
            bytes32 postHash,
            MachineState memory,
            uint8 outcome,
            uint8 code
        ) {
            verdict.gasUsed = gasBefore - gasleft();
            verdict.accepted = true;
            verdict.postHash = postHash;
            verdict.outcome = outcome;
            verdict.code = code;
        } catch (bytes memory revertData) {
            verdict.gasUsed = gasBefore - gasleft();
            verdict.revertData = revertData;
        }
    }
}
