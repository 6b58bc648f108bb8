// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Node, Rivals} from "../game/GameClock.sol";
import {Position} from "../game/GameNode.sol";
import {MachineState} from "../machine/MachineState.sol";
import {InputEvidence, IOneStepProver, StepContext} from "./IOneStepProver.sol";
import {IRollupInbox} from "./IRollupInbox.sol";
import {IStateCommitmentChain} from "./IStateCommitmentChain.sol";

/// @notice A child of an open node.
struct Child {
    /// Root of its subtree.
    bytes32 span;
    /// The siblings on the way up to the node, from below.
    bytes32[] siblings;
}

/// @notice A node whose total is computed anew.
struct Update {
    Position position;
    bytes32 span;
    /// Its children that are nodes, all of them, by number.
    Child[] children;
}

/// @notice Shows which state lies before a leaf.
///
/// |        | leaf number 0                     | every other leaf                                                       |
/// | ------ | --------------------------------- | ---------------------------------------------------------------------- |
/// | outer  | id of the game's parent           | base without its last part                                             |
/// | inner  | history root of the game          | the last part: the left sibling that was passed last on the way down   |
/// | path   | empty                             | siblings of that part's last leaf, from below                          |
struct Predecessor {
    bytes32 outer;
    bytes32 inner;
    bytes32[] path;
}

/// @notice A recorded move, as {MoveRecorded} has it.
struct Move {
    bytes32 node;
    bytes32 rival;
    uint64 timestamp;
    uint128 amount;
}

/// @notice Shows that a node belongs to the history that won.
struct Place {
    uint8 level;
    uint32 index;
    bytes32 span;
    /// The siblings on the way up to the history's root or, if that is shorter, to the place shown before this one in the same claim, from
    /// below. Moves go down a history, so most places lie a few levels below the one before, or are the same.
    bytes32[] path;
}

/// @title IBisectionGame
/// @notice Decides between rival assertions, all against all, by narrowing them down to single steps. It knows nothing of what a step
/// means.
///
/// A game is about the children of one assertion, whose id names it. An assertion is the root node of its parent's game: no other
/// registration, no other stake. Moves carry no bond and can be made by anybody for anybody; a node is what it says, whoever
/// wrote it down. Two rivals that are both open part at exactly one child, and {descend} makes that child of each into a node. In the
/// end rivals are leaves, single states, and {prove} has the right one shown by the prover.
///
/// **Time.** Among nodes that contradict each other the earliest has the time until the next one came. A node's total is its own time
/// plus, since it is open, the smallest total of its children, and never more than the time for which it has been open: what the
/// children that nobody disputes have. Totals only rise.
///
/// # Safety
/// - A total is inherited from children alone, through ids that are computed here.
/// - A node has children only where it parts from a rival, so nobody can put anything below a node that its rivals agree with.
/// - A leaf is proven only by the machine's own step on the inbox's own input from a state that both sides agree on. A call that fails
///   for whatever reason proves nothing.
/// - Assumption: somebody makes the right moves within a delay that the challenge period allows for (docs/dispute.md).
///
/// # Liveness
/// - Nobody can stop a move, and none depends on another party's.
/// - A repeated move fails before anything expensive.
interface IBisectionGame {
    /// @notice Parameters that are fixed at deployment.
    struct Parameters {
        /// @dev It names this contract as its game.
        IStateCommitmentChain chain;
        /// @dev The chain's.
        IRollupInbox inbox;
        /// @dev A contract.
        IOneStepProver prover;
        /// @dev m: an opening cuts a node into 2^m children. 1 to 8.
        uint8 sectionBits;
        /// @dev Highest price of gas, in wei, at which moves are paid back. At most 10,000 gwei.
        uint64 refundPriceCap;
    }

    /// @notice What the prover is given as inputs of this game.
    event InputsRecorded(bytes32 indexed game, StepContext inputs);
    event Opened(bytes32 indexed game, bytes32 node, bytes32[] children);
    /// @notice The rivals `nodeA` and `nodeB` part at child number `index`, which is now a node of each.
    event Descended(bytes32 indexed game, bytes32 nodeA, bytes32 nodeB, uint256 index);
    event Proven(bytes32 indexed game, bytes32 node);
    /// @notice A move was made that is paid back if its side wins.
    /// @param node The node that it was made for; the game itself if it records the inputs.
    /// @param rival The other one of the pair; zero if there is none.
    /// @param amount Wei.
    event MoveRecorded(
        bytes32 indexed game,
        address indexed mover,
        bytes32 node,
        bytes32 rival,
        uint64 timestamp,
        uint128 amount
    );
    event RefundClaimed(bytes32 indexed game, address indexed mover, uint256 moves, uint256 amount);

    error GameMismatch(address actual, address expected);
    error InboxMismatch(address actual, address expected);
    error ProverMissing(address prover);
    error NotRivalled(bytes32 node);
    error NodeUnknown(bytes32 node);
    error NodeAlreadyOpen(bytes32 node);
    error NodeNotOpen(bytes32 node);
    error NodeIsLeaf(bytes32 node);
    error NodeIsNotLeaf(bytes32 node);
    error AlreadyProven(bytes32 node);
    error AlreadyDescended(bytes32 nodeA, bytes32 nodeB, uint256 index);
    error NoDifference(bytes32 child);
    error BaseMismatch(bytes32 baseA, bytes32 baseB);
    error InputsAlreadyRecorded(bytes32 game);
    error InputsMismatch(bytes32 actual, bytes32 expected);
    error PredecessorMismatch(bytes32 actual, bytes32 expected);
    error StepMismatch(bytes32 actual, bytes32 claimed);
    error NotConfirmed(bytes32 assertion);
    error MovesMismatch(bytes32 actual, bytes32 expected);
    error PlaceCountMismatch(uint256 actual, uint256 expected);
    error PlaceMismatch(bytes32 actual, bytes32 node, bytes32 rival);
    error ChildrenMismatch(uint256 actual, uint256 expected);
    error NothingToRefund(bytes32 game, address mover);
    error CallsOverlap(uint256 index);

    /// @notice Notes the inbox's roots for the proofs of this game, once it has rivals. Anybody may call, once: the sequences are
    /// append-only, so any roots since the range was complete serve as well as any others.
    function recordInputs(bytes32 game) external;

    /// @notice Opens an assertion that has rivals.
    /// @param endStateHash The assertion's.
    /// @param children The nodes m levels below its history root.
    function openRoot(bytes32 game, bytes32 endStateHash, bytes32 historyRoot, bytes32[] calldata children) external;

    /// @notice Opens a node below a root.
    /// @param children The nodes m levels below it, or its leaves if it has fewer levels.
    function open(Position calldata position, bytes32 span, bytes32[] calldata children) external;

    /// @notice Makes the children at which two open rivals part into nodes, or links them if they are nodes already.
    /// @param position The rivals'; which ones they are follows from their children.
    /// @param index Number of the child: the first one that differs.
    function descend(Position calldata position, uint256 index, Child calldata a, Child calldata b) external;

    /// @notice Has a leaf proven: the step from the state before it leads to it.
    /// @param pre The state before.
    /// @param inputs As recorded.
    function prove(
        Position calldata position,
        bytes32 span,
        Predecessor calldata predecessor,
        MachineState calldata pre,
        StepContext calldata inputs,
        InputEvidence calldata input,
        bytes calldata witness
    ) external;

    /// @notice Computes totals anew, in this order: children before their parents.
    function update(Update[] calldata updates) external;

    /// @notice As {update}, and then confirms an assertion.
    function updateAndConfirm(
        Update[] calldata updates,
        bytes32 game,
        bytes32 endStateHash,
        bytes32 historyRoot
    ) external;

    /// @notice Pays the caller back what it moved for the confirmed assertion, from the siblings' stakes.
    /// @param before Hash of the caller's moves before `moves`; zero if these are all. They remain to be claimed.
    /// @param moves The caller's last moves in the game that are not claimed, in the order in which they were made.
    /// @param places For each move where its node, or the rival, lies in the history that won; all zero: the move was made for another
    /// one, and the caller gives up its refund.
    /// @param recipient Where the ether goes.
    /// @return amount What was paid: less than what is due once the escrow is used up.
    function claimRefund(
        bytes32 game,
        bytes32 endStateHash,
        bytes32 historyRoot,
        bytes32 before,
        Move[] calldata moves,
        Place[] calldata places,
        address payable recipient
    ) external returns (uint256 amount);

    /// @notice Makes several calls of this contract, in their order; if one fails, none is made.
    /// @param calls Their calldata, each behind the one before it.
    function multicall(bytes[] calldata calls) external;

    /// @notice Time in seconds that an assertion's children have given it, as last computed.
    function timeOf(bytes32 game, bytes32 historyRoot) external view returns (uint64);

    function nodeOf(bytes32 node) external view returns (Node memory);
    function rivalsOf(bytes32 context) external view returns (Rivals memory);
    /// @notice Hash of the inputs recorded for a game; zero if there are none.
    function inputsOf(bytes32 game) external view returns (bytes32);
    /// @notice Hash of the moves of a game that somebody has made and not claimed; zero if there are none.
    function movesOf(bytes32 game, address mover) external view returns (bytes32);
    function parameters() external view returns (Parameters memory);
}
