import { expect } from "chai";
import type { BridgeSource, InboxEvent } from "../../../src/l1/L1Source.ts";
import type { InputLog } from "../../../src/machine/InputLog.ts";
import { FollowedL1 } from "../../../src/roles/FollowedL1.ts";
import { Follower } from "../../../src/roles/Follower.ts";
import { failure } from "../../support/failure.ts";
import { FakeInbox } from "../../support/fakeInbox.ts";
import { CONFIG, reachableRoot } from "../../support/traffic/inputs.ts";

/** An inbox that shows what others see while it is asked for events, and may fail then. */
class WatchedInbox extends FakeInbox {
  onEvents: () => void = () => undefined;

  override async inboxEvents(from: number, to: number): Promise<readonly InboxEvent[]> {
    this.onEvents();
    return super.inboxEvents(from, to);
  }
}

describe("FollowedL1", () => {
  let inbox: WatchedInbox;
  let follower: Follower;
  let followed: FollowedL1;

  beforeEach(async () => {
    inbox = new WatchedInbox();
    for (let i = 0; i < 5; i++) mine(i);
    follower = new Follower({
      inbox,
      bridge: {} as BridgeSource,
      config: CONFIG,
      genesis: reachableRoot(),
      startBlock: 0,
    });
    followed = new FollowedL1(follower);
    await followed.sync();
  });

  function mine(index: number, mark = 0): void {
    inbox.mine(
      { type: "message", payload: Uint8Array.of(index, mark) },
      { type: "batch", payload: Uint8Array.of(0), messagesRead: BigInt(index + 1) },
    );
  }

  /** Counts and roots: all that is committed to. */
  const state = (log: InputLog): unknown => [log.messageCount, log.context(log.batchCount)];

  it("has what the follower has after each reading", async () => {
    expect(state(followed.log)).to.deep.equal(state(inbox.expectedLog()));
    mine(5);
    await followed.sync();
    expect(state(followed.log)).to.deep.equal(state(inbox.expectedLog()));
  });

  it("stays whole while a reorganisation is read, during which the follower's own log is cut, and goes over at once", async () => {
    const before = state(followed.log);
    inbox.drop(3);
    for (let i = 2; i < 6; i++) mine(i, 1);
    const seen: unknown[] = [];
    const cut: bigint[] = [];
    inbox.onEvents = () => {
      seen.push(state(followed.log));
      cut.push(follower.log.batchCount);
    };
    await followed.sync();
    expect(seen).to.deep.equal([before]);
    expect(cut).to.deep.equal([2n]);
    expect(state(followed.log)).to.deep.equal(state(inbox.expectedLog()));
  });

  it("stays as it was if the reading fails in the middle, and goes over with the next one", async () => {
    const before = state(followed.log);
    inbox.drop(4);
    for (let i = 1; i < 6; i++) mine(i, 2);
    inbox.onEvents = () => {
      // What was announced is taken back before it is read.
      inbox.onEvents = () => undefined;
      inbox.drop(1);
      inbox.mine();
    };
    expect((await failure(() => followed.sync())).code).to.equal("L1_CHANGED");
    expect(state(followed.log)).to.deep.equal(before);
    await followed.sync();
    expect(state(followed.log)).to.deep.equal(state(inbox.expectedLog()));
  });

  it("goes back as far as the deepest of the reorganisations that others' readings have found", async () => {
    inbox.drop(4);
    for (let i = 1; i < 6; i++) mine(i, 3);
    await follower.sync();
    inbox.drop(1);
    for (let i = 5; i < 7; i++) mine(i, 4);
    await followed.sync();
    expect(state(followed.log)).to.deep.equal(state(inbox.expectedLog()));
  });
});
