import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { Wallet, type JsonRpcProvider } from "ethers";
import { ScriptProcess, type ScriptEnd } from "../scripts.ts";
import { FaultyEndpoint } from "../poster/FaultyEndpoint.ts";
import { TestL1, type L1Kind } from "../poster/TestL1.ts";

/** The first account of both local chains; its key is known to everybody. */
export const DEPLOYER_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/** The transactions of a deployment with a test token: fourteen contracts and the call that creates the game. */
export const TRANSACTIONS = 15;

/** A real chain, a proxy before it that can fail, a folder, and processes that deploy. */
export class DeployScene {
  readonly l1: TestL1;
  readonly endpoint: FaultyEndpoint;
  readonly folder: string;
  readonly #started: ScriptProcess[] = [];

  private constructor(l1: TestL1, endpoint: FaultyEndpoint, folder: string) {
    this.l1 = l1;
    this.endpoint = endpoint;
    this.folder = folder;
  }

  static async start(kind: L1Kind = "anvil"): Promise<DeployScene> {
    const l1 = await TestL1.start(kind);
    const endpoint = await FaultyEndpoint.start(l1.url);
    return new DeployScene(l1, endpoint, mkdtempSync(path.join(tmpdir(), "tenor-deploy-")));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.map((script) => script.kill()));
    await this.endpoint.stop();
    await this.l1.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get provider(): JsonRpcProvider {
    return this.l1.provider;
  }

  /** The deployer's account, for what somebody else does with it. */
  deployer(): Wallet {
    return new Wallet(DEPLOYER_KEY, this.provider);
  }

  /** Transactions that the deployer's account has sent. */
  sent(): Promise<number> {
    return this.provider.getTransactionCount(new Wallet(DEPLOYER_KEY).address);
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  /** Starts `npm run deploy` against the proxy. */
  deploy(args: readonly string[] = [], env: Readonly<Record<string, string | undefined>> = {}): ScriptProcess {
    const common = ["--network", "anvil", "--rpc-url", this.endpoint.url, "--journal", this.file("journal"), "--json"];
    const parameters = args.includes("--parameters") ? [] : ["--parameters", "deploy/parameters/local.json"];
    const variables = { TENOR_DEPLOYER_KEY: DEPLOYER_KEY, TENOR_SIGNER_URL: undefined, ...env };
    return this.#start(new ScriptProcess("scripts/deploy.ts", [...common, ...parameters, ...args], variables));
  }

  /** Starts `npm run verify` against the chain itself. */
  verify(args: readonly string[] = []): ScriptProcess {
    const files = [
      "--deployment",
      this.file("journal/deployment.json"),
      "--parameters",
      "deploy/parameters/local.json",
    ];
    const common = ["--rpc-url", this.l1.url, "--json"];
    return this.#start(new ScriptProcess("scripts/verify-deployment.ts", [...files, ...common, ...args]));
  }

  #start(script: ScriptProcess): ScriptProcess {
    this.#started.push(script);
    return script;
  }
}

/** Waits for a script's end and expects an exit code. */
export async function finish(script: ScriptProcess, code = 0): Promise<ScriptEnd> {
  const end = await script.end;
  expect(end.code, end.stdout + end.stderr).to.equal(code);
  expect(end.stdout + end.stderr, "a key in the output").not.to.include(DEPLOYER_KEY.slice(2, 30));
  return end;
}
