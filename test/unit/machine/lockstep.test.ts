import { expect } from "chai";
import { toHex } from "../../../src/crypto/bytes.ts";
import { genesisRoot } from "../../../src/machine/Genesis.ts";
import { InputLog } from "../../../src/machine/InputLog.ts";
import { GENESIS_CURSOR } from "../../../src/machine/MachineState.ts";
import { ResultCode, resultName, type ResultName } from "../../../src/machine/ResultCodes.ts";
import { rootHash } from "../../../src/machine/StateTree.ts";
import { itemLimit, Machine } from "../../../src/machine/Step.ts";
import { encodeItem, encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { Random } from "../../../src/market/random.ts";
import { batchOf } from "../../support/batch.ts";
import { deploymentFor, Exchange, START } from "../../support/model/Exchange.ts";
import { InvariantWatch } from "../../support/model/invariants.ts";
import type { Action } from "../../support/model/flowBase.ts";
import { RandomFlow } from "../../support/model/randomFlow.ts";
import type { ModelContext } from "../../support/model/ModelState.ts";
import { ReferenceModel } from "../../support/model/ReferenceModel.ts";
import { differences, machineInWords, modelInWords } from "../../support/model/stateInWords.ts";

const SEEDS = [1, 2, 3, 4];
const STEPS = Number(process.env.TENOR_LOCKSTEP_STEPS ?? 800);

/** How often each result came up in all runs. */
const reached = new Map<ResultName, number>();
const count = (result: ResultName): void => void reached.set(result, (reached.get(result) ?? 0) + 1);

describe("machine and reference model in lockstep", () => {
  for (const seed of SEEDS) {
    it(`agree on every result and the whole state over ${STEPS} transactions of seed ${seed}`, () => {
      const random = new Random(seed);
      const exchange = new Exchange();
      const flow = new RandomFlow(random, exchange.model, exchange.deployment, exchange.now);
      let succeeded = 0;
      const run = (action: Action): void => {
        const result =
          action.kind === "message"
            ? exchange.message(action.message, action.sender, action.payload)
            : exchange.run(action.tx, action.sender);
        count(result);
        if (result === "OK") succeeded++;
      };
      for (const action of flow.opening()) run(action);
      // In one of the runs two accounts are full from the beginning.
      if (seed === SEEDS[0]) for (const action of flow.crowd()) run(action);
      for (let step = 0; step < STEPS; step++) {
        exchange.wait(flow.pause());
        flow.now = exchange.now;
        run(flow.next());
      }
      exchange.compare("the whole run");

      expect(succeeded, "the run gets somewhere").to.be.greaterThan(STEPS / 4);
    });
  }

  for (const seed of [11, 12]) {
    it(`agree over batches and messages of seed ${seed}`, () => {
      runBatches(seed, 60);
    });
  }

  it("reach every result that there is", () => {
    const missing = Object.keys(ResultCode).filter((name) => !reached.has(name as ResultName));
    expect(missing, [...reached].map(([name, times]) => `${name} ${times}`).join(", ")).to.deep.equal([]);
  });
});

type ItemAction = Extract<Action, { kind: "transaction" }>;

/** Runs whole batches through the inbox' log and the machine's steps. */
function runBatches(seed: number, batches: number): void {
  const random = new Random(seed);
  const deployment = deploymentFor();
  const model = new ReferenceModel(deployment.model);
  const watch = new InvariantWatch(model);
  const log = new InputLog();
  const machine = new Machine(deployment.machine, log, genesisRoot(deployment.feeRecipient), GENESIS_CURSOR);
  const flow = new RandomFlow(random, model, deployment, START);
  let [l1Time, l2Time, lastNow] = [START, START, 0n];

  let before = machine.state.root;
  const check = (name: ResultName, expected: ResultName, action: Action, context: ModelContext): void => {
    expect(name).to.equal(expected);
    count(name);
    const tx = action.kind === "transaction" ? action.tx : undefined;
    watch.after(before, machine.state.root, expected, tx, context);
    before = machine.state.root;
  };

  for (let batch = 0; batch < batches; batch++) {
    const gap = BigInt(random.bool(0.05) ? random.uint(90_000) : random.uint(600));
    l1Time += gap;
    const [messages, items]: [Action[], ItemAction[]] = [[], []];
    flow.now = l2Time + BigInt(random.uint(Number(l1Time - l2Time) + 1));
    const base = flow.now;
    const actions = batch === 0 ? flow.opening() : [];
    for (let i = random.uint(25); i >= 0; i--) actions.push(flow.next());
    for (const action of actions) {
      if (action.kind === "transaction" && !isRelative(action, base)) continue;
      if (action.kind === "message" || action.sender !== undefined) messages.push(action);
      else items.push(action);
    }
    for (const action of messages) {
      log.appendMessage(
        action.kind === "message"
          ? { kind: action.message, sender: action.sender, payload: action.payload, l1Block: 1n, l1Time }
          : { kind: 2, sender: action.sender!, payload: encodeTransaction(action.tx, 0n), l1Block: 1n, l1Time },
      );
    }
    const encoded = items.map((action) => encodeItem(encodeTransaction(action.tx, base)));
    const payload = Uint8Array.from(encoded.flatMap((bytes) => [...bytes]));
    log.appendBatch(batchOf(payload, { messagesRead: log.messageCount, l1Time: l1Time + 1n, l2Time: base }));
    const target = log.batchCount;
    for (const action of messages) {
      l2Time = l2Time > l1Time ? l2Time : l1Time;
      const context = { now: l2Time, l1Time, sender: toHex(action.sender!) };
      if (action.kind === "message" && action.message === 1) watch.expectDeposit(action.payload);
      const { kind, code } = machine.step(target);
      expect(kind).to.equal("message");
      const expected =
        action.kind === "message"
          ? model.applyMessage(action.message, context.sender, action.payload)
          : model.apply(action.tx, context);
      check(resultName(code), expected, action, context);
    }
    let taken = 0;
    for (const action of items) {
      if (taken++ === itemLimit(payload.length)) {
        expect(machine.step(target).kind).to.equal("item limit");
        break;
      }
      l2Time = l2Time > base ? l2Time : base;
      const context = { now: l2Time, l1Time: l1Time + 1n, sender: undefined };
      const { kind, code } = machine.step(target);
      expect(kind).to.equal("item");
      check(resultName(code), model.apply(action.tx, context), action, context);
    }
    expect(machine.step(target).kind).to.equal("next batch");
    l2Time = l2Time > base ? l2Time : base;
    expect(machine.cursor.l2Time).to.equal(l2Time);
    expect(machine.cursor.l2Time >= lastNow, "15: L2 time never goes back").to.equal(true);
    lastNow = machine.cursor.l2Time;
    expect(machine.finished(target)).to.equal(true);
    expect(machine.step(target).kind).to.equal("identity");
    const found = differences(machineInWords(machine.state.root), modelInWords(model));
    expect(found.join("\n")).to.equal("");
  }
  expect(rootHash(machine.state.root)).to.have.length(32);
}

/** Whether a batch can say it: its times and days are not before its own. */
function isRelative(action: ItemAction, base: bigint): boolean {
  const { tx } = action;
  const early = tx.type === 0x10 && !tx.maker.stored && BigInt(tx.maker.day) < base / 86_400n;
  return !early && deadlines(action).every((deadline) => deadline >= base);
}

function deadlines(action: Extract<Action, { kind: "transaction" }>): bigint[] {
  const { tx } = action;
  if (tx.type === 0x10) return [tx.maker, tx.taker].flatMap((order) => (order.stored ? [] : [order.deadline]));
  return "auth" in tx && tx.auth !== undefined ? [tx.auth.deadline] : [];
}
