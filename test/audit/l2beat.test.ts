import { expect } from "chai";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { artifacts } from "hardhat";
import { fromHex, toHex } from "../../src/crypto/bytes.ts";
import { longestDelay } from "../../src/game/Deadlines.ts";
import { contextArgument, stepArguments } from "../../src/l1/proverArguments.ts";
import { proverAt, settlementAt } from "../../src/l1/Contracts.ts";
import { MESSAGE_FORCED } from "../../src/machine/Inputs.ts";
import { machineStateHash } from "../../src/machine/MachineState.ts";
import { KIND_WITHDRAWAL, withdrawalKey } from "../../src/machine/Slots.ts";
import { rootHash, set, witnessItem } from "../../src/machine/StateTree.ts";
import { TX_WITHDRAW } from "../../src/machine/Wire.ts";
import { encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { Dispute } from "../support/game/Dispute.ts";
import { GameScene } from "../support/game/GameScene.ts";
import { expectRefused, LOCAL_PARAMETERS, USDC, World, type Trader } from "../support/tenor.ts";
import { ACCESS, type ContractAccess } from "./accessMatrix.ts";
import { CONTRACT_NAMES, CONTRACTS } from "./contracts.ts";

const DAY = 86_400;
const PRODUCTION = JSON.parse(
  readFileSync(new URL("../../deploy/parameters/production.json", import.meta.url), "utf8"),
) as Record<"timelockDelaySeconds" | "forceDelaySeconds" | "challengePeriodSeconds", number> & {
  timelockAdmin: string;
  timelockExecutors: string[];
};

const SMALL = { historyHeight: 6n, sectionBits: 2n };

/** Functions of a contract that a caller alone may use, as the access matrix has them, each of which is exercised there. */
function privilegesOf(role: string): string[] {
  return CONTRACTS.flatMap((name) =>
    Object.entries((ACCESS[name] as ContractAccess).functions)
      .filter(([, { only }]) => (only as readonly string[] | undefined)?.includes(role))
      .map(([functionName]) => `${CONTRACT_NAMES[name]}.${functionName}`),
  );
}

describe("L2BEAT, Stage 0", () => {
  let scene: GameScene;

  before(async () => {
    scene = await GameScene.launch(SMALL);
  });

  it("a complete proof system: L1 runs every step of a range, whatever it is, and comes to the state that a node has", async () => {
    const { world, steps } = scene;
    const prover = proverAt(world.deployment.addresses.prover, world.signers[9]!);
    expect(new Set(steps.map(({ kind }) => kind))).to.deep.equal(
      new Set(["message", "item", "framing error", "next batch", "identity"]),
    );
    const follower = world.follower();
    await follower.sync();
    const context = follower.log.context(1n);
    for (const [index, step] of steps.entries()) {
      const evidence = await scene.testimony.evidence(index, context);
      const { pre, input, witness } = stepArguments(context, evidence);
      const { postHash } = await prover.step.staticCall(contextArgument(context), pre, input, witness);
      expect(postHash, `step ${index}, ${step.kind}`).to.equal(toHex(machineStateHash(step.post)));
    }
  });

  it("anyone can submit a fraud proof: somebody without any role contradicts a wrong assertion and wins", async () => {
    const dispute = await Dispute.begin(scene, await scene.wrongFrom(3, "operator"));
    expect(privilegesOf("stranger").filter((name) => !name.startsWith("Bridge."))).to.deep.equal([]);
    await dispute.win();
    expect(await scene.isRightConfirmed()).to.equal(true);
  });

  it("state roots are on L1: every assertion names the state that it claims", async () => {
    const chain = scene.world.chain(scene.world.signers[9]!);
    const events = await chain.chainEvents(0, (await chain.head()).number);
    const roots = events.flatMap((event) => (event.type === "created" ? [toHex(event.end.stateRoot)] : []));
    expect(roots).to.include(toHex(scene.honest.end.stateRoot));
  });

  it("all inputs are on L1, and a node rebuilds the state from nothing else and compares it with the posted root", async () => {
    const { world } = scene;
    const follower = world.follower();
    await follower.sync();
    expect(toHex(follower.machineState.stateRoot)).to.equal(toHex(scene.honest.end.stateRoot));
    const watchtower = world.challenger(undefined, { mode: "watchtower" });
    const { alarms } = await watchtower.tick();
    expect(alarms.map(({ type }) => type)).to.include("wrong assertion");
    expect(watchtower.view.latestConfirmed.right).to.equal(true);
  });
});

describe("L2BEAT, Stage 1", () => {
  let world: World;
  let alice: Trader;

  before(async () => {
    world = await World.launch();
    alice = await world.trader("alice");
    await alice.bridge.open(alice.address, 100n * USDC);
    await world.post();
  });

  it("users exit without any operator: a withdrawal is forced in, asserted, confirmed and paid, the sequencer silent", async () => {
    const amount = 60n * USDC;
    await alice.inbox.enqueue(
      MESSAGE_FORCED,
      encodeTransaction({ type: TX_WITHDRAW, account: 1, amount, payee: 0, auth: undefined }, 0n),
    );
    const node = world.follower();
    await node.sync();
    const { log } = node;
    const last = log.messageCount - 1n;
    await world.wait(world.parameters.forceDelaySeconds);
    await alice.inbox.forceInclude(last + 1n, log.message(last), log.messagePath(last), log.messageCount);
    await node.sync();
    expect(node.state.openAccount(1)!.cash).to.equal(40n * USDC);

    // Whoever has a stake asserts what follows; what is confirmed pays.
    const proposer = world.proposer(world.chain(world.signers[15]!));
    for (let range = 0; range < 3; range++) {
      await world.wait(world.parameters.minParentAgeSeconds);
      await proposer.tick();
      await world.wait(world.parameters.challengePeriodSeconds);
      await proposer.tick();
    }
    const { created } = proposer.view.latestConfirmed;
    const { root } = (await node.find(created.end))!;
    const before = await world.balanceOf(alice.address);
    await alice.bridge.finalizeWithdrawal(0n, created, witnessItem(root, withdrawalKey(0n)));
    expect((await world.balanceOf(alice.address)) - before).to.equal(amount);
  });

  it("nobody can hold a message back: batches in front of it do not outdate who forces it in", async () => {
    await alice.inbox.enqueue(MESSAGE_FORCED, Uint8Array.of(0xff));
    const node = world.follower();
    await node.sync();
    const { log } = node;
    const last = log.messageCount - 1n;
    const evidence = [last + 1n, log.message(last), log.messagePath(last), log.messageCount] as const;
    await world.wait(world.parameters.forceDelaySeconds);
    // The sequencer appends batches that read nothing.
    const { contract } = world.sequencer;
    for (let i = 0; i < 3; i++) {
      await contract.appendBatch(await contract.batchCount(), await contract.messagesRead(), await world.now(), "0x");
    }
    await alice.inbox.forceInclude(...evidence);
    expect(await contract.messagesRead()).to.equal(last + 1n);
  });

  it("nobody can push an invalid withdrawal: the bridge pays against confirmed states alone, and has no other way out", async () => {
    const proposer = world.proposer();
    await proposer.tick();
    const { created } = proposer.view.latestConfirmed;
    const number = 7n;
    const pay = (claim: typeof created, witness: Uint8Array): Promise<unknown> =>
      alice.bridge.finalizeWithdrawal(number, claim, witness);
    // A state that nobody has confirmed, which pays a fortune to Alice.
    const slot = { kind: KIND_WITHDRAWAL, account: 1, recipient: fromHex(alice.address), amount: 10n ** 15n } as const;
    const state = set(undefined, withdrawalKey(number), slot);
    const witness = witnessItem(state, withdrawalKey(number));
    const forged = { ...created, end: { ...created.end, stateRoot: rootHash(state) } };
    await expectRefused(pay(forged, witness), "AssertionNotConfirmed");
    await expectRefused(pay(created, witness), "WitnessRootMismatch");
    const node = world.follower();
    await node.sync();
    const { root } = (await node.find(created.end))!;
    await expectRefused(pay(created, witnessItem(root, withdrawalKey(number))), "WithdrawalUnknown");
    expect(privilegesOf("timelock").filter((name) => name.startsWith("Bridge."))).to.deep.equal([]);
    expect(privilegesOf("sequencer").filter((name) => name.startsWith("Bridge."))).to.deep.equal([]);
  });

  it("the program that judges is published: what stands on L1 is what the compiler makes of these sources, bit for bit", async () => {
    const { provider } = world.connection.ethers;
    for (const name of CONTRACTS) {
      const source = name === "timelock" ? undefined : CONTRACT_NAMES[name];
      const artifact = await artifacts.readArtifact(CONTRACT_NAMES[name]);
      const expected = Buffer.from(artifact.deployedBytecode.slice(2), "hex");
      const actual = Buffer.from((await provider.getCode(world.deployment.addresses[name])).slice(2), "hex");
      // Immutables are zero in the compiler's output.
      for (const references of Object.values(artifact.immutableReferences ?? {})) {
        for (const { start, length } of references) actual.fill(0, start, start + length);
      }
      expect(actual.equals(expected), `${name}: other code than that of its source`).to.equal(true);
      if (source === undefined) continue;
      // And the artifact was made from the files as they are now.
      const id = (await artifacts.getBuildInfoId(artifact.sourceName + ":" + source))!;
      const path = (await artifacts.getBuildInfoPath(id))!;
      const { input } = JSON.parse(readFileSync(path, "utf8")) as { input: { sources: Record<string, Source> } };
      for (const file of importedBy(`project/${artifact.sourceName}`, input.sources)) {
        const { content } = input.sources[file]!;
        const now = readFileSync(new URL(`../../${file.slice("project/".length)}`, import.meta.url), "utf8");
        expect(content === now, `${file} has changed since it was compiled`).to.equal(true);
      }
    }
  });
});

describe("L2BEAT, Stage 2", () => {
  it("proofs are permissionless: no move of a dispute asks who makes it", () => {
    for (const name of ["assertState", "confirm"] as const) expect(ACCESS.chain.functions[name].by).to.equal("anybody");
    for (const name of [
      "recordInputs",
      "openRoot",
      "open",
      "descend",
      "prove",
      "update",
      "updateAndConfirm",
    ] as const) {
      expect(ACCESS.game.functions[name].by).to.equal("anybody");
    }
  });

  it("30 days and more to leave before any change: the timelock's delay less the time that a forced exit takes", async () => {
    const { timelockDelaySeconds: delay, forceDelaySeconds, challengePeriodSeconds } = PRODUCTION;
    expect(delay - forceDelaySeconds - challengePeriodSeconds).to.be.at.least(30 * DAY);
    const world = await World.launch();
    const { ethers } = world.connection;
    const timelock = await ethers.getContractAt("TimelockController", world.deployment.addresses.timelock);
    const proposer = await ethers.getImpersonatedSigner(LOCAL_PARAMETERS.timelockProposers[0]!);
    const { settlement } = world.deployment.addresses;
    const data = settlementAt(settlement, proposer).interface.encodeFunctionData("setSigners", [1, [proposer.address]]);
    const operation = [settlement, 0, data, ethers.ZeroHash, ethers.ZeroHash] as const;
    const least = await timelock.getMinDelay();
    expect(least).to.equal(LOCAL_PARAMETERS.timelockDelaySeconds);
    const asProposer = timelock.connect(proposer);
    await expect(asProposer.schedule(...operation, least - 1n)).to.be.revertedWithCustomError(
      timelock,
      "TimelockInsufficientDelay",
    );
    await asProposer.schedule(...operation, least);
    await expect(timelock.execute(...operation)).to.be.revertedWithCustomError(
      timelock,
      "TimelockUnexpectedOperationState",
    );
    await world.wait(least);
    await timelock.execute(...operation);
  });

  it("nobody may intervene: the timelock sets the sequencer, markets and the oracle, and nothing that holds funds or judges", () => {
    const outside = privilegesOf("timelock").filter((name) => !name.startsWith("TimelockController."));
    expect(outside).to.deep.equal([
      "RollupInbox.setSequencer",
      "OptionsSettlement.listMarket",
      "OptionsSettlement.setSigners",
      "OptionsSettlement.setMarket",
    ]);
    for (const role of ["deployer", "treasury", "proposer"]) {
      expect(privilegesOf(role).filter((name) => !name.startsWith("TimelockController."))).to.deep.equal([]);
    }
    expect(PRODUCTION.timelockAdmin, "no admin beside the timelock itself").to.equal(`0x${"00".repeat(20)}`);
    expect(PRODUCTION.timelockExecutors, "anybody executes").to.deep.equal([`0x${"00".repeat(20)}`]);
  });
});

describe("L2BEAT, Rosette", () => {
  it("state validation: permissionless fraud proofs, and a confirmation within the bound against somebody who answers everything", async () => {
    const scene = await GameScene.launch(SMALL);
    const start = await scene.world.now();
    const dispute = await Dispute.begin(scene, await scene.wrongFrom(5, "liar"));
    await dispute.win();
    expect(await scene.isRightConfirmed()).to.equal(true);
    const { challengePeriodSeconds: challengePeriod } = scene.world.parameters;
    const times = { challengePeriod, historyHeight: 6, sectionBits: 2, reaction: 60n };
    expect((await scene.world.now()) - start <= challengePeriod + longestDelay(times, true)).to.equal(true);
  });

  it("data availability: each batch's commitment is computed by L1 from what the batch's own transaction carries", async () => {
    const world = await World.launch();
    await world.post(() => [], Uint8Array.of(1, 2, 3));
    const { provider } = world.connection.ethers;
    const events = await world.sequencer.inboxEvents(0, await provider.getBlockNumber());
    const batch = events.find((event) => event.type === "batch")!;
    const { data } = (await provider.getTransaction(batch.transactionHash))!;
    expect(data).to.include("010203");
    const follower = world.follower();
    await follower.sync();
    expect(toHex(follower.log.batch(0n).payload)).to.equal("0x010203");
  });

  it("exit window: without end for custody and proofs, as no reference between contracts can ever be changed", () => {
    for (const name of CONTRACTS) {
      if (name === "timelock") continue;
      const setters = Object.keys(ACCESS[name].functions).filter((f) =>
        /^(set|update|upgrade|transfer|grant|pause)/.test(f),
      );
      const known = ["setSequencer", "setSigners", "setMarket", "update", "updateAndConfirm", "transferClaim"];
      expect(setters.filter((setter) => !known.includes(setter))).to.deep.equal([]);
    }
  });

  it("sequencer failure: a message is forced in after half a day", () => {
    expect(PRODUCTION.forceDelaySeconds).to.be.at.most(DAY / 2);
    expect(ACCESS.inbox.functions.forceInclude.by).to.equal("anybody");
  });

  it("proposer failure: anybody with a stake proposes", async () => {
    const world = await World.launch();
    await world.post();
    await world.wait(world.parameters.minParentAgeSeconds);
    const proposer = world.proposer(world.chain(world.signers[15]!));
    expect((await proposer.tick()).asserted).to.be.an("object");
  });
});

interface Source {
  readonly content: string;
}

/**
 * The project's files that a source file is compiled with: itself and what it imports, directly or not. One run of the compiler has had
 * others too, which may have changed since.
 */
function importedBy(file: string, sources: Readonly<Record<string, Source>>, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, path] of sources[file]!.content.matchAll(/ from "(\.[^"]+)";$/gm)) {
    importedBy(posix.join(posix.dirname(file), path!), sources, found);
  }
  return found;
}
