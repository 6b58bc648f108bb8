import { expect } from "chai";
import { loadArtifact } from "../../src/l1/Artifacts.ts";
import { deployTenor } from "../../src/l1/deployTenor.ts";
import { LOCAL_PARAMETERS } from "../support/tenor.ts";
import { connect } from "../support/baseChain.ts";

const { ethers, networkHelpers } = await connect();

const GAME = loadArtifact("BisectionGame").bytecode;

/** A deployment, and beside it a deployer of a game whose chain already names that game. */
async function fixture() {
  const [deployer, other] = await ethers.getSigners();
  const { addresses } = await deployTenor(deployer!, LOCAL_PARAMETERS);
  const gameDeployer = await ethers.deployContract("GameDeployer");
  const at = await gameDeployer.GAME();
  const chain = await ethers.deployContract("StateCommitmentChain", [
    {
      inbox: addresses.inbox,
      game: at,
      treasury: LOCAL_PARAMETERS.treasury,
      genesisStateRoot: ethers.id("genesis"),
      challengePeriod: 7200,
      minParentAge: 0,
      historyHeight: 26,
      stake: 1,
    },
  ]);
  const parameters = {
    chain: await chain.getAddress(),
    inbox: addresses.inbox,
    prover: addresses.prover,
    sectionBits: 5,
    refundPriceCap: 0,
  };
  return { deployer: deployer!, other: other!, gameDeployer, at, parameters };
}

describe("GameDeployer", () => {
  it("knows before where the game will be, whatever else its deployer sends", async () => {
    const { deployer, gameDeployer, at, parameters } = await networkHelpers.loadFixture(fixture);
    expect(at).to.equal(ethers.getCreateAddress({ from: await gameDeployer.getAddress(), nonce: 1 }));
    await deployer.sendTransaction({ to: deployer.address });
    expect(await gameDeployer.deploy.staticCall(GAME, parameters)).to.equal(at);
    await gameDeployer.deploy(GAME, parameters);
    const game = await ethers.getContractAt("BisectionGame", at);
    expect((await game.parameters()).prover).to.equal(parameters.prover);
  });

  it("lets nobody but its deployer choose the game", async () => {
    const { deployer, other, gameDeployer, parameters } = await networkHelpers.loadFixture(fixture);
    await expect(gameDeployer.connect(other).deploy(GAME, parameters))
      .to.be.revertedWithCustomError(gameDeployer, "NotDeployer")
      .withArgs(other.address, deployer.address);
  });

  it("does nothing once the game is there", async () => {
    const { gameDeployer, at, parameters } = await networkHelpers.loadFixture(fixture);
    await gameDeployer.deploy(GAME, parameters);
    const code = await ethers.provider.getCode(at);
    const otherwise = { ...parameters, sectionBits: 8 };
    expect(await gameDeployer.deploy.staticCall(GAME, otherwise)).to.equal(at);
    await gameDeployer.deploy(GAME, otherwise);
    expect(await ethers.provider.getCode(at)).to.equal(code);
    expect(await ethers.provider.getTransactionCount(await gameDeployer.getAddress()), "creations").to.equal(2);
  });

  it("passes on what the game's constructor refuses, after which the address is still the same", async () => {
    const { gameDeployer, at, parameters } = await networkHelpers.loadFixture(fixture);
    const game = await ethers.getContractAt("BisectionGame", at);
    await expect(gameDeployer.deploy(GAME, { ...parameters, sectionBits: 9 })).to.be.revertedWithCustomError(
      game,
      "ParameterOutOfBounds",
    );
    await expect(gameDeployer.deploy(GAME, { ...parameters, prover: ethers.ZeroAddress }))
      .to.be.revertedWithCustomError(game, "ProverMissing")
      .withArgs(ethers.ZeroAddress);
    await gameDeployer.deploy(GAME, parameters);
    expect(await ethers.provider.getCode(at)).not.to.equal("0x");
  });
});
