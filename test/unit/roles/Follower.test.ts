import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { writeU128, writeU32 } from "../../../src/crypto/bytes.ts";
import { childrenOf } from "../../../src/history/HistorySource.ts";
import type { BridgeSource } from "../../../src/l1/L1Source.ts";
import { MESSAGE_DEPOSIT } from "../../../src/machine/Inputs.ts";
import { checkpointIdentity } from "../../../src/roles/Checkpoints.ts";
import { machineStateOf } from "../../../src/roles/Execution.ts";
import { Follower } from "../../../src/roles/Follower.ts";
import { SILENT } from "../../../src/roles/Logger.ts";
import { SqliteCheckpoints } from "../../../src/roles/SqliteCheckpoints.ts";
import { FakeInbox } from "../../support/fakeInbox.ts";
import { makeInputs, reachableRoot, CONFIG } from "../../support/traffic/inputs.ts";
import { BRIDGE } from "../../support/traffic/world.ts";

const GENESIS = reachableRoot();
const IDENTITY = checkpointIdentity(CONFIG, GENESIS);

/** A block with a deposit for an account and a batch that reads it. */
function mine(inbox: FakeInbox, number: number, amount = 5n): void {
  const payload = new Uint8Array(40);
  writeU32(payload, 0, 100 + number);
  payload[23] = 1 + number;
  writeU128(payload, 24, amount);
  inbox.mine(
    { type: "message", kind: MESSAGE_DEPOSIT, sender: BRIDGE, payload },
    { type: "batch", payload: new Uint8Array(0), messagesRead: BigInt(number + 1) },
  );
}

describe("Follower with checkpoints", () => {
  let directory: string;
  let path: string;
  let inbox: FakeInbox;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tenor-"));
    path = join(directory, "checkpoints.sqlite");
    inbox = new FakeInbox();
    for (let i = 0; i < 30; i++) mine(inbox, i);
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  /** A process: a follower that lives until `use` is done. */
  async function start<T>(use: (follower: Follower, steps: () => number) => Promise<T>, stored = true): Promise<T> {
    const store = stored ? new SqliteCheckpoints(path, IDENTITY, SILENT) : undefined;
    let steps = 0;
    const follower = new Follower({
      inbox,
      bridge: {} as BridgeSource,
      config: CONFIG,
      genesis: GENESIS,
      startBlock: 0,
      observer: () => steps++,
      ...(store === undefined ? {} : { checkpoints: store, checkpointSteps: 7 }),
    });
    try {
      return await use(follower, () => steps);
    } finally {
      store?.close();
    }
  }

  const plainState = (): Promise<unknown> =>
    start(async (follower) => {
      await follower.sync();
      return follower.machineState;
    }, false);

  it("goes on from the newest checkpoint after a start, to the state that any other node has", async () => {
    const total = await start(async (follower, steps) => {
      await follower.sync();
      return steps();
    });
    mine(inbox, 30);
    await start(async (follower, steps) => {
      await follower.sync();
      expect(steps()).to.be.below(12);
      expect(follower.snapshot.steps).to.equal(total + 2);
      expect(follower.machineState).to.deep.equal(await plainState());
    });
  });

  it("runs ranges that begin before its checkpoint, and answers for them", async () => {
    const children = (follower: Follower): Promise<Uint8Array[]> =>
      (async () => {
        const { range } = await follower.range(follower.genesis, 12n, 26);
        expect((await follower.stepAt(range, 3)).step.pre).to.deep.include({ batch: 1n, message: 2n });
        return await childrenOf(range.history, 5, 0, 5);
      })();
    const expected = await start(async (follower) => {
      await follower.sync();
      return await children(follower);
    });
    await start(async (follower) => {
      await follower.sync();
      expect(follower.snapshotAt(12n)).to.equal(undefined);
      expect(await children(follower)).to.deep.equal(expected);
      expect(follower.snapshotAt(12n), "kept, now that it was there").to.not.equal(undefined);
    });
  });

  it("uses no checkpoint that a reorganisation has outdated, before the start or after it", async () => {
    await start((follower) => follower.sync());
    inbox.drop(12);
    for (let i = 18; i < 32; i++) mine(inbox, i, 9n);
    await start(async (follower, steps) => {
      await follower.sync();
      expect(steps()).to.be.above(2 * 14 - 1);
      expect(follower.machineState).to.deep.equal(await plainState());
      inbox.drop(25);
      for (let i = 7; i < 33; i++) mine(inbox, i, 11n);
      await follower.sync();
      expect(follower.machineState).to.deep.equal(await plainState());
    });
    await start(async (follower) => {
      await follower.sync();
      expect(follower.machineState).to.deep.equal(await plainState());
    });
  });

  it("starts from genesis if it is told to rebuild", async () => {
    await start((follower) => follower.sync());
    await start(async (follower, steps) => {
      await follower.rebuild();
      expect(steps()).to.equal(follower.snapshot.steps);
    });
  });
});

describe("a process that is killed while it stores checkpoints", () => {
  it("leaves a whole one, whenever it is killed", async function () {
    this.timeout(60_000);
    const directory = mkdtempSync(join(tmpdir(), "tenor-"));
    const path = join(directory, "checkpoints.sqlite");
    const { log } = makeInputs(20260506, 12, GENESIS);
    const child = fileURLToPath(new URL("../../support/checkpoint-child.ts", import.meta.url));
    try {
      for (const delay of [0, 3, 11, 29, 53]) {
        const running = spawn(process.execPath, [child, path], { stdio: ["ignore", "pipe", "inherit"] });
        const exited = once(running, "exit");
        await once(running.stdout, "data");
        await new Promise((resolve) => setTimeout(resolve, delay));
        running.kill("SIGKILL");
        await exited;
        const store = new SqliteCheckpoints(path, IDENTITY, SILENT);
        const found = store.newest(100n, 0n, log);
        store.close();
        expect(found).to.not.equal(undefined);
        expect(machineStateOf(found!).batch > 0n).to.equal(true);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
