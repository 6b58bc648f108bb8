import { ethers } from "ethers";
import { endAt } from "../support/evidence.ts";
import type { AccessScene, Role } from "./accessScene.ts";
import type { AuditedContract } from "./contracts.ts";

/** Who may call a function. */
export type Caller =
  | "anybody"
  | "the timelock"
  | "the sequencer"
  | "a staker"
  | "the claim's owner"
  | "the game"
  | "a mover"
  | "a proposer"
  | "whoever holds the role";

/** One function that is no view. */
export interface Access {
  readonly by: Caller;
  /** When those who may call it can, and what anybody else's call comes to. */
  readonly when: string;
  /** Arguments with which only the caller matters. */
  readonly arguments: (scene: AccessScene) => readonly unknown[];
  /** The only ones who are let in; everybody if absent. */
  readonly only?: readonly Role[];
  /** What all others are refused with. */
  readonly refused?: string;
  /** What those who are let in meet: an error of the content of this call, or nothing. */
  readonly admitted?: string;
  /** The contract that declares `admitted`, if it is not this one. */
  readonly admittedBy?: AuditedContract;
}

/** All functions of a contract. */
export interface ContractAccess {
  readonly functions: Readonly<Record<string, Access>>;
  /** Functions that take ether. */
  readonly payable?: readonly string[];
  readonly views: readonly string[];
}

const ZERO = ethers.ZeroHash;
const NOBODY = ethers.ZeroAddress;
const proof = { parent: ZERO, historyRoot: ZERO, end: endAt(0n) };
const evidence = { kind: 0, sender: NOBODY, l1Block: 0, l1Time: 0, payloadHash: ZERO };
const position = { game: ZERO, level: 0, index: 0, base: ZERO };
const child = { span: ZERO, siblings: [] };
const inputs = { target: 0, batchCount: 0, batchesRoot: ZERO, messageCount: 0, messagesRoot: ZERO };
const input = {
  record: { dataKind: 0, commitment: ZERO, length: 0, messagesRead: 0, l1Time: 0, l2Time: 0 },
  recordPath: [],
  message: { kind: 0, sender: NOBODY, l1Block: 0, l1Time: 0, payload: "0x" },
  messagePath: [],
  chunks: "0x",
  chunkPath: [],
  blobProof: "0x",
};
const move = { node: ZERO, rival: ZERO, timestamp: 0, amount: 0 };
const place = { level: 0, index: 0, span: ZERO, path: [] };
const predecessor = { outer: ZERO, inner: ZERO, path: [] };
/** A call that the timelock could carry out, had it been scheduled. */
const operation = [NOBODY, 0, "0x", ZERO, ZERO] as const;
const operations = [[NOBODY], [0], ["0x"], ZERO, ZERO] as const;
const token = [NOBODY, NOBODY, 0, "0x"] as const;

const onlyTimelock = { by: "the timelock", only: ["timelock"], refused: "NotOwner" } as const;
const onlySequencer = { by: "the sequencer", only: ["sequencer"], refused: "NotSequencer" } as const;
const anybody = { by: "anybody" } as const;
/** Roles of the timelock are given and taken by the holder of its admin role, which is the timelock. */
const onlyAdmin = {
  by: "the timelock",
  only: ["timelock"],
  refused: "AccessControlUnauthorizedAccount",
} as const;
const onlyProposer = { by: "a proposer", only: ["proposer"], refused: "AccessControlUnauthorizedAccount" } as const;

/**
 * Every function of every contract of a deployment, the timelock's inherited ones too. What only answers, or only computes, is a
 * view. There is no other way in: no contract but the timelock takes plain ether, and none has a fallback function.
 */
export const ACCESS = {
  inbox: {
    functions: {
      enqueue: {
        ...anybody,
        when: "always; what may be said by whom is judged by the machine, from the sender",
        arguments: () => [2, "0x"],
      },
      appendBatch: {
        ...onlySequencer,
        when: "directly, from an account without code, with the next index",
        arguments: () => [99, 0, 0, "0x"],
        admitted: "BatchIndexMismatch",
      },
      appendBlobBatch: {
        ...onlySequencer,
        when: "directly, from an account without code, with the next index and its blobs",
        arguments: () => [99, 0, 0, 1],
        admitted: "BatchIndexMismatch",
      },
      forceInclude: {
        ...anybody,
        when: "once a message that nobody has read is as old as the force delay",
        arguments: () => [0, evidence, []],
        admitted: "NothingToForce",
      },
      setSequencer: {
        ...onlyTimelock,
        when: "always; zero means that there is none",
        arguments: ({ roles }) => [roles.stranger.address],
      },
      revokeSequencer: { ...onlySequencer, when: "always, itself", arguments: () => [] },
    },
    views: [
      ...["availableBytes", "batchCount", "batchesRoot", "lastL2Time", "messageCount", "messagesRead", "messagesRoot"],
      ...["parameters", "sequencer"],
    ],
  },
  chain: {
    functions: {
      assertState: {
        ...anybody,
        when: "with a stake, once the range is complete and the parent old enough, until the family is closed",
        arguments: () => [ZERO, endAt(0n), ZERO, [], 0, 0, ZERO],
        admitted: "AssertionUnknown",
      },
      confirm: {
        ...anybody,
        when: "once the parent is confirmed, no sibling is, and its time has reached the challenge period",
        arguments: () => [ZERO, ZERO, ZERO],
        admitted: "AssertionUnknown",
      },
      withdrawStake: {
        by: "a staker",
        only: ["staker", "liar"],
        when: "once its latest assertion is confirmed or has a child",
        arguments: ({ roles }) => [roles.stranger.address],
        refused: "NoStake",
        admitted: "StakeInUse",
      },
      payRefund: {
        by: "the game",
        only: ["game"],
        when: "out of the stakes that a decided family has lost",
        arguments: ({ roles }) => [ZERO, roles.stranger.address, 0],
        refused: "NotGame",
      },
      sweep: {
        ...anybody,
        when: "a challenge period after a family with rivals was decided; to the treasury",
        arguments: () => [ZERO],
        admitted: "NothingToSweep",
      },
    },
    payable: ["assertState"],
    views: ["assertionOf", "escrowOf", "genesis", "isConfirmed", "latestConfirmed", "latestOf", "parameters"],
  },
  game: {
    functions: {
      recordInputs: {
        ...anybody,
        when: "once an assertion has two children",
        arguments: () => [ZERO],
        admitted: "NotRivalled",
      },
      openRoot: {
        ...anybody,
        when: "for an assertion with a rival",
        arguments: () => [ZERO, ZERO, ZERO, []],
        admitted: "NodeUnknown",
      },
      open: {
        ...anybody,
        when: "for a node with a rival",
        arguments: () => [position, ZERO, []],
        admitted: "NodeUnknown",
      },
      descend: {
        ...anybody,
        when: "for two open rivals, where they differ first",
        arguments: () => [position, 0, child, child],
        admitted: "NodeNotOpen",
      },
      prove: {
        ...anybody,
        when: "for a leaf, with the evidence of its step",
        arguments: () => [position, ZERO, predecessor, endAt(0n), inputs, input, "0x"],
        admitted: "NodeUnknown",
      },
      update: { ...anybody, when: "always; totals only rise", arguments: () => [[]] },
      updateAndConfirm: {
        ...anybody,
        when: "as StateCommitmentChain.confirm",
        arguments: () => [[], ZERO, ZERO, ZERO],
        admitted: "AssertionUnknown",
        admittedBy: "chain",
      },
      claimRefund: {
        by: "a mover",
        only: ["staker"],
        when: "once the side for which it has moved is confirmed",
        arguments: ({ game, roles }) => [game, ZERO, ZERO, ZERO, [move], [place], roles.stranger.address],
        refused: "NothingToRefund",
        admitted: "NotConfirmed",
      },
      multicall: { ...anybody, when: "always; each call is the caller's own", arguments: () => [[]] },
    },
    views: ["inputsOf", "movesOf", "nodeOf", "parameters", "rivalsOf", "timeOf"],
  },
  bridge: {
    functions: {
      open: {
        ...anybody,
        when: "with tokens and an allowance; for whatever owner",
        arguments: ({ roles }) => [roles.stranger.address, 0],
        admitted: "AmountZero",
      },
      deposit: {
        ...anybody,
        when: "with tokens and an allowance; for an account that exists, by its owner's name",
        arguments: ({ roles }) => [9999, roles.stranger.address, 1],
        admitted: "AccountUnknown",
      },
      openWithPermit: {
        ...anybody,
        when: "as open",
        arguments: ({ roles }) => [roles.stranger.address, 0, 0, 27, ZERO, ZERO],
        admitted: "AmountZero",
      },
      depositWithPermit: {
        ...anybody,
        when: "as deposit",
        arguments: ({ roles }) => [9999, roles.stranger.address, 1, 0, 27, ZERO, ZERO],
        admitted: "AccountUnknown",
      },
      finalizeWithdrawal: {
        ...anybody,
        when: "against a confirmed state, once; to the claim's owner",
        arguments: () => [0, proof, "0x"],
        admitted: "AssertionNotConfirmed",
      },
      transferClaim: {
        by: "the claim's owner",
        only: ["stranger"],
        when: "until it is paid",
        arguments: ({ roles }) => [0, roles.stranger.address, roles.deployer.address],
        refused: "NotClaimOwner",
      },
    },
    views: ["accountCount", "accounted", "chain", "claimOwnerOf", "inbox", "isFinalized", "ownerOf", "token"],
  },
  settlement: {
    functions: {
      listMarket: {
        ...onlyTimelock,
        when: "for a number that is free",
        arguments: () => [0, NOBODY, 100, 1000, [100, 100, 100], 1],
        admitted: "MarketZero",
      },
      setSigners: {
        ...onlyTimelock,
        when: "always; from the message on",
        arguments: () => [0, []],
        admitted: "SignerCountInvalid",
      },
      setMarket: {
        ...onlyTimelock,
        when: "for a market that is listed, within the machine's bounds",
        arguments: () => [9, 0, 0, 0, 0],
        admitted: "MarketUnknown",
      },
      relayAnchor: {
        ...anybody,
        when: "while the feed answers; with the feed's own price and time",
        arguments: () => [9],
        admitted: "MarketUnknown",
      },
      fixPrice: {
        ...anybody,
        when: "once the rounds around the expiry decide it; one answer, whoever calls",
        arguments: () => [9, 20_000, []],
        admitted: "MarketUnknown",
      },
      forceSettle: {
        ...anybody,
        when: "once the price is fixed",
        arguments: () => [[1], 9, 20_000],
        admitted: "PriceNotFixed",
      },
    },
    views: ["fixedPrice", "inbox", "marketOf", "owner"],
  },
  timelock: {
    functions: {
      schedule: {
        ...onlyProposer,
        when: "with a delay of at least the least one",
        arguments: () => [...operation, 9999],
      },
      scheduleBatch: { ...onlyProposer, when: "as schedule", arguments: () => [...operations, 9999] },
      cancel: {
        by: "whoever holds the role",
        only: ["proposer"],
        when: "while an operation waits; the role comes with the proposer's",
        arguments: () => [ZERO],
        refused: "AccessControlUnauthorizedAccount",
        admitted: "TimelockUnexpectedOperationState",
      },
      execute: {
        ...anybody,
        when: "once the delay of a scheduled operation is over, as the role is the zero address's",
        arguments: () => operation,
        admitted: "TimelockUnexpectedOperationState",
      },
      executeBatch: {
        ...anybody,
        when: "as execute",
        arguments: () => operations,
        admitted: "TimelockUnexpectedOperationState",
      },
      updateDelay: {
        by: "the timelock",
        only: ["timelock"],
        when: "by an operation of its own, after the delay that it replaces",
        arguments: () => [0],
        refused: "TimelockUnauthorizedCaller",
      },
      grantRole: { ...onlyAdmin, when: "by an operation of its own", arguments: () => [ZERO, NOBODY] },
      revokeRole: { ...onlyAdmin, when: "by an operation of its own", arguments: () => [ZERO, NOBODY] },
      renounceRole: {
        by: "whoever holds the role",
        only: ["proposer"],
        when: "always, for itself",
        arguments: ({ roles }) => [ZERO, roles.proposer.address],
        refused: "AccessControlBadConfirmation",
      },
      onERC721Received: { ...anybody, when: "always; it changes nothing", arguments: () => token },
      onERC1155Received: {
        ...anybody,
        when: "always; it changes nothing",
        arguments: () => [NOBODY, NOBODY, 0, 0, "0x"],
      },
      onERC1155BatchReceived: {
        ...anybody,
        when: "always; it changes nothing",
        arguments: () => [NOBODY, NOBODY, [], [], "0x"],
      },
    },
    payable: ["execute", "executeBatch"],
    views: [
      ...["CANCELLER_ROLE", "DEFAULT_ADMIN_ROLE", "EXECUTOR_ROLE", "PROPOSER_ROLE", "getMinDelay", "getOperationState"],
      ...["getRoleAdmin", "getTimestamp", "hasRole", "hashOperation", "hashOperationBatch", "isOperation"],
      ...["isOperationDone", "isOperationPending", "isOperationReady", "supportsInterface"],
    ],
  },
  prover: {
    functions: {},
    views: [
      ...["ACCOUNT_EXECUTOR", "FILL_EXECUTOR", "LIQUIDATION_EXECUTOR", "ORACLE_EXECUTOR", "SETTLEMENT_EXECUTOR"],
      ...["FRAMING_ERROR", "IDENTITY", "ITEM", "ITEM_LIMIT", "MESSAGE", "NEXT_BATCH", "hashState", "itemLimit", "step"],
    ],
  },
  marginEngine: { functions: {}, views: ["assess", "quote", "requirements"] },
  accountExecutor: { functions: {}, views: ["BRIDGE", "DOMAIN_SEPARATOR", "MARGIN_ENGINE", "execute"] },
  fillExecutor: { functions: {}, views: ["DOMAIN_SEPARATOR", "MARGIN_ENGINE", "execute"] },
  liquidationExecutor: { functions: {}, views: ["DOMAIN_SEPARATOR", "MARGIN_ENGINE", "execute"] },
  oracleExecutor: { functions: {}, views: ["DOMAIN_SEPARATOR", "SETTLEMENT", "execute"] },
  settlementExecutor: { functions: {}, views: ["SETTLEMENT", "execute"] },
} as const satisfies Record<AuditedContract, ContractAccess>;
