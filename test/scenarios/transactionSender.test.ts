import { expect } from "chai";
import type { ContractTransaction, Signer, TransactionRequest, TransactionResponse } from "ethers";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { L1Error } from "../../src/l1/L1Error.ts";
import { TransactionSender, type SenderOptions } from "../../src/l1/TransactionSender.ts";
import type { ChallengerReport } from "../../src/roles/ChallengerReport.ts";
import { ChainClient } from "../../src/l1/ChainClient.ts";
import { GameClient } from "../../src/l1/GameClient.ts";
import { Adversary, movesOf } from "../support/game/Adversary.ts";
import { GameScene } from "../support/game/GameScene.ts";
import { World } from "../support/tenor.ts";

const GWEI = 10n ** 9n;
const QUICK: SenderOptions = { replaceAfterMilliseconds: 60, pollMilliseconds: 10, miningTimeoutMilliseconds: 60_000 };

/**
 * A signer that notes what it is given, and what of it the endpoint has taken, and lets a test come in between. Who mines a transaction
 * waits until it is taken: a block before that is without it, and no other one comes.
 */
function watched(
  signer: HardhatEthersSigner,
  before: (count: number) => Promise<void> = () => Promise.resolve(),
): { signer: Signer; sent: TransactionRequest[]; taken: TransactionRequest[] } {
  const sent: TransactionRequest[] = [];
  const taken: TransactionRequest[] = [];
  const sendTransaction = async (request: TransactionRequest): Promise<TransactionResponse> => {
    sent.push(request);
    await before(sent.length);
    const response = await signer.sendTransaction(request);
    taken.push(request);
    return response;
  };
  const get = (target: HardhatEthersSigner, name: string | symbol): unknown => {
    if (name === "sendTransaction") return sendTransaction;
    const value: unknown = Reflect.get(target, name);
    return typeof value === "function" ? (value.bind(target) as unknown) : value;
  };
  return { signer: new Proxy(signer, { get }), sent, taken };
}

async function failure(call: Promise<unknown>): Promise<L1Error> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(L1Error);
  return error as L1Error;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 6_000; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it did not come to that");
}

describe("Scenario: a transaction that is not mined for its fee", () => {
  let world: World;
  let account: HardhatEthersSigner;
  let mine: () => Promise<void>;

  beforeEach(async () => {
    world = await World.launch();
    account = world.signers[7]!;
    mine = () => world.connection.networkHelpers.mine();
    await automine(false);
  });

  async function automine(on: boolean): Promise<void> {
    await world.connection.provider.request({ method: "evm_setAutomine", params: [on] });
  }

  /** Mines a block that costs more than what was offered before. */
  async function raiseBaseFee(to: bigint): Promise<void> {
    await world.connection.networkHelpers.setNextBlockBaseFeePerGas(to);
    await mine();
  }

  function sender(signer: Signer, options: SenderOptions = {}): TransactionSender {
    return new TransactionSender(world.connection.ethers.provider, signer, { ...QUICK, ...options });
  }

  function call(value = 1n): Promise<ContractTransaction> {
    return Promise.resolve({ to: world.signers[9]!.address, data: "0x", value });
  }

  function feesOf(request: TransactionRequest | undefined): [bigint, bigint] {
    return [BigInt(request!.maxFeePerGas!), BigInt(request!.maxPriorityFeePerGas!)];
  }

  it("is offered again at the market's price with the same nonce and effect, and one of the two is mined", async () => {
    const { signer, sent, taken } = watched(account);
    const sending = sender(signer).send("send", call());
    await until(() => taken.length === 1);
    await raiseBaseFee(100n * GWEI);
    await until(() => feesOf(taken.at(-1))[0] >= 100n * GWEI);
    await mine();
    const receipt = await sending;
    expect(receipt.status).to.equal(1);
    for (const [i, later] of sent.slice(1).entries()) {
      const { maxFeePerGas: _, maxPriorityFeePerGas: __, ...effect } = later;
      expect(sent[i]).to.deep.include(effect);
      const [fee, tip] = feesOf(later);
      const [earlierFee, earlierTip] = feesOf(sent[i]);
      expect(fee * 8n >= earlierFee * 9n && tip * 8n >= earlierTip * 9n, "an eighth more").to.equal(true);
    }
    expect(await account.getNonce("latest")).to.equal(1);
    expect(await world.connection.ethers.provider.getBalance(world.signers[9]!.address)).to.equal(10n ** 22n + 1n);
  });

  it("is found mined at its first price, just when it is offered again", async () => {
    const { signer, sent } = watched(account, async (count) => {
      if (count === 2) await mine();
    });
    const receipt = await sender(signer).send("send", call());
    expect(sent).to.have.length(2);
    expect(receipt.status).to.equal(1);
    expect(await account.getNonce("latest")).to.equal(1);
  });

  it("says so if another process has used the nonce", async () => {
    const { signer, sent } = watched(account, async (count) => {
      if (count !== 2) return;
      const { to, value, ...dearer } = { ...sent[0]!, maxFeePerGas: 900n * GWEI, maxPriorityFeePerGas: 50n * GWEI };
      await account.sendTransaction({ ...dearer, to: to!, value: BigInt(value!) + 1n });
      await mine();
    });
    const error = await failure(sender(signer).send("send", call()));
    expect(error.code).to.equal("NONCE_USED");
    expect(error.fields).to.deep.include({ action: "send", nonce: 0 });
    expect(sent).to.have.length(2);
  });

  it("is never offered for more than the cap, and waits at the cap for the market to come down", async () => {
    const { signer, sent, taken } = watched(account);
    const subject = sender(signer, { maxFeePerGas: 4n * GWEI, miningTimeoutMilliseconds: 500 });
    const sending = failure(subject.send("send", call()));
    await until(() => taken.length === 1);
    await raiseBaseFee(100n * GWEI);
    const error = await sending;
    expect(error.code).to.equal("NOT_MINED");
    expect(sent.length).to.be.above(2);
    for (const request of sent) expect(feesOf(request)[0] <= 4n * GWEI).to.equal(true);
    expect(await subject.hasPending()).to.equal(true);
    await world.connection.networkHelpers.setNextBlockBaseFeePerGas(1n);
    await mine();
    expect(await subject.hasPending()).to.equal(false);
    expect(await account.getNonce("latest")).to.equal(1);
  });

  it("is sent at the cap if the market is above it from the start", async () => {
    await raiseBaseFee(100n * GWEI);
    const { signer, sent, taken } = watched(account);
    const sending = sender(signer, { maxFeePerGas: 90n * GWEI }).send("send", call());
    await until(() => taken.length === 1);
    expect(feesOf(sent[0])[0]).to.equal(90n * GWEI);
    await world.connection.networkHelpers.setNextBlockBaseFeePerGas(80n * GWEI);
    await mine();
    expect((await sending).status).to.equal(1);
  });

  it("is offered higher still while the endpoint asks for more than an eighth", async () => {
    const { signer, sent } = watched(account, (count) =>
      count === 2 || count === 3 ? Promise.reject(new Error("replacement transaction underpriced")) : Promise.resolve(),
    );
    const sending = sender(signer).send("send", call());
    await until(() => sent.length >= 4);
    await mine();
    expect((await sending).status).to.equal(1);
    const tips = sent.slice(0, 4).map((request) => feesOf(request)[1]);
    for (let i = 1; i < 4; i++) expect(tips[i]! * 8n >= tips[i - 1]! * 9n).to.equal(true);
  });

  it("keeps its place while the endpoint fails", async () => {
    const { signer, sent } = watched(account, (count) =>
      count === 2 ? Promise.reject(Object.assign(new Error("no"), { code: "ECONNRESET" })) : Promise.resolve(),
    );
    const sending = sender(signer).send("send", call());
    await until(() => sent.length >= 2);
    await mine();
    expect((await sending).status).to.equal(1);
  });

  it("is taken up again after it was given up, when somebody asks for what is pending", async () => {
    const { signer, sent } = watched(account);
    const subject = sender(signer, { miningTimeoutMilliseconds: 20 });
    expect((await failure(subject.send("send", call()))).code).to.equal("NOT_MINED");
    expect(sent).to.have.length(1);
    await raiseBaseFee(50n * GWEI);
    await until(async () => (await subject.hasPending()) && sent.length === 2);
    expect(sent[1]!.nonce).to.equal(sent[0]!.nonce);
    await mine();
    expect(await subject.hasPending()).to.equal(false);
    expect(sent).to.have.length(2);
  });

  it("keeps its nonce though the endpoint has forgotten it: the next call takes another", async () => {
    const { signer, sent } = watched(account);
    const subject = sender(signer, { miningTimeoutMilliseconds: 20 });
    await failure(subject.send("one", call(1n)));
    const [{ hash }] = (await world.connection.ethers.provider.send("eth_pendingTransactions", [])) as [
      { hash: string },
    ];
    await world.connection.provider.request({
      method: "hardhat_dropTransaction",
      params: [hash],
    });
    expect(await account.getNonce("pending")).to.equal(0);
    await failure(subject.send("two", call(2n)));
    expect(sent.map(({ nonce, value }) => [nonce, value])).to.deep.equal([
      [0, 1n],
      [1, 2n],
    ]);
    await until(async () => (await subject.hasPending()) && sent.length >= 4);
    await mine();
    expect(await subject.hasPending()).to.equal(false);
    expect(await world.connection.ethers.provider.getBalance(world.signers[9]!.address)).to.equal(10n ** 22n + 3n);
  });

  it("shares its nonce with no other call of the same account", async () => {
    const { signer, sent, taken } = watched(account);
    const subject = sender(signer);
    const both = Promise.all([subject.send("one", call(1n)), subject.send("two", call(2n))]);
    await until(() => new Set(taken.map(({ nonce }) => nonce)).size === 2);
    await mine();
    expect((await both).map(({ status }) => status)).to.deep.equal([1, 1]);
    for (const request of sent) expect(request.value).to.equal(BigInt(request.nonce!) + 1n);
  });

  it("fails on chain for what it does, not for what it pays", async () => {
    const { chain } = world.deployment.addresses;
    const { signer, taken } = watched(account);
    const silent = new Proxy(signer, {
      get: (target, name) =>
        name === "estimateGas" ? () => Promise.resolve(50_000n) : (Reflect.get(target, name) as unknown),
    });
    const sending = failure(sender(silent).send("send", Promise.resolve({ to: chain, data: "0x12345678" })));
    await until(() => taken.length === 1);
    await mine();
    expect((await sending).code).to.equal("FAILED_ON_CHAIN");
  });
});

describe("Scenario: a defender while L1 becomes dear", () => {
  it("wins although the base fee rises tenfold in the middle of a dispute, with a move pending", async () => {
    const scene = await GameScene.launch({ historyHeight: 6n, sectionBits: 2n });
    const { world } = scene;
    const { provider, networkHelpers } = world.connection;
    const liar = new Adversary(scene, world.signers[8]!, await scene.wrongFrom(4, "liar"));
    const base = 30n * GWEI;
    await networkHelpers.setNextBlockBaseFeePerGas(base);
    await liar.assert();
    const { signer, sent, taken } = watched(world.signers[7]!);
    const patient = { ...QUICK, replaceAfterMilliseconds: 300, miningTimeoutMilliseconds: 30_000 };
    const client = world.client(signer as HardhatEthersSigner, patient);
    const { addresses } = world.deployment;
    const defender = world.challenger(undefined, {
      chain: new ChainClient(client, addresses.chain),
      game: new GameClient(client, addresses.game),
    });
    const reports: ChallengerReport[] = [await defender.tick()];
    await liar.move();
    // Its first moves are sent, and before they are mined a block asks for ten times as much.
    await provider.request({ method: "evm_setAutomine", params: [false] });
    const before = sent.length;
    const round = defender.tick();
    await until(() => taken.length > before);
    await networkHelpers.setNextBlockBaseFeePerGas(10n * base);
    await networkHelpers.mine();
    expect(await world.signers[7]!.getNonce("latest"), "nothing of it is mined").to.equal(sent[before]!.nonce);
    await until(() => BigInt(taken.at(-1)!.maxFeePerGas!) >= 10n * base);
    expect(sent[before + 1]!.data).to.equal(sent[before]!.data);
    await networkHelpers.mine();
    reports.push(await round);
    await provider.request({ method: "evm_setAutomine", params: [true] });
    for (let i = 0; i < 100 && !(await scene.isRightConfirmed()); i++) {
      await networkHelpers.setNextBlockBaseFeePerGas(10n * base);
      reports.push(await defender.tick());
      if (!(await scene.isRightConfirmed())) await liar.move();
      await world.wait(200n);
    }
    expect(await scene.isRightConfirmed()).to.equal(true);
    expect(movesOf(reports)).to.include.members(["open root", "descend", "open", "prove", "confirm"]);
    expect(reports.flatMap(({ alarms }) => alarms.filter(({ type }) => type === "cannot send"))).to.deep.equal([]);
  });
});
