import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { ignitionParameters } from "../../deploy/values.ts";
import Tenor from "../../deploy/modules/Tenor.ts";
import type { Hex } from "../../src/crypto/bytes.ts";
import { DeadlineError } from "../../src/game/Deadlines.ts";
import { checkDeployment } from "../../src/l1/checkDeployment.ts";
import { readDeployment, writeDeployment, type Deployment } from "../../src/l1/deployment.ts";
import { deployTenor } from "../../src/l1/deployTenor.ts";
import { L1Client } from "../../src/l1/L1Client.ts";
import { L1Error } from "../../src/l1/L1Error.ts";
import { parseParameters, requireTimeToDefend } from "../../src/l1/parameters.ts";
import { expectedValue, PARAMETER_NAMES, PARAMETER_SPECS } from "../../src/l1/parameterSpecs.ts";
import { LOCAL_PARAMETERS } from "../support/tenor.ts";
import { connect } from "../support/baseChain.ts";

const ZERO = "0x0000000000000000000000000000000000000000";
const TREASURY = LOCAL_PARAMETERS.treasury;

function expectFileError(call: () => unknown, parameter: string): void {
  expect(call).to.throw(L1Error).with.nested.property("fields.parameter", parameter);
}

/** The executors that check signatures. */
const SIGNING = ["accountExecutor", "fillExecutor", "oracleExecutor", "liquidationExecutor"];

describe("deployment", () => {
  it("goes through Ignition with the same constructor arguments and the same code as deployTenor", async () => {
    const { ethers, ignition } = await connect();
    const [deployer] = await ethers.getSigners();
    const plain = await deployTenor(deployer!, LOCAL_PARAMETERS);
    const parameters = { ...LOCAL_PARAMETERS, token: plain.addresses.token };
    const contracts = await ignition.deploy(Tenor, {
      parameters: ignitionParameters(parameters, plain.addresses.token),
    });
    const addresses: Record<string, Hex> = { token: plain.addresses.token };
    for (const [name, contract] of Object.entries(contracts)) {
      addresses[name] = (await contract.getAddress()) as Hex;
    }
    expect(Object.keys(addresses).sort()).to.deep.equal(Object.keys(plain.addresses).sort());
    const byIgnition = { ...plain, addresses } as unknown as Deployment;
    const client = new L1Client(ethers.provider);
    await checkDeployment(client, plain, parameters);
    await checkDeployment(client, byIgnition, parameters);

    // The arguments that no getter shows are in the code, which differs in nothing but the addresses of the contracts.
    for (const [name, address] of Object.entries(plain.addresses)) {
      let expected = (await ethers.provider.getCode(address as string)).toLowerCase();
      const actual = (await ethers.provider.getCode(addresses[name]!)).toLowerCase();
      for (const [other, from] of Object.entries(plain.addresses)) {
        expected = expected.replaceAll(
          (from as string).slice(2).toLowerCase(),
          addresses[other]!.slice(2).toLowerCase(),
        );
      }
      // The domain separator is the one thing that is computed from an address.
      if (SIGNING.includes(name)) expect(actual.length).to.equal(expected.length);
      else expect(actual, name).to.equal(expected);
    }
  });

  it("leaves the deployer without any right", async () => {
    const { ethers } = await connect();
    const [deployer] = await ethers.getSigners();
    const { addresses } = await deployTenor(deployer!, LOCAL_PARAMETERS);
    const timelock = await ethers.getContractAt("TimelockController", addresses.timelock);
    const roles = await Promise.all([
      timelock.DEFAULT_ADMIN_ROLE(),
      timelock.PROPOSER_ROLE(),
      timelock.EXECUTOR_ROLE(),
      timelock.CANCELLER_ROLE(),
    ]);
    for (const role of roles) expect(await timelock.hasRole(role, deployer!.address)).to.equal(false);
    expect(await timelock.hasRole(roles[1], LOCAL_PARAMETERS.timelockProposers[0]!)).to.equal(true);
    expect(await timelock.hasRole(roles[0], addresses.timelock)).to.equal(true);
    expect(await timelock.getMinDelay()).to.equal(LOCAL_PARAMETERS.timelockDelaySeconds);
  });

  it("is refused by a node if the contracts are not what the files say", async () => {
    const { ethers } = await connect();
    const [deployer] = await ethers.getSigners();
    const deployment = await deployTenor(deployer!, LOCAL_PARAMETERS);
    const { addresses } = deployment;
    const client = new L1Client(ethers.provider);
    await checkDeployment(client, deployment, LOCAL_PARAMETERS);
    const wrong: [Deployment, Partial<typeof LOCAL_PARAMETERS>, string][] = [
      [{ ...deployment, chainId: 1n }, {}, "chain id"],
      [{ ...deployment, feeRecipient: LOCAL_PARAMETERS.treasury }, {}, "genesis state"],
      [{ ...deployment, addresses: { ...addresses, bridge: LOCAL_PARAMETERS.treasury } }, {}, "code of bridge"],
      [{ ...deployment, addresses: { ...addresses, token: addresses.inbox } }, {}, "token of the bridge"],
      [deployment, { stakeWei: 1n }, "stake"],
      [deployment, { forceDelaySeconds: 1n }, "force delay"],
    ];
    for (const [changed, parameters, what] of wrong) {
      const error: unknown = await checkDeployment(client, changed, { ...LOCAL_PARAMETERS, ...parameters }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(L1Error).with.property("code", "DEPLOYMENT_MISMATCH");
      expect((error as L1Error).fields.differences).to.have.nested.property("[0].what", what);
    }
  });

  it("says which constructor refuses which parameter", async () => {
    const { ethers } = await connect();
    const [deployer] = await ethers.getSigners();
    const error: unknown = await deployTenor(deployer!, { ...LOCAL_PARAMETERS, stakeWei: 0n }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(L1Error);
    expect((error as L1Error).fields).to.deep.include({
      action: "deploy StateCommitmentChain",
      error: "ParameterOutOfBounds",
    });
  });

  it("is refused if by its own times a defender could lose, and by a node too", async () => {
    const { ethers } = await connect();
    const [deployer] = await ethers.getSigners();
    const client = new L1Client(ethers.provider);
    // Six levels: opening and descending on each, the proof, and the answer itself.
    const reactions = 14n;
    const { challengePeriodSeconds: period, reactionSeconds: reaction } = LOCAL_PARAMETERS;
    const most = { ...LOCAL_PARAMETERS, censorshipSeconds: period - reactions * reaction };
    const deployment = await deployTenor(deployer!, most);
    await checkDeployment(client, deployment, most);
    const changes: Partial<typeof most>[] = [
      { censorshipSeconds: most.censorshipSeconds + 1n },
      { reactionSeconds: reaction + 1n },
      { historyHeight: 31n },
      { sectionBits: 4n },
      { challengePeriodSeconds: period - 1n },
    ];
    for (const change of changes) {
      const parameters = { ...most, ...change };
      const nonce = await deployer!.getNonce();
      const error: unknown = await deployTenor(deployer!, { ...parameters, token: deployment.addresses.token }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(DeadlineError).with.property("code", "CHALLENGE_PERIOD_TOO_SHORT");
      expect(await deployer!.getNonce(), "transactions sent").to.equal(nonce);
      expect(() => ignitionParameters(parameters, deployment.addresses.token)).to.throw(DeadlineError);
    }
    // Nothing that a contract knows is different, so it is the file that is refused.
    const hasty = { ...most, censorshipSeconds: most.censorshipSeconds + 1n };
    const refused: unknown = await checkDeployment(client, deployment, hasty).catch((thrown: unknown) => thrown);
    expect(refused).to.be.instanceOf(DeadlineError);
  });

  it("writes a file that it reads again, and refuses others", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "tenor-"));
    const file = path.join(folder, "deployment.json");
    const address: Hex = `0x${"11".repeat(20)}`;
    const names = ["token", "timelock", "inbox", "chain", "bridge", "settlement"];
    const machine = ["marginEngine", ...SIGNING, "settlementExecutor", "prover", "game"];
    const addresses = Object.fromEntries([...names, ...machine].map((name) => [name, address]));
    const deployment = { chainId: 31337n, startBlock: 3, feeRecipient: address, addresses } as unknown as Deployment;
    try {
      writeDeployment(file, deployment);
      expect(readDeployment(file)).to.deep.equal(deployment);
      for (const content of ["", "{}", "null", '{"chainId":1}', JSON.stringify({ ...deployment, chainId: "1" })]) {
        writeFileSync(file, content);
        expect(() => readDeployment(file), content)
          .to.throw(L1Error)
          .with.property("code", "FILE_MALFORMED");
      }
      expect(() => readDeployment(path.join(folder, "absent"))).to.throw(L1Error);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  describe("files of parameters", () => {
    const raw = {
      ...LOCAL_PARAMETERS,
      ...Object.fromEntries(
        Object.entries(LOCAL_PARAMETERS).flatMap(([name, value]) =>
          typeof value === "bigint" ? [[name, value.toString()]] : [],
        ),
      ),
    };

    it("are read with nothing missing, unknown or out of form", () => {
      expect(parseParameters(raw)).to.deep.equal(LOCAL_PARAMETERS);
      const { stakeWei: _, ...without } = raw;
      expectFileError(() => parseParameters(without), "stakeWei");
      expectFileError(() => parseParameters({ ...raw, more: 1 }), "more");
      expectFileError(() => parseParameters({ ...raw, stakeWei: 1.5 }), "stakeWei");
      expectFileError(() => parseParameters({ ...raw, stakeWei: "0x1" }), "stakeWei");
      expectFileError(() => parseParameters({ ...raw, sequencer: "0x12" }), "sequencer");
      expectFileError(() => parseParameters({ ...raw, timelockProposers: [] }), "timelockProposers");
      expectFileError(() => parseParameters(null), "file");
    });

    it("are refused out of their bounds, each by its name, with what it was and what was expected", () => {
      for (const name of PARAMETER_NAMES) {
        const spec = PARAMETER_SPECS[name];
        const wrong: unknown[] = [undefined, null, "", -1, {}, "0x12"];
        if (spec.kind === "integer")
          wrong.push((spec.minimum - 1n).toString(), (spec.maximum + 1n).toString(), 1.5, "0x1");
        if (spec.kind === "address" && !spec.mayBeZero) wrong.push(ZERO);
        if (spec.kind === "addresses")
          wrong.push([], [TREASURY, TREASURY], [TREASURY, TREASURY.toLowerCase()], TREASURY);
        if (spec.kind === "addresses" && !spec.mayBeZero) wrong.push([ZERO]);
        if (spec.kind === "token") wrong.push(ZERO, "usdc");
        if (spec.kind === "chain type") wrong.push("L1", "arbitrum");
        for (const value of wrong) {
          const fields = { parameter: name, value, expected: expectedValue(spec) };
          expect(() => parseParameters({ ...raw, [name]: value }), `${name}: ${String(value)}`)
            .to.throw(L1Error)
            .with.property("fields")
            .that.deep.equals(fields);
        }
      }
    });

    it("are refused if one does not go with another", () => {
      const main = { ...raw, chainId: 1, token: TREASURY, timelockDelaySeconds: 2_602_800 };
      expectFileError(() => parseParameters({ ...raw, minParentAgeSeconds: 7201 }), "minParentAgeSeconds");
      parseParameters({ ...raw, minParentAgeSeconds: 7200 });
      // 30 days, the force delay and the challenge period.
      parseParameters(main);
      expectFileError(() => parseParameters({ ...main, timelockDelaySeconds: 2_602_799 }), "timelockDelaySeconds");
      expectFileError(() => parseParameters({ ...main, token: "test" }), "token");
    });

    it("have the bounds that the constructors check", async () => {
      const { ethers } = await connect();
      const [deployer] = await ethers.getSigners();
      const quick = { reactionSeconds: 1n, censorshipSeconds: 0n, minParentAgeSeconds: 0n };
      const checked = [
        "forceDelaySeconds",
        "maxPastSeconds",
        "maxFutureSeconds",
        "rateBytesPerSecond",
        "burstBytes",
      ] as const;
      const others = [
        "challengePeriodSeconds",
        "historyHeight",
        "stakeWei",
        "sectionBits",
        "refundPriceCapWei",
      ] as const;
      for (const name of [...checked, ...others]) {
        const spec = PARAMETER_SPECS[name];
        if (spec.kind !== "integer") throw new Error(name);
        const deploy = (value: bigint): Promise<unknown> =>
          deployTenor(deployer!, { ...LOCAL_PARAMETERS, ...quick, [name]: value }).catch((error: unknown) => error);
        for (const value of [spec.minimum, spec.maximum]) expect(await deploy(value), name).not.to.be.instanceOf(Error);
        // Below zero there is nothing; without a level to go down there would be no end of a dispute.
        const beyond = [spec.maximum + 1n, ...(spec.minimum > 0n && name !== "sectionBits" ? [spec.minimum - 1n] : [])];
        for (const value of beyond) {
          expect(await deploy(value), `${name}: ${value}`).to.have.nested.property(
            "fields.error",
            "ParameterOutOfBounds",
          );
        }
      }
    });

    for (const name of ["sepolia", "op-sepolia", "production"]) {
      it(`for ${name} want what only the deployer knows, and are sound once they have it`, () => {
        const url = new URL(`../../deploy/parameters/${name}.json`, import.meta.url);
        const file = JSON.parse(readFileSync(url, "utf8")) as Record<string, unknown>;
        const { sequencer, feeRecipient, treasury, timelockProposers } = LOCAL_PARAMETERS;
        const own = { sequencer, feeRecipient, treasury, timelockProposers };
        for (const missing of Object.keys(own)) {
          expectFileError(() => parseParameters({ ...file, ...own, [missing]: file[missing] }), missing);
        }
        requireTimeToDefend(parseParameters({ ...file, ...own }));
      });
    }
  });
});
