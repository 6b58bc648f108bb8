import { expect } from "chai";
import { toBeHex } from "ethers";
import { concat, toHex } from "../../src/crypto/bytes.ts";
import { evidenceOf, stateArgument, stepArguments, type StepArguments } from "../../src/l1/proverArguments.ts";
import { InputLog, type StepContext } from "../../src/machine/InputLog.ts";
import { DATA_CALLDATA, DATA_FORCED, MESSAGE_FORCED, type Message } from "../../src/machine/Inputs.ts";
import { GENESIS_CURSOR, machineStateHash } from "../../src/machine/MachineState.ts";
import type { ResultCode } from "../../src/machine/ResultCodes.ts";
import { resultName, type ResultName } from "../../src/machine/ResultCodes.ts";
import { Machine, type ProvenStep, type StepKind } from "../../src/machine/Step.ts";
import { TX_SETTLE, type Transaction } from "../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { batchOf } from "../support/batch.ts";
import { deployProver, type ProverScene } from "../support/proverScene.ts";
import {
  depositMessage,
  fixPriceMessage,
  makerOrder,
  PLAIN,
  takerOrder,
  transferOf,
  type Draft,
} from "../support/traffic/builders.ts";
import {
  BRIDGE,
  BTC,
  INBOX,
  preparedRoot,
  SETTLEMENT,
  signerAddress,
  START,
  START_DAY,
  testConfig,
} from "../support/traffic/world.ts";
import { EVIDENCE_EDGES, evidenceSample, type EvidenceSample } from "../support/traffic/evidenceEdges.ts";
import { connect } from "../support/baseChain.ts";

const connection = await connect({ blockGasLimit: 10n ** 12n, transactionGasCap: false });
const { ethers } = connection;

const KINDS: readonly StepKind[] = ["identity", "message", "item", "next batch", "item limit", "framing error"];
const SIBLING = `0x${"77".repeat(32)}`;

describe("OneStepProver", () => {
  let scene: ProverScene;

  before(async () => {
    scene = await deployProver(connection);
  });

  const deadline = START + 1_000n;
  const sent = { l1Block: 1n, l1Time: START };

  function signing(): { domain: Uint8Array } {
    return { domain: testConfig(scene.chainId, INBOX).domain };
  }

  /** Runs one batch of `items`, which reads `messages`, and gives every step up to the identity behind it. */
  function run(
    items: readonly Uint8Array[],
    messages: readonly Message[] = [],
  ): { log: InputLog; steps: ProvenStep[] } {
    const payload = concat(...items);
    return runPayload(payload, messages);
  }

  function runPayload(payload: Uint8Array, messages: readonly Message[] = []): { log: InputLog; steps: ProvenStep[] } {
    const log = new InputLog();
    for (const message of messages) log.appendMessage(message);
    const dataKind = payload.length === 0 ? DATA_FORCED : DATA_CALLDATA;
    log.appendBatch(batchOf(payload, { messagesRead: log.messageCount, l1Time: START, l2Time: START }, dataKind));
    const machine = new Machine(testConfig(scene.chainId, INBOX), log, preparedRoot(), GENESIS_CURSOR);
    const steps: ProvenStep[] = [];
    while (!machine.finished(1n)) steps.push(machine.provenStep(1n));
    steps.push(machine.provenStep(1n));
    return { log, steps };
  }

  function proofOf(log: InputLog, step: ProvenStep, context: StepContext = log.context(log.batchCount)): StepArguments {
    return stepArguments(context, evidenceOf(step, log, context));
  }

  async function expectStep(log: InputLog, step: ProvenStep): Promise<void> {
    const { context, pre, input, witness } = proofOf(log, step);
    const { postHash, post, outcome, code } = await scene.prover.step(context, pre, input, witness);
    expect(KINDS[Number(outcome)]).to.equal(step.kind);
    expect(resultName(Number(code) as ResultCode)).to.equal(resultName(step.code));
    expect(postHash).to.equal(toHex(machineStateHash(step.post)));
    expect(await scene.prover.hashState({ ...stateArgument(step.post) })).to.equal(postHash);
    expect(Number(post.part)).to.equal(step.post.part);
  }

  /** The steps of a run as kind, result and part. */
  const story = (steps: readonly ProvenStep[]): [StepKind, ResultName, number][] =>
    steps.map(({ kind, code, post }) => [kind, resultName(code), post.part]);

  const item = (transaction: Transaction | Uint8Array): Uint8Array =>
    encodeItem(transaction instanceof Uint8Array ? transaction : encodeTransaction(transaction, START));
  const transfer = (nonce: bigint): Uint8Array => item(transferOf(signing(), 1, 2, 5_000_000n, { nonce, deadline }));

  function fill(): Uint8Array {
    const draft = (account: number, isSell: boolean): Draft => ({
      ...{ account, market: 1, expiryDay: START_DAY + 3, strike: 40_000_000n, isPut: true, isSell, quantity: 100_000n },
      ...{ limitPrice: 100_000n, maxFee: 10_000_000n, nonce: 5n, deadline, keyIndex: 0, keyEpoch: 0 },
      ...PLAIN,
      forcible: true,
    });
    const maker = makerOrder(signing(), draft(3, false), BTC);
    return item({
      type: 0x10,
      maker,
      taker: takerOrder(signing(), draft(4, true), BTC, 100_000n),
      lots: 100_000n / BTC.lot,
    });
  }

  describe("deployment", () => {
    it("keeps every contract within the size limit", async () => {
      const { prover } = scene;
      const fills = await ethers.getContractAt("FillExecutor", await prover.FILL_EXECUTOR());
      const addresses = [
        await prover.getAddress(),
        await prover.ACCOUNT_EXECUTOR(),
        await fills.getAddress(),
        await prover.SETTLEMENT_EXECUTOR(),
        await prover.ORACLE_EXECUTOR(),
        await prover.LIQUIDATION_EXECUTOR(),
        await fills.MARGIN_ENGINE(),
      ];
      for (const address of addresses) {
        expect((await ethers.provider.getCode(address)).length / 2 - 1).to.be.within(1, 24_576);
      }
    });

    it("refuses an executor without code, and an executor a margin engine without", async () => {
      const [nobody] = await ethers.getSigners();
      const fills = await scene.prover.FILL_EXECUTOR();
      for (const missing of [0, 1, 2, 3, 4]) {
        const executors = Array.from({ length: 5 }, (_, i) => (i === missing ? nobody! : fills));
        const prover = ethers.deployContract("OneStepProver", executors as [string, string, string, string, string]);
        await expect(prover).to.be.revertedWithCustomError(scene.prover, "ExecutorMissing");
      }
      const executor = ethers.deployContract("FillExecutor", [1, fills, nobody!]);
      const errors = await ethers.getContractAt("FillExecutor", fills);
      await expect(executor).to.be.revertedWithCustomError(errors, "MarginEngineMissing");
    });

    it("gives every executor only what belongs to it", async () => {
      const context = {
        root: SIBLING,
        l2Time: 1,
        l1Time: 1,
        timeBase: 0,
        kind: 0,
        part: 0,
        sender: ethers.ZeroAddress,
      };
      const foreign: [string, string, number[], number][] = [
        ["AccountExecutor", await scene.prover.ACCOUNT_EXECUTOR(), [0x00, 0x08, 0x0a, 0x10, 0x13, 0x1d, 0x20, 0xff], 3],
        ["FillExecutor", await scene.prover.FILL_EXECUTOR(), [0x00, 0x01, 0x08, 0x0f, 0x1e, 0x1f, 0x20], 1],
        ["SettlementExecutor", await scene.prover.SETTLEMENT_EXECUTOR(), [0x00, 0x01, 0x07, 0x09, 0x10], 6],
        ["OracleExecutor", await scene.prover.ORACLE_EXECUTOR(), [0x00, 0x08, 0x1f, 0x21], 5],
        ["LiquidationExecutor", await scene.prover.LIQUIDATION_EXECUTOR(), [0x00, 0x09, 0x0f, 0x10], 7],
      ];
      for (const [name, address, types, kind] of foreign) {
        const executor = await ethers.getContractAt("IExecutor", address);
        for (const type of types) {
          const call = executor.execute(context, toBeHex(type, 1), "0x");
          await expect(call, `${name}, type ${type}`).to.be.revertedWithCustomError(executor, "NotMine");
        }
        const call = executor.execute({ ...context, kind }, toBeHex(types[0]!, 1), "0x");
        await expect(call, `${name}, kind ${kind}`).to.be.revertedWithCustomError(executor, "NotMine");
      }
    });
  });

  describe("steps", () => {
    it("runs a batch: messages, items, the end, and the identity behind it", async () => {
      const deposit = depositMessage({ ...sent, sender: BRIDGE }, 90, signerAddress(90), 7_000_000n);
      const { log, steps } = run([transfer(1n), fill(), item(Uint8Array.of(0x77))], [deposit]);
      expect(story(steps)).to.deep.equal([
        ["message", "OK", 0],
        ["item", "OK", 0],
        ["item", "OK", 0],
        ["item", "Malformed", 0],
        ["next batch", "OK", 0],
        ["identity", "OK", 0],
      ]);
      for (const step of steps) await expectStep(log, step);
    });

    it("calls every kind of message that is none UnknownKind, zero among them", async () => {
      const payload = encodeTransaction(transferOf(signing(), 1, 2, 5n, { nonce: 1n, deadline }), 0n);
      const kinds = [0, 8, 9, 255];
      const messages = kinds.map((kind): Message => ({ ...sent, sender: signerAddress(1), kind, payload }));
      const { log, steps } = run([], messages);
      for (const step of steps.slice(0, kinds.length)) {
        expect(resultName(step.code)).to.equal("UnknownKind");
        await expectStep(log, step);
      }
    });

    it("takes an empty message, and one of a type that nobody has, as malformed", async () => {
      const payloads = [
        new Uint8Array(0),
        Uint8Array.of(0),
        Uint8Array.of(0x0f),
        Uint8Array.of(0x14),
        new Uint8Array(4096),
      ];
      const { log, steps } = run(
        [],
        payloads.map((payload) => ({ ...sent, sender: BRIDGE, kind: MESSAGE_FORCED, payload })),
      );
      for (const step of steps.slice(0, payloads.length)) {
        expect(resultName(step.code)).to.equal("Malformed");
        await expectStep(log, step);
      }
    });

    it("settles several accounts in as many steps, from a message and from a batch", async () => {
      const day = START_DAY;
      const settle: Transaction = { type: TX_SETTLE, market: 1, day, accounts: [45, 44, 45] };
      const price = fixPriceMessage({ ...sent, sender: SETTLEMENT }, 1, day, 35_000_000n);
      const forced = { ...sent, sender: BRIDGE, kind: MESSAGE_FORCED, payload: encodeTransaction(settle, 0n) };
      const { log, steps } = run([item(settle), new Uint8Array(250)], [price, forced]);
      expect(story(steps).slice(1, 7)).to.deep.equal([
        ["message", "ClaimNotReady", 1],
        ["message", "OK", 2],
        ["message", "OK", 0],
        ["item", "NothingToSettle", 1],
        ["item", "NothingToSettle", 2],
        ["item", "NothingToSettle", 0],
      ]);
      for (const step of steps) await expectStep(log, step);
    });

    it("takes at most an item for each 64 bytes, inside a settlement of several accounts too", async () => {
      const dust = run(Array.from({ length: 100 }, () => item(Uint8Array.of(0x07))));
      expect(story(dust.steps).map(([kind]) => kind)).to.deep.equal([
        ...["item", "item", "item", "item", "item limit", "next batch", "identity"],
      ]);
      for (const step of dust.steps) await expectStep(dust.log, step);

      const accounts = Array.from({ length: 32 }, (_, i) => i);
      const settle = run([item({ type: TX_SETTLE, market: 1, day: START_DAY + 9, accounts })]);
      expect(story(settle.steps).map(([kind]) => kind)).to.deep.equal([
        ...["item", "item", "item", "item limit", "next batch", "identity"],
      ]);
      for (const step of settle.steps) await expectStep(settle.log, step);
    });

    const framing: [string, Uint8Array][] = [
      ["a length of zero", Uint8Array.of(0)],
      ["a length that is not minimal", Uint8Array.of(0x81, 0)],
      ["a length of three bytes", Uint8Array.of(0x80, 0x80, 1)],
      ["a length above 4096", Uint8Array.of(0x81, 0x20)],
      ["a length that is cut off", Uint8Array.of(0x80)],
      ["an item that is cut off", Uint8Array.of(0x05, 1, 2)],
    ];
    for (const [name, bytes] of framing) {
      it(`skips the rest of a batch behind ${name}, also across a chunk's border`, async () => {
        for (const before of [0, 100, 254, 255, 256, 511]) {
          const filler: Uint8Array[] = [];
          for (let left = before; left > 0; left -= 128)
            filler.push(item(new Uint8Array(Math.min(left, 128) - 1).fill(9)));
          const { log, steps } = runPayload(concat(...filler, bytes));
          const step = steps.find(({ kind }) => kind === "framing error")!;
          expect(step, `behind ${before} bytes`).to.not.equal(undefined);
          await expectStep(log, step);
        }
      });
    }

    it("reads items of every length up to 4096 wherever they lie", async () => {
      for (const length of [1, 127, 128, 255, 256, 257, 4095, 4096]) {
        const { log, steps } = runPayload(
          concat(item(new Uint8Array(200).fill(9)), item(new Uint8Array(length).fill(9)), Uint8Array.of(1)),
        );
        expect(story(steps)[1]!.slice(0, 2)).to.deep.equal(["item", "Malformed"]);
        await expectStep(log, steps[1]!);
      }
    });
  });

  describe("refuses", () => {
    let sample: EvidenceSample;

    before(() => {
      sample = evidenceSample(scene.chainId);
    });

    for (const { name, at, error, spoil } of EVIDENCE_EDGES) {
      it(name, async () => {
        const { log, evidenceAt } = sample;
        const proof = stepArguments(log.context(log.batchCount), spoil(evidenceAt(at)));
        const { context, pre, input, witness } = proof;
        const errors = await ethers.getContractAt(ownerOf(error), scene.prover);
        const call = scene.prover.step(context, pre, input, witness);
        await expect(call).to.be.revertedWithCustomError(errors, error);
      });
    }

    it("nothing of the untouched sample", async () => {
      const { log, steps } = sample;
      expect(story(steps)).to.deep.equal([
        ["message", "OK", 0],
        ["message", "UnknownKind", 0],
        ["message", "OK", 1],
        ["message", "OK", 0],
        ["item", "OK", 0],
        ["item", "Malformed", 0],
        ["framing error", "OK", 0],
        ["next batch", "OK", 0],
        ...Array.from({ length: 4 }, () => ["item", "Malformed", 0]),
        ["next batch", "OK", 0],
        ["item", "Malformed", 0],
        ["next batch", "OK", 0],
        ["item", "OrderUnknown", 0],
        ["next batch", "OK", 0],
        ["item", "Malformed", 0],
        ["item", "Malformed", 0],
        ["item limit", "OK", 0],
        ["next batch", "OK", 0],
        ["identity", "OK", 0],
      ]);
      for (const step of steps) await expectStep(log, step);
    });
  });

  describe("lack of gas", () => {
    /** Runs a step with amounts of gas from too little for anything up to one that is enough. */
    async function expectNoFalseVerdict(log: InputLog, step: ProvenStep, high: number): Promise<void> {
      const { context, pre, input, witness } = proofOf(log, step);
      const limits = [3_000, high, 797] as const;
      const { proven, refused } = await scene.harness.stepStarved(context, { pre, input, witness }, ...limits, {
        gasLimit: 10n ** 11n,
      });
      expect(proven, "calls with enough gas").to.be.greaterThan(0n);
      expect(refused, "calls with too little").to.be.greaterThan(0n);
    }

    it("never becomes a verdict on a transfer", async () => {
      const { log, steps } = run([transfer(1n)]);
      await expectNoFalseVerdict(log, steps[0]!, 110_000);
    });

    it("never becomes a verdict on a fill", async () => {
      const { log, steps } = run([fill()]);
      await expectNoFalseVerdict(log, steps[0]!, 180_000);
    });

    it("never becomes a verdict on a settlement", async () => {
      const settle: Transaction = { type: TX_SETTLE, market: 1, day: START_DAY, accounts: [44] };
      const { log, steps } = run([item(settle)]);
      expect(resultName(steps[0]!.code)).to.equal("OK");
      await expectNoFalseVerdict(log, steps[0]!, 120_000);
    });
  });
});

/** A contract that declares the error. */
function ownerOf(error: string): "OneStepProver" | "AccountExecutor" {
  return error.startsWith("Witness") ? "AccountExecutor" : "OneStepProver";
}
