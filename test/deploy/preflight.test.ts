import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { ContractFactory, Wallet } from "ethers";
import { EndpointProvider } from "../../scripts/deploy/EndpointProvider.ts";
import { ignite } from "../../scripts/deploy/ignite.ts";
import { Journal } from "../../scripts/deploy/Journal.ts";
import { preflight, type Preflight, type Subject } from "../../scripts/deploy/preflight.ts";
import { SigningProvider } from "../../scripts/deploy/SigningProvider.ts";
import type { Hex } from "../../src/crypto/bytes.ts";
import { isTenorError } from "../../src/errors.ts";
import { loadArtifact } from "../../src/l1/Artifacts.ts";
import { L1Client } from "../../src/l1/L1Client.ts";
import { readParameters, type TenorParameters } from "../../src/l1/parameters.ts";
import { LocalSigner } from "../../src/l1/TransactionSigner.ts";
import { DEPLOYER_KEY } from "../support/deploy/DeployScene.ts";
import { TestL1 } from "../support/poster/TestL1.ts";

const LOCAL = readParameters(new URL("../../deploy/parameters/local.json", import.meta.url));
const DEPLOYER = new Wallet(DEPLOYER_KEY).address as Hex;
const NOBODY: Hex = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";

describe("what is looked at before a deployment", () => {
  let l1: TestL1;
  let client: L1Client;
  let folder: string;
  let journal: Journal;
  /** A token with six decimals that calls itself tUSDC, and a contract that is no token. */
  let token: Hex;
  let noToken: Hex;

  before(async () => {
    l1 = await TestL1.start("anvil");
    client = L1Client.connect(l1.url, 31_337n);
    folder = mkdtempSync(path.join(tmpdir(), "tenor-preflight-"));
    journal = Journal.open(folder);
    const wallet = new Wallet(DEPLOYER_KEY, l1.provider);
    const deploy = async (name: "TestUsdc" | "MarginEngine"): Promise<Hex> => {
      const { abi, bytecode } = loadArtifact(name);
      const contract = await new ContractFactory(abi, bytecode, wallet).deploy();
      await contract.waitForDeployment();
      return (await contract.getAddress()) as Hex;
    };
    token = await deploy("TestUsdc");
    noToken = await deploy("MarginEngine");
  });

  after(async () => {
    journal.close();
    client.close();
    await l1.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function look(parameters: Partial<TenorParameters>, changes: Partial<Subject> = {}): Promise<Preflight> {
    return preflight({
      client,
      provider: new EndpointProvider(l1.url),
      parameters: { ...LOCAL, ...parameters },
      network: { chainId: 31_337, chainType: "l1" },
      deployer: DEPLOYER,
      symbol: "USDC",
      journal,
      ...changes,
    });
  }

  it("reckons what it costs, from above and not by far", async () => {
    const { gas, cost, gasPrice, transactions } = await look({});
    expect(transactions).to.have.length(15);
    expect(cost).to.equal(gas * gasPrice);
    const own = Journal.open(path.join(folder, "deployed"));
    const signer = new LocalSigner(DEPLOYER_KEY);
    const endpoint = new EndpointProvider(l1.url);
    await ignite(LOCAL, {
      provider: new SigningProvider(endpoint, signer, LOCAL.chainId, own.outbox),
      deployer: DEPLOYER,
      journal: own,
      config: { blockPollingInterval: 20 },
      maxFeePerGas: 10n ** 12n,
      onDeployed: () => undefined,
    });
    // What is done costs nothing any more.
    const { transactions: left, cost: rest } = await look({}, { journal: own });
    expect([left.length, rest]).to.deep.equal([0, 0n]);
    own.close();
    let used = 0n;
    for (const { hash } of own.outbox.all) used += (await l1.provider.getTransactionReceipt(hash))!.gasUsed;
    expect(used <= gas, `${used} of ${gas}`).to.equal(true);
    expect(used * 100n > gas * 85n, `${used} of ${gas}`).to.equal(true);
  });

  it("takes a token of six decimals by its own name", async () => {
    const { transactions, token: found } = await look({ token }, { symbol: "tUSDC" });
    expect(transactions).to.have.length(14);
    expect(found).to.deep.equal({ address: token, symbol: "tUSDC" });
  });

  /** What is wrong, what is said, and what is named. */
  const ROWS: readonly {
    readonly name: string;
    readonly parameters?: () => Partial<TenorParameters>;
    readonly changes?: () => Partial<Subject>;
    readonly code: string;
    readonly fields: Readonly<Record<string, unknown>>;
  }[] = [
    {
      name: "parameters for another chain than the network",
      parameters: () => ({ chainId: 11_155_111n }),
      code: "WRONG_CHAIN",
      fields: { parameter: "chainId", value: 11_155_111n, expected: 31_337 },
    },
    {
      name: "parameters for another type of chain than the network",
      parameters: () => ({ chainType: "op" }),
      code: "WRONG_CHAIN",
      fields: { parameter: "chainType", value: "op", expected: "l1" },
    },
    {
      name: "an endpoint of another chain",
      parameters: () => ({ chainId: 11_155_111n }),
      changes: () => ({ network: { chainId: 11_155_111, chainType: "l1" } }),
      code: "WRONG_CHAIN",
      fields: { chainId: 31_337n, expected: 11_155_111n },
    },
    {
      name: "a token that is not there",
      parameters: () => ({ token: NOBODY }),
      code: "TOKEN_UNFIT",
      fields: { parameter: "token", value: NOBODY, expected: "an ERC-20 token of six decimals" },
    },
    {
      name: "a contract that is no token",
      parameters: () => ({ token: noToken }),
      code: "TOKEN_UNFIT",
      fields: { parameter: "token", decimals: undefined, expected: 6n },
    },
    {
      name: "a token of another name",
      parameters: () => ({ token }),
      code: "TOKEN_UNFIT",
      fields: { parameter: "token", symbol: "tUSDC", expected: "USDC" },
    },
    {
      name: "an account without funds",
      changes: () => ({ deployer: NOBODY }),
      code: "FUNDS_SHORT",
      fields: { account: NOBODY, balance: 0n },
    },
    {
      name: "times by which a defender could lose",
      parameters: () => ({ challengePeriodSeconds: 3600n }),
      code: "CHALLENGE_PERIOD_TOO_SHORT",
      fields: { challengePeriod: 3600n },
    },
  ];

  for (const { name, parameters, changes, code, fields } of ROWS) {
    it(`refuses ${name}, and sends nothing`, async () => {
      const before = await l1.height();
      const error: unknown = await look(parameters?.() ?? {}, changes?.()).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(isTenorError(error), String(error)).to.equal(true);
      expect(error).to.have.property("code", code);
      expect(error).to.have.property("fields").that.deep.includes(fields);
      expect(await l1.height()).to.equal(before);
    });
  }

  it("refuses a token of eighteen decimals", async () => {
    // decimals() of WETH9 and most tokens: a contract that answers 18 to everything.
    const eighteen = "0x601260005260206000f3";
    await l1.send("hardhat_setCode", NOBODY, eighteen);
    const error: unknown = await look({ token: NOBODY }).catch((thrown: unknown) => thrown);
    await l1.send("hardhat_setCode", NOBODY, "0x");
    expect(error).to.have.property("fields").that.deep.includes({ decimals: 18n, expected: 6n });
  });

  it("refuses an account of which a foreign transaction is pending", async () => {
    await l1.automine(false);
    const wallet = new Wallet(DEPLOYER_KEY, l1.provider);
    const nonce = await wallet.getNonce();
    await wallet.sendTransaction({ to: DEPLOYER, nonce });
    const error: unknown = await look({}).catch((thrown: unknown) => thrown);
    await l1.pass(1);
    await l1.automine(true);
    expect(error).to.have.property("code", "PENDING_TRANSACTION");
    expect(error).to.have.property("fields").that.deep.includes({ account: DEPLOYER, nonce });
    await look({});
  });

  it("refuses an endpoint that does not answer", async () => {
    const error: unknown = await look({}, { client: L1Client.connect("http://127.0.0.1:1", 31_337n) }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.have.property("code", "UNAVAILABLE");
  });
});
