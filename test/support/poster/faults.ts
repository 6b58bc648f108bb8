import { expect } from "chai";
import { parseUnits, Wallet } from "ethers";
import type { DataKind } from "../../../src/poster/PosterL1.ts";
import type { JournalStep } from "../../../src/poster/Postings.ts";
import { FaultyEndpoint, type Interfere } from "./FaultyEndpoint.ts";
import { POSTER_KEY } from "./keys.ts";
import type { PosterScene, TestPoster, TestPosterOptions } from "./PosterScene.ts";

/** The faults that a poster must survive, each with where it can strike. */

/** Steps of a transaction at which a fault strikes. */
export const STAGES = [
  "built",
  "signed",
  "sent",
  "mined",
  "confirmed",
] as const satisfies readonly JournalStep["state"][];
export type Stage = (typeof STAGES)[number];

/** A fault that strikes once, in the middle of a poster's step. */
export interface StagedFault {
  readonly name: string;
  /** Blocks between the point to which L1 can go back and the batch that is struck. */
  readonly blocks: number;
  strike(scene: PosterScene, snapshot: string): Promise<void>;
}

/** L1 takes back its last blocks, and with them one batch or more. */
function reorganisation(depth: number): StagedFault {
  return {
    name: `reorg of ${depth} blocks`,
    blocks: depth,
    strike: (scene, snapshot) => scene.l1.reorganise(snapshot),
  };
}

export const STAGED_FAULTS: readonly StagedFault[] = [
  reorganisation(1),
  reorganisation(3),
  reorganisation(20),
  { name: "forced inclusion", blocks: 1, strike: (scene) => scene.forceInclude() },
  {
    name: "reorg of 3 blocks with a forced inclusion instead",
    blocks: 3,
    strike: (scene, snapshot) => scene.l1.reorganise(snapshot, () => scene.forceInclude()),
  },
];

/** Posts three batches; while the third is at `stage`, the fault strikes. The poster goes on as if nothing were known. */
export async function strikeAt(scene: PosterScene, kinds: DataKind, stage: Stage, fault: StagedFault): Promise<void> {
  let snapshot = "";
  let isStruck = false;
  const one = scene.poster({
    kinds,
    observer: async ({ state, attempt }) => {
      if (isStruck || state !== stage || attempt.index !== 2n) return;
      isStruck = true;
      await fault.strike(scene, snapshot);
    },
  });
  try {
    await scene.trade();
    await scene.settle(one);
    snapshot = await scene.l1.snapshot();
    await scene.trade();
    await scene.settle(one);
    for (let i = 2; i < fault.blocks; i++) await scene.l1.pass(1);
    await scene.trade();
    await settleConfirmed(scene, one);
    expect(isStruck, "the fault has struck").to.equal(true);
    await scene.expectSequence(3);
    // And it still works.
    await scene.trade();
    await settleConfirmed(scene, one);
    await scene.expectSequence(4, kinds);
  } finally {
    one.close();
  }
}

/** Rounds until everything is on L1 and final. */
export async function settleConfirmed(scene: PosterScene, one: TestPoster): Promise<void> {
  for (let i = 0; i < 10; i++) {
    await scene.settle(one);
    if (one.poster.unconfirmed.length === 0) return;
    await scene.l1.pass(12);
  }
  throw new Error("what is on L1 is not confirmed");
}

/** A fault that needs a story of its own. */
export interface Fault {
  readonly name: string;
  /** On which L1s and with which kinds it can happen; anvil alone keeps blobs pending. */
  readonly on: readonly ("simulator" | "anvil")[];
  readonly kinds: readonly DataKind[];
  /** Whether blobs are what it is about; proofs for anvil's are dear, so that others try them on the simulator. */
  readonly isAboutBlobs?: true;
  run(scene: PosterScene, kinds: DataKind): Promise<void>;
}

const BOTH = ["calldata", "blob"] as const;
const GWEI = 10n ** 9n;

interface EndpointFaultOptions {
  /** What failing rounds fail with. */
  readonly code?: string;
  readonly kinds?: readonly DataKind[];
  readonly timeoutMilliseconds?: number;
}

/** Runs one batch through an endpoint that does something to calls; rounds may fail meanwhile. */
function endpointFault(
  name: string,
  method: string,
  times: number,
  what: Interfere,
  { code = "ENDPOINT", kinds: possible = BOTH, timeoutMilliseconds = 120_000 }: EndpointFaultOptions = {},
): Fault {
  return {
    name: `endpoint: ${name}`,
    on: ["simulator", "anvil"],
    kinds: possible,
    run: async (scene, kinds) => {
      const endpoint = await FaultyEndpoint.start(scene.l1.url);
      const one = scene.poster({ kinds, url: endpoint.url, timeoutMilliseconds });
      let struck = 0;
      try {
        await scene.trade();
        await scene.settle(one);
        await scene.trade();
        endpoint.once(
          method,
          (call, forward) => {
            struck++;
            return what(call, forward);
          },
          times,
        );
        for (const result of await scene.settle(one)) {
          if (result.kind === "failed") expect(result.code).to.equal(code);
        }
        expect(struck, "the fault has struck").to.be.greaterThan(0);
        await scene.trade();
        await scene.settle(one);
        await scene.expectSequence(3, kinds);
        expect(one.health.reasons).to.deep.equal([]);
      } finally {
        one.close();
        await endpoint.stop();
      }
    },
  };
}

/** Posts batches with a poster of its own, then closes it. */
async function withPoster(
  scene: PosterScene,
  options: TestPosterOptions,
  story: (one: TestPoster) => Promise<void>,
): Promise<void> {
  const one = scene.poster(options);
  try {
    await story(one);
  } finally {
    one.close();
  }
}

async function pending(scene: PosterScene): Promise<void> {
  await scene.l1.automine(false);
}

/** A poster sends a batch at a base fee, which is not mined, and loses its journal. */
async function leavePending(scene: PosterScene, kinds: DataKind, baseFee: bigint): Promise<void> {
  await scene.trade();
  await pending(scene);
  await scene.l1.setBaseFee(baseFee);
  await scene.l1.pass(1);
  await withPoster(scene, { kinds }, async (lost) => {
    expect(await lost.poster.post()).to.include({ kind: "sent" });
  });
}

export const FAULTS: readonly Fault[] = [
  endpointFault(
    "no answer to a transaction that it passes on",
    "eth_sendRawTransaction",
    1,
    async (_call, forward) => {
      await forward();
      return "hang";
    },
    // Proofs of blobs keep this process from reading answers for longer than the timeout.
    { kinds: ["calldata"], timeoutMilliseconds: 2_000 },
  ),
  endpointFault("the connection breaks before a transaction got out", "eth_sendRawTransaction", 1, async () => "drop"),
  endpointFault("the connection breaks behind a transaction", "eth_sendRawTransaction", 1, async (_call, forward) => {
    await forward();
    return "drop";
  }),
  endpointFault("it refuses for a while", "eth_getBlockByNumber", 3, async () => 503),
  endpointFault("it has no receipt of what was mined", "eth_getTransactionReceipt", 3, async () => ({ result: null })),
  endpointFault("it shows a receipt of another block", "eth_getTransactionReceipt", 2, async (_call, forward) => {
    const { result } = await forward();
    return { result: result === null ? null : { ...(result as object), blockHash: `0x${"99".repeat(32)}` } };
  }),
  endpointFault("it goes back to an old block", "eth_blockNumber", 3, async (_call, forward) => {
    const { result } = await forward();
    return { result: `0x${(Number(result) - 2).toString(16)}` };
  }),
  endpointFault(
    "it says that the pool is closed",
    "eth_sendRawTransaction",
    2,
    async () => ({ error: { code: -32000, message: "txpool is full" } }),
    { code: "SEND_REFUSED" },
  ),
  {
    name: "fees rise a thousandfold: the batch waits for them to fall",
    on: ["simulator", "anvil"],
    kinds: BOTH,
    run: (scene, kinds) =>
      withPoster(scene, { kinds }, async (one) => {
        await scene.trade();
        await scene.l1.setBaseFee(1_000n * GWEI);
        await scene.l1.pass(12);
        expect(await one.poster.post()).to.include({ kind: "waiting", reason: "fees" });
        expect(one.health.has("fees")).to.equal(true);
        await scene.l1.setBaseFee(GWEI);
        await scene.l1.pass(12);
        await scene.settle(one);
        expect(one.health.reasons).to.deep.equal([]);
        await scene.expectSequence(1, kinds);
      }),
  },
  {
    name: "fees stay high: a batch that is about to be built anew is worth the higher limit",
    on: ["simulator", "anvil"],
    kinds: ["calldata"],
    run: (scene, kinds) =>
      withPoster(scene, { kinds }, async (one) => {
        await scene.trade();
        await scene.l1.setBaseFee(150n * GWEI);
        await scene.l1.pass(12);
        expect(await one.poster.post()).to.include({ kind: "waiting", reason: "fees" });
        await scene.l1.setBaseFee(150n * GWEI);
        await scene.l1.pass(320);
        expect(await one.poster.post()).to.include({ kind: "sent", purpose: "batch" });
        await scene.settle(one);
        await scene.expectSequence(1, kinds);
      }),
  },
  {
    name: "a transaction is stuck below the market: it is replaced by the pool's rule",
    on: ["anvil"],
    kinds: BOTH,
    isAboutBlobs: true,
    run: (scene, kinds) =>
      withPoster(scene, { kinds }, async (one) => {
        await scene.trade();
        await pending(scene);
        expect(await one.poster.post()).to.include({ kind: "sent" });
        for (let i = 0; i < 3; i++) {
          await scene.l1.setBaseFee(20n * GWEI);
          await scene.l1.pass(12);
          await one.poster.post();
        }
        const offers = one.steps.filter(({ state }) => state === "sent").map(({ attempt }) => attempt);
        expect(new Set(offers.map(({ hash }) => hash)).size, "there was a replacement").to.be.greaterThan(1);
        await scene.settle(one);
        await scene.expectSequence(1, kinds);
      }),
  },
  {
    name: "the journal is lost, and what it left pending is outbid",
    on: ["anvil"],
    kinds: BOTH,
    isAboutBlobs: true,
    run: async (scene, kinds) => {
      // Within what offers that are an eighth dearer each time come to in one round.
      await leavePending(scene, kinds, 5n * GWEI);
      await withPoster(scene, { kinds }, async (one) => {
        await scene.l1.setBaseFee(GWEI);
        expect(await one.poster.post()).to.include({ kind: "sent" });
        const numbers = one.steps.map(({ attempt }) => attempt.number);
        expect(Math.max(...numbers), "an offer was refused first").to.be.greaterThan(1);
        await scene.settle(one);
        await scene.expectSequence(1, kinds);
      });
    },
  },
  {
    name: "the journal is lost, and what it left pending is dearer than a round's offers come to",
    on: ["anvil"],
    kinds: ["calldata"],
    run: async (scene, kinds) => {
      await leavePending(scene, kinds, 20n * GWEI);
      await withPoster(scene, { kinds }, async (one) => {
        await scene.l1.setBaseFee(GWEI);
        for (let i = 0; i < 3; i++) expect(await one.poster.post()).to.deep.equal({ kind: "pending", nonce: 0 });
        await scene.settle(one);
        await scene.expectSequence(1, kinds);
      });
    },
  },
  {
    name: "the journal is lost, and what it left pending is mined",
    on: ["anvil"],
    kinds: BOTH,
    run: async (scene, kinds) => {
      await scene.trade();
      await withPoster(scene, { kinds }, async (lost) => {
        expect(await lost.poster.post()).to.include({ kind: "sent" });
      });
      await withPoster(scene, { kinds }, async (one) => {
        await scene.l1.pass(12);
        await scene.settle(one);
        await scene.trade();
        await scene.settle(one);
        await scene.expectSequence(2, kinds);
      });
    },
  },
  {
    name: "the journal is lost, and what it left pending is of the other kind, which decides",
    on: ["simulator"],
    kinds: ["calldata"],
    run: async (scene, kinds) => {
      const endpoint = await FaultyEndpoint.start(scene.l1.url);
      let isReserved = true;
      endpoint.interfere = async ({ method, params }, forward) => {
        if (method !== "eth_sendRawTransaction" || !isReserved) return forward();
        // As pools say it that keep blobs apart.
        const isBlob = String(params[0]).startsWith("0x03");
        if (!isBlob) return { error: { code: -32000, message: "address already reserved" } };
        isReserved = false;
        return forward();
      };
      try {
        await withPoster(scene, { kinds, url: endpoint.url }, async (one) => {
          await scene.trade();
          expect(await one.poster.post()).to.include({ kind: "waiting", reason: "other kind pending" });
          await scene.settle(one);
          await scene.trade();
          await scene.settle(one);
          const mined = one.steps.filter(({ state }) => state === "mined").map(({ kind }) => kind);
          expect(mined).to.deep.equal(["blob", "calldata"]);
          await scene.expectSequence(2);
        });
      } finally {
        await endpoint.stop();
      }
    },
  },
  {
    name: "a forced inclusion makes what is pending pointless: its nonce is taken back",
    on: ["anvil"],
    kinds: BOTH,
    run: (scene, kinds) =>
      withPoster(scene, { kinds }, async (one) => {
        await scene.trade();
        await pending(scene);
        expect(await one.poster.post()).to.include({ kind: "sent" });
        await scene.l1.emptyPool();
        await scene.forceInclude();
        await scene.settle(one);
        await scene.expectSequence(1, kinds);
      }),
  },
  {
    name: "the balance is gone: an alarm, and it goes on when there is one again",
    on: ["simulator", "anvil"],
    kinds: BOTH,
    run: (scene, kinds) =>
      withPoster(scene, { kinds }, async (one) => {
        const { address } = new Wallet(POSTER_KEY);
        await scene.trade();
        await scene.l1.setBalance(address, parseUnits("0.000001"));
        await scene.l1.pass(12);
        expect(await one.poster.post()).to.include({ kind: "waiting", reason: "balance" });
        expect(one.health.has("balance")).to.equal(true);
        await scene.l1.setBalance(address, parseUnits("10"));
        await scene.l1.pass(12);
        await scene.settle(one);
        expect(one.health.reasons).to.deep.equal([]);
        await scene.expectSequence(1, kinds);
      }),
  },
  {
    name: "two posters by mistake: one wins, the other says so and stops",
    on: ["simulator", "anvil"],
    kinds: BOTH,
    run: async (scene, kinds) => {
      const [one, two] = [scene.poster({ kinds }), scene.poster({ kinds })];
      try {
        let stopped: unknown;
        for (let i = 0; i < 6 && stopped === undefined; i++) {
          await scene.trade();
          for (const each of [one, two]) {
            await each.poster.post().catch((error: unknown) => (stopped = error));
            // In the same block both would make the same transaction, which is nobody else's.
            await scene.l1.pass(12);
          }
        }
        expect(stopped).to.have.property("code", "FOREIGN_NONCE");
        const winner = one.health.has("foreign") ? two : one;
        await scene.settle(winner);
        await scene.expectSequence(1, kinds);
      } finally {
        one.close();
        two.close();
      }
    },
  },
  {
    name: "somebody has sent from the account with a gap before it: as soon as that is mined the poster says so and stops",
    on: ["anvil"],
    kinds: ["calldata"],
    run: (scene, kinds) =>
      withPoster(scene, { kinds }, async (one) => {
        await scene.trade();
        await scene.settle(one);
        const wallet = new Wallet(POSTER_KEY, scene.l1.provider);
        const fees = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: GWEI };
        await wallet.sendTransaction({ to: wallet.address, nonce: 2, gasLimit: 21_000, type: 2, ...fees });
        await scene.trade();
        const codes: unknown[] = [];
        for (let i = 0; i < 6 && codes.length === 0; i++) {
          await one.poster.post().catch((error: unknown) => codes.push((error as { code?: unknown }).code));
          await scene.l1.pass(12);
        }
        expect(codes).to.deep.equal(["FOREIGN_NONCE"]);
        await scene.expectSequence(2, kinds);
      }),
  },
];
