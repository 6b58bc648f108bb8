import { expect } from "chai";
import { getBytes } from "ethers";
import { network } from "hardhat";
import { concat, toHex } from "../../src/crypto/bytes.ts";
import { chunkCommitment, chunkLevels } from "../../src/machine/ChunkTree.ts";
import { InputLog } from "../../src/machine/InputLog.ts";
import { DATA_CALLDATA, DATA_FORCED, MESSAGE_FORCED, type BatchRecord } from "../../src/machine/Inputs.ts";
import { GENESIS_CURSOR, machineStateHash } from "../../src/machine/MachineState.ts";
import { makePosition, packSeries, type Position } from "../../src/machine/Positions.ts";
import { resultName } from "../../src/machine/ResultCodes.ts";
import {
  accountKey,
  claimKey,
  EMPTY_EXPIRY,
  expiryKey,
  GLOBALS_KEY,
  KIND_ACCOUNT,
  KIND_CLAIM,
  KIND_KEY,
  keyKey,
  marketKey,
  orderKey,
  SCOPE_TRADE,
} from "../../src/machine/Slots.ts";
import { get, set, type SlotKey, type TreeRoot } from "../../src/machine/StateTree.ts";
import { Machine, type ProvenStep } from "../../src/machine/Step.ts";
import { encodeItem, encodeTransaction, TX_SETTLE, type Transaction } from "../../src/machine/Wire.ts";
import {
  contextArgument,
  deployProver,
  evidenceArgument,
  stateArgument,
  type ProverScene,
} from "../support/proverScene.ts";
import { makerOrder, takerOrder, type Draft } from "../support/traffic/builders.ts";
import { BTC, INBOX, preparedRoot, signerAddress, START, START_DAY, testConfig } from "../support/traffic/world.ts";

const connection = await network.create();

const DAY = START_DAY + 3;
const MAKER = 1;
const TAKER = 2;
const NONCE = 5n;

/** How large the state is that a step opens. */
interface Size {
  /** Elements of every path. */
  depth: number;
  /** Positions of each side when the fill is done. */
  positions: number;
  /** Markets of each side's positions, besides the traded one none in common. */
  markets: number;
  /** Whether session keys signed both orders. */
  keyed: boolean;
}

describe("gas of a proof", () => {
  let scene: ProverScene;

  before(async () => {
    scene = await deployProver(connection);
  });

  /** Proves the first step in a transaction of its own, and gives what that costs. */
  async function cost(log: InputLog, step: ProvenStep): Promise<{ gas: bigint; bytes: number }> {
    const { prover } = scene;
    const context = log.context(1n);
    const evidence = evidenceArgument(log.evidence(step.input, context));
    const witness = toHex(concat(...step.witness));
    const [contextArg, pre] = [contextArgument(context), stateArgument(step.pre)];
    const { postHash, code } = await prover.step(contextArg, pre, evidence, witness);
    expect([postHash, Number(code)]).to.deep.equal([toHex(machineStateHash(step.post)), step.code]);
    const data = prover.interface.encodeFunctionData("step", [contextArg, pre, evidence, witness]);
    const [sender] = await connection.ethers.getSigners();
    const sending = await sender!.sendTransaction({ to: prover, data, gasLimit: 16_000_000n });
    return { gas: (await sending.wait())!.gasUsed, bytes: getBytes(data).length };
  }

  /** A thousand batches behind the first, so that paths of records have ten elements. */
  function firstStep(root: TreeRoot, record: Partial<BatchRecord>, payload: Uint8Array, log: InputLog): ProvenStep {
    const empty = { dataKind: DATA_FORCED, commitment: new Uint8Array(32), length: 0, messagesRead: log.messageCount };
    const times = { l1Time: START, l2Time: START };
    log.appendBatch({ record: { ...empty, ...times, ...record }, payload });
    for (let i = 1; i < 1000; i++) log.appendBatch({ record: { ...empty, ...times }, payload: new Uint8Array(0) });
    const cursor = { ...GENESIS_CURSOR, l2Time: START };
    return new Machine(testConfig(scene.chainId, INBOX), log, root, cursor).provenStep(1n);
  }

  function fill(size: Size): Transaction {
    const draft = (account: number, isSell: boolean): Draft => ({
      ...{ account, market: 1, expiryDay: DAY, strike: 60_000_000n, isPut: true, isSell, quantity: 100_000n },
      ...{ limitPrice: 100_000n, maxFee: 10_000_000n, nonce: NONCE, deadline: START + 1000n },
      ...{ fillOrKill: false, immediateOrCancel: false, postOnly: false, reduceOnly: false, forcible: true },
      ...{ keyIndex: size.keyed ? 1 : 0, keyEpoch: size.keyed ? 1 : 0 },
    });
    const signing = { domain: testConfig(scene.chainId, INBOX).domain };
    const maker = makerOrder(signing, draft(MAKER, false), BTC);
    return { type: 0x10, maker, taker: takerOrder(signing, draft(TAKER, true), BTC), quantity: 100_000n };
  }

  async function fillCost(size: Size, forced: boolean): Promise<{ gas: bigint; bytes: number }> {
    const root = stateOf(size);
    const log = new InputLog();
    let step: ProvenStep;
    if (forced) {
      const payload = encodeTransaction(fill(size), 0n);
      const message = { kind: MESSAGE_FORCED, sender: signerAddress(9), l1Block: 1n, l1Time: START, payload };
      for (let i = 0; i < 1000; i++) log.appendMessage(message);
      step = firstStep(root, {}, new Uint8Array(0), log);
    } else {
      const item = encodeItem(encodeTransaction(fill(size), START));
      const payload = concat(...Array.from({ length: 500 }, () => item));
      const commitment = chunkCommitment(chunkLevels(payload));
      step = firstStep(root, { dataKind: DATA_CALLDATA, commitment, length: payload.length }, payload, log);
    }
    expect(resultName(step.code)).to.equal("OK");
    return cost(log, step);
  }

  const fills: { name: string; size: Size; forced: boolean; gas: bigint }[] = [
    {
      name: "a fill of two new orders, one position a side, paths of 20",
      size: { depth: 20, positions: 1, markets: 1, keyed: false },
      forced: false,
      gas: 320_000n,
    },
    {
      name: "a fill with 32 positions a side, paths of 20",
      size: { depth: 20, positions: 32, markets: 1, keyed: false },
      forced: false,
      gas: 420_000n,
    },
    {
      name: "a fill at the caps: 64 positions in 8 markets a side, session keys, paths of 64",
      size: { depth: 64, positions: 64, markets: 8, keyed: true },
      forced: true,
      gas: 2_400_000n,
    },
  ];
  for (const { name, size, forced, gas: limit } of fills) {
    it(`${name}: at most ${limit}`, async () => {
      const { gas, bytes } = await fillCost(size, forced);
      console.log(`        ${gas} gas, ${bytes} bytes`);
      expect(gas).to.be.at.most(limit);
      expect(bytes).to.be.below(100_000);
    });
  }

  it("a settlement at the caps, the last of its expiry, paths of 64: at most 700000", async () => {
    const size = { depth: 64, positions: 64, markets: 1, keyed: false };
    const id = (1 << 16) | DAY;
    const root = set(stateOf(size), expiryKey(id), { ...EMPTY_EXPIRY, price: 35_000_000n, shorts: 1, owed: 10n ** 9n });
    const item = encodeItem(encodeTransaction({ type: TX_SETTLE, market: 1, day: DAY, accounts: [TAKER] }, START));
    const payload = concat(item, new Uint8Array(100_000));
    const commitment = chunkCommitment(chunkLevels(payload));
    const log = new InputLog();
    const step = firstStep(root, { dataKind: DATA_CALLDATA, commitment, length: payload.length }, payload, log);
    expect(resultName(step.code)).to.equal("OK");
    const { gas, bytes } = await cost(log, step);
    console.log(`        ${gas} gas, ${bytes} bytes`);
    expect(gas).to.be.at.most(700_000n);
    expect(bytes).to.be.below(100_000);
  });

  it("a malformed item of 4096 bytes: at most 350000", async () => {
    const payload = concat(...Array.from({ length: 20 }, () => encodeItem(new Uint8Array(4096).fill(0x10))));
    const commitment = chunkCommitment(chunkLevels(payload));
    const log = new InputLog();
    const record = { dataKind: DATA_CALLDATA, commitment, length: payload.length };
    const step = firstStep(preparedRoot(), record, payload, log);
    expect(resultName(step.code)).to.equal("Malformed");
    const { gas, bytes } = await cost(log, step);
    console.log(`        ${gas} gas, ${bytes} bytes`);
    expect(gas).to.be.at.most(350_000n);
  });
});

/** A state in which every slot that the steps open has a path of `depth` elements, or a few less. */
function stateOf({ depth, positions, markets, keyed }: Size): TreeRoot {
  let root = preparedRoot();
  const held = (side: number): readonly Position[] =>
    Array.from({ length: positions - 1 }, (_, i) => {
      // The traded market is common, the others are not.
      const market = i % markets === 0 ? 1 : 10 * side + (i % markets);
      const strike = 30_000_000n + BigInt(Math.floor(i / markets / 2)) * 1_250_000n;
      const put = Math.floor(i / markets) % 2 === 1;
      return makePosition(packSeries(market, DAY, strike, put), (side === MAKER ? 1n : -1n) * 100_000n);
    }).sort((a, b) => (a.series < b.series ? -1 : 1));
  const keys: SlotKey[] = [GLOBALS_KEY, expiryKey((1 << 16) | DAY), claimKey((1 << 16) | DAY, TAKER)];
  for (const side of [MAKER, TAKER]) {
    const account = { owner: signerAddress(side), floor: 0n, cash: 10n ** 15n, debt: 0n, positions: held(side) };
    root = set(root, accountKey(side), { kind: KIND_ACCOUNT, ...account });
    keys.push(accountKey(side), orderKey(side, NONCE));
    if (keyed) {
      const terms = { address: signerAddress(side, 1), scope: SCOPE_TRADE, expiry: START + 1000n, budget: 10n ** 15n };
      root = set(root, keyKey(side, 1), { kind: KIND_KEY, ...terms, epoch: 1 });
      keys.push(keyKey(side, 1));
    }
    for (let i = 0; i < markets; i++) {
      const market = i === 0 ? 1 : 10 * side + i;
      root = set(root, marketKey(market), { ...BTC, anchorTime: START });
      keys.push(marketKey(market));
    }
  }
  root = set(root, expiryKey((1 << 16) | DAY), { ...EMPTY_EXPIRY, shorts: 1 });
  for (const key of keys) {
    for (let bit = 64 - depth; bit < 64; bit++) {
      const neighbour = {
        hi: bit < 32 ? (key.hi ^ (1 << (31 - bit))) >>> 0 : key.hi,
        lo: bit < 32 ? key.lo : (key.lo ^ (1 << (63 - bit))) >>> 0,
      };
      const opened = keys.some(({ hi, lo }) => hi === neighbour.hi && lo === neighbour.lo);
      if (!opened && get(root, neighbour) === undefined) root = set(root, neighbour, { kind: KIND_CLAIM, amount: 1n });
    }
  }
  return root;
}
