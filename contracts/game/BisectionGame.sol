// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Child, IBisectionGame, Predecessor, Update} from "../interfaces/IBisectionGame.sol";
import {InputEvidence, IOneStepProver, StepContext} from "../interfaces/IOneStepProver.sol";
import {IRollupInbox} from "../interfaces/IRollupInbox.sol";
import {Assertion, IStateCommitmentChain} from "../interfaces/IStateCommitmentChain.sol";
import {MachineState} from "../machine/MachineState.sol";
import {ParameterBounds} from "../ParameterBounds.sol";
import {AssertionTree} from "../rollup/AssertionTree.sol";
import {HistoryTree} from "../rollup/HistoryTree.sol";
import {GameClock, Node, Rivals} from "./GameClock.sol";
import {GameNode, Position} from "./GameNode.sol";
import {MoveRefunds} from "./MoveRefunds.sol";

/// @title BisectionGame
/// @notice See {IBisectionGame}, which is the specification.
contract BisectionGame is MoveRefunds {
    /// @dev A child that is linked to a parent.
    struct Link {
        bytes32 id;
        /// When it was created so far; zero: it is no node yet.
        uint40 createdAt;
        /// When the parent was opened,
        uint40 time;
        /// which is earlier than that.
        bool isEarlier;
    }

    /// @dev Children whose bits are in the node's own word.
    uint256 private constant LOW_CHILDREN = 128;

    /// @dev Calldata of a confirmation without its updates, in bytes; of an update without its children, and of a child without its
    /// siblings, in words.
    uint256 private constant CONFIRM_BYTES = 164;
    uint256 private constant UPDATE_WORDS = 8;
    uint256 private constant CHILD_WORDS = 4;

    IStateCommitmentChain private immutable _CHAIN;
    IRollupInbox private immutable _INBOX;
    IOneStepProver private immutable _PROVER;
    uint256 private immutable _SECTION_BITS;
    uint256 private immutable _HEIGHT;
    uint64 private immutable _REFUND_PRICE_CAP;

    /// @dev {Node}, packed.
    mapping(bytes32 id => uint256 node) private _nodes;
    /// @dev {Rivals}, packed.
    mapping(bytes32 context => uint256 rivals) private _rivals;
    /// @dev Bit i: child number 128 + i is a node. Only for m = 8.
    mapping(bytes32 id => uint256 children) private _highChildren;

    /// @inheritdoc IBisectionGame
    mapping(bytes32 game => bytes32 hash) public inputsOf;

    constructor(Parameters memory parameters_) MoveRefunds(parameters_.refundPriceCap) {
        IStateCommitmentChain.Parameters memory chain = parameters_.chain.parameters();
        // INVARIANT: the chain and its game name each other.
        if (address(chain.game) != address(this)) revert GameMismatch(address(chain.game), address(this));
        if (address(chain.inbox) != address(parameters_.inbox)) {
            revert InboxMismatch(address(chain.inbox), address(parameters_.inbox));
        }
        if (address(parameters_.prover).code.length == 0) revert ProverMissing(address(parameters_.prover));
        ParameterBounds.requireWithin("sectionBits", parameters_.sectionBits, 1, 8);
        ParameterBounds.requireWithin("refundPriceCap", parameters_.refundPriceCap, 0, 10_000 gwei);

        _CHAIN = parameters_.chain;
        _INBOX = parameters_.inbox;
        _PROVER = parameters_.prover;
        _SECTION_BITS = parameters_.sectionBits;
        _REFUND_PRICE_CAP = parameters_.refundPriceCap;
        _HEIGHT = chain.historyHeight;
    }

    /// @inheritdoc IBisectionGame
    function recordInputs(bytes32 game) external {
        uint256 gasBefore = gasleft();
        if (inputsOf[game] != 0) revert InputsAlreadyRecorded(game);
        Assertion memory family = _CHAIN.assertionOf(game);
        if (family.childCount < 2) revert NotRivalled(game);

        // INVARIANT: the range is complete, since a child of the assertion exists; and the sequences only grow.
        StepContext memory inputs = StepContext({
            target: family.childTarget,
            batchCount: _INBOX.batchCount(),
            batchesRoot: _INBOX.batchesRoot(),
            messageCount: _INBOX.messageCount(),
            messagesRoot: _INBOX.messagesRoot()
        });
        inputsOf[game] = keccak256(abi.encode(inputs));
        emit InputsRecorded(game, inputs);
        _record(game, game, 0, gasBefore, msg.data.length, 0);
    }

    /// @inheritdoc IBisectionGame
    function openRoot(bytes32 game, bytes32 endStateHash, bytes32 historyRoot, bytes32[] calldata children) external {
        uint256 gasBefore = gasleft();
        Position memory position = GameNode.root(game, _HEIGHT);
        bytes32 id = GameNode.nodeId(position.context(), historyRoot);
        Node memory node = _node(id);
        if (node.openedAt != 0) revert NodeAlreadyOpen(id);

        node.createdAt = _CHAIN.assertionOf(AssertionTree.assertionId(game, endStateHash, historyRoot)).createdAt;
        if (node.createdAt == 0) revert NodeUnknown(id);
        if (_CHAIN.assertionOf(game).childCount < 2) revert NotRivalled(id);
        _open(game, id, node, historyRoot, _HEIGHT, children);
        _record(game, id, 0, gasBefore, msg.data.length, children.length);
    }

    /// @inheritdoc IBisectionGame
    function open(Position calldata position, bytes32 span, bytes32[] calldata children) external {
        uint256 gasBefore = gasleft();
        bytes32 id = GameNode.nodeId(position.context(), span);
        Node memory node = _node(id);
        // Nodes below a root come in pairs, so one that exists has a rival.
        if (node.createdAt == 0) revert NodeUnknown(id);
        if (node.openedAt != 0) revert NodeAlreadyOpen(id);
        if (position.level == 0) revert NodeIsLeaf(id);

        _open(position.game, id, node, span, position.level, children);
        _record(position.game, id, 0, gasBefore, msg.data.length, children.length);
    }

    /// @inheritdoc IBisectionGame
    function descend(Position calldata position, uint256 index, Child calldata a, Child calldata b) external {
        uint256 gasBefore = gasleft();
        Position memory place = position;
        bytes32 context = place.context();
        uint256 bits = GameNode.sectionBits(place.level, _SECTION_BITS);
        (bytes32 spanA, bytes32 spanB) = (a.span, b.span);
        bytes32 idA = GameNode.nodeId(context, GameNode.spanAbove(bits, index, spanA, a.siblings));
        bytes32 idB = GameNode.nodeId(context, GameNode.spanAbove(bits, index, spanB, b.siblings));
        Node memory nodeA = _openNode(idA);
        Node memory nodeB = _openNode(idB);
        bool linkedA = _hasChild(idA, nodeA, index);
        bool linkedB = _hasChild(idB, nodeB, index);
        if (linkedA && linkedB) revert AlreadyDescended(idA, idB, index);

        // INVARIANT: the rivals agree on every child before this one, and part at it.
        bytes32 baseA = GameNode.childBase(place.base, index, a.siblings);
        bytes32 baseB = GameNode.childBase(place.base, index, b.siblings);
        if (baseA != baseB) revert BaseMismatch(baseA, baseB);
        if (spanA == spanB) revert NoDifference(spanA);

        context = place.below(bits, index, baseA).context();
        Link memory linkA = _linkOf(context, spanA, linkedA, nodeA.openedAt);
        Link memory linkB = _linkOf(context, spanB, linkedB, nodeB.openedAt);
        _register(context, linkA, linkB);
        if (!linkedA) _addChild(idA, nodeA, index);
        if (!linkedB) _addChild(idB, nodeB, index);
        emit Descended(place.game, idA, idB, index);
        // The siblings on the left are the same, so the two paths can be one in the calldata.
        _record(place.game, idA, idB, gasBefore, msg.data.length, 2 + bits);
    }

    /// @inheritdoc IBisectionGame
    function prove(
        Position calldata position,
        bytes32 span,
        Predecessor calldata predecessor,
        MachineState calldata pre,
        StepContext calldata inputs,
        InputEvidence calldata input,
        bytes calldata witness
    ) external {
        uint256 gasBefore = gasleft();
        bytes32 id = GameNode.nodeId(position.context(), span);
        Node memory node = _node(id);
        if (node.createdAt == 0) revert NodeUnknown(id);
        if (node.time == GameClock.PROVEN) revert AlreadyProven(id);
        if (position.level != 0) revert NodeIsNotLeaf(id);
        _requireInputs(position.game, inputs);
        _requirePredecessor(position, predecessor, pre.hash());

        // SAFETY: a failure of the prover, for whatever reason, is a failure of this call.
        (bytes32 post, , , ) = _PROVER.step(inputs, pre, input, witness);
        if (post != span) revert StepMismatch(post, span);
        node.time = GameClock.PROVEN;
        _nodes[id] = node.pack();
        emit Proven(position.game, id);
        uint256 hashes = predecessor.path.length + input.recordPath.length + input.messagePath.length;
        _record(position.game, id, 0, gasBefore, msg.data.length, hashes + input.chunkPath.length);
    }

    /// @inheritdoc IBisectionGame
    function update(Update[] calldata updates) external {
        _update(updates, 0);
    }

    /// @inheritdoc IBisectionGame
    function updateAndConfirm(
        Update[] calldata updates,
        bytes32 game,
        bytes32 endStateHash,
        bytes32 historyRoot
    ) external {
        uint256 gasBefore = gasleft();
        // What is confirmed already fails first.
        bytes32 assertion = AssertionTree.assertionId(game, endStateHash, historyRoot);
        if (_CHAIN.isConfirmed(assertion)) revert IStateCommitmentChain.AlreadyConfirmed(assertion);
        (uint256 idleGas, uint256 words) = _update(updates, game);
        _CHAIN.confirm(game, endStateHash, historyRoot);
        // INVARIANT: updates that raise nothing are not paid back, or the confirmation could burn the escrow with them.
        _record(game, _rootId(game, historyRoot), 0, gasBefore - idleGas, CONFIRM_BYTES + 32 * words, 0);
    }

    /// @inheritdoc IBisectionGame
    function multicall(bytes[] calldata calls) external {
        uint256 end;
        // SAFETY: reads what the compiler has checked.
        assembly ("memory-safe") {
            end := add(calls.offset, shl(5, calls.length))
        }
        for (uint256 i; i < calls.length; ++i) {
            bytes calldata data = calls[i];
            uint256 start;
            assembly ("memory-safe") {
                start := data.offset
            }
            // INVARIANT: no byte of calldata belongs to two moves, so none is paid back twice.
            if (start < end) revert CallsOverlap(i);
            end = start + data.length;
            Address.functionDelegateCall(address(this), data);
        }
    }

    /// @inheritdoc IBisectionGame
    function timeOf(bytes32 game, bytes32 historyRoot) external view returns (uint64) {
        return _node(_rootId(game, historyRoot)).time;
    }

    /// @inheritdoc IBisectionGame
    function nodeOf(bytes32 node) external view returns (Node memory) {
        return _node(node);
    }

    /// @inheritdoc IBisectionGame
    function rivalsOf(bytes32 context) external view returns (Rivals memory) {
        return GameClock.unpackRivals(_rivals[context]);
    }

    /// @inheritdoc IBisectionGame
    function parameters() external view returns (Parameters memory) {
        return
            Parameters({
                chain: _CHAIN,
                inbox: _INBOX,
                prover: _PROVER,
                // SAFETY: at most 8.
                sectionBits: uint8(_SECTION_BITS),
                refundPriceCap: _REFUND_PRICE_CAP
            });
    }

    function _open(
        bytes32 game,
        bytes32 id,
        Node memory node,
        bytes32 span,
        uint256 level,
        bytes32[] calldata children
    ) private {
        GameNode.verifyChildren(span, GameNode.sectionBits(level, _SECTION_BITS), children);
        node.openedAt = uint40(block.timestamp);
        _nodes[id] = node.pack();
        emit Opened(game, id, children);
    }

    /// @dev Makes the children of a pair nodes of their context, or lowers their creation times if they are nodes already.
    function _register(bytes32 context, Link memory a, Link memory b) private {
        if (!a.isEarlier && !b.isEarlier) return;
        Rivals memory rivals = GameClock.unpackRivals(_rivals[context]);
        if (a.isEarlier) rivals.move(a.createdAt, a.time);
        if (b.isEarlier) rivals.move(b.createdAt, b.time);
        _rivals[context] = rivals.pack();
        // Both have their places by now: a context has two nodes or none.
        if (a.isEarlier) _writeLink(a, rivals);
        if (b.isEarlier) _writeLink(b, rivals);
    }

    /// @dev INVARIANT: own times are noted here, so that they are inherited whoever computes what when. Only that of a node whose creation
    /// time falls can rise.
    function _writeLink(Link memory link, Rivals memory rivals) private {
        Node memory node = _node(link.id);
        node.createdAt = link.time;
        node.time = GameClock.max(node.time, rivals.own(link.time));
        _nodes[link.id] = node.pack();
    }

    function _addChild(bytes32 id, Node memory node, uint256 index) private {
        if (index < LOW_CHILDREN) {
            node.children |= uint128(1 << index);
            _nodes[id] = node.pack();
        } else {
            _highChildren[id] |= 1 << (index - LOW_CHILDREN);
        }
    }

    /// @dev Returns the gas of those updates that have raised no total of this game, and the words of calldata of those that have.
    function _update(Update[] calldata updates, bytes32 game) private returns (uint256 idleGas, uint256 words) {
        for (uint256 i; i < updates.length; ++i) {
            uint256 gasBefore = gasleft();
            Update calldata item = updates[i];
            bytes32 context = item.position.context();
            bytes32 id = GameNode.nodeId(context, item.span);
            Node memory node = _node(id);
            if (node.createdAt == 0) revert NodeUnknown(id);
            uint40 time = _childrenTime(item, id, node);
            // A root's own time is the chain's affair.
            if (item.position.level != _HEIGHT) time += GameClock.unpackRivals(_rivals[context]).own(node.createdAt);
            bool rises = time > node.time;
            if (rises) {
                // INVARIANT: totals only rise.
                node.time = time;
                _nodes[id] = node.pack();
            }
            if (rises && item.position.game == game) {
                words += UPDATE_WORDS + item.children.length * (CHILD_WORDS + _SECTION_BITS);
            } else {
                idleGas += gasBefore - gasleft();
            }
        }
    }

    /// @dev The smallest total of the node's children: of those that are nodes the one last computed, of the others the time since it was
    /// opened. Zero unless it is open.
    function _childrenTime(Update calldata item, bytes32 id, Node memory node) private view returns (uint40 time) {
        if (node.openedAt == 0) return 0;
        time = uint40(block.timestamp) - node.openedAt;
        Position memory place = item.position;
        uint256 bits = GameNode.sectionBits(place.level, _SECTION_BITS);
        uint256 remaining = _childrenOf(id, node, bits);
        uint256 count;
        // INVARIANT: every child that is a node counts, so nobody can leave out those with little time.
        for (uint256 index; remaining != 0; ++index) {
            bool isNode = remaining & 1 == 1;
            remaining >>= 1;
            if (!isNode) continue;
            if (count == item.children.length) revert ChildrenMismatch(count, count + 1);
            Child calldata child = item.children[count++];
            Position memory position = place.childPosition(item.span, bits, index, child.span, child.siblings);
            time = GameClock.min(time, _node(GameNode.nodeId(position.context(), child.span)).time);
        }
        if (count != item.children.length) revert ChildrenMismatch(item.children.length, count);
    }

    /// @dev A child of a node that was opened at `time`. What is linked already counts as it is.
    function _linkOf(
        bytes32 context,
        bytes32 span,
        bool isLinked,
        uint40 time
    ) private view returns (Link memory link) {
        if (isLinked) return link;
        link.id = GameNode.nodeId(context, span);
        link.createdAt = _node(link.id).createdAt;
        link.time = time;
        link.isEarlier = link.createdAt == 0 || time < link.createdAt;
    }

    function _node(bytes32 id) private view returns (Node memory) {
        return GameClock.unpackNode(_nodes[id]);
    }

    function _openNode(bytes32 id) private view returns (Node memory node) {
        node = _node(id);
        if (node.openedAt == 0) revert NodeNotOpen(id);
    }

    function _hasChild(bytes32 id, Node memory node, uint256 index) private view returns (bool) {
        if (index < LOW_CHILDREN) return (node.children >> index) & 1 == 1;
        return index < 2 * LOW_CHILDREN && (_highChildren[id] >> (index - LOW_CHILDREN)) & 1 == 1;
    }

    /// @dev Bit i: child number i is a node.
    function _childrenOf(bytes32 id, Node memory node, uint256 bits) private view returns (uint256 children) {
        children = node.children;
        if (1 << bits > LOW_CHILDREN) children |= _highChildren[id] << LOW_CHILDREN;
    }

    function _requireInputs(bytes32 game, StepContext calldata inputs) private view {
        bytes32 actual = keccak256(abi.encode(inputs));
        if (actual != inputsOf[game]) revert InputsMismatch(actual, inputsOf[game]);
    }

    function _rootId(bytes32 game, bytes32 historyRoot) private view returns (bytes32) {
        return GameNode.nodeId(GameNode.root(game, _HEIGHT).context(), historyRoot);
    }

    function _chain() internal view override returns (IStateCommitmentChain) {
        return _CHAIN;
    }

    function _height() internal view override returns (uint256) {
        return _HEIGHT;
    }

    /// @dev Reverts unless `pre` is the hash of the state before the leaf at `position`.
    function _requirePredecessor(
        Position calldata position,
        Predecessor calldata predecessor,
        bytes32 pre
    ) private pure {
        if (position.index == 0) {
            // The game is the assertion in whose end the range starts.
            if (predecessor.path.length != 0) {
                revert HistoryTree.HistoryPathLengthMismatch(predecessor.path.length, 0);
            }
            bytes32 parent = AssertionTree.assertionId(predecessor.outer, pre, predecessor.inner);
            if (parent != position.game) revert PredecessorMismatch(parent, position.game);
        } else {
            bytes32 base = GameNode.extendBase(predecessor.outer, predecessor.inner);
            if (base != position.base) revert PredecessorMismatch(base, position.base);
            // The last part of the base is the left sibling at the level of the index's lowest bit.
            uint256 height;
            while ((position.index >> height) & 1 == 0) ++height;
            HistoryTree.verifyLast(predecessor.inner, height, pre, predecessor.path);
        }
    }
}
