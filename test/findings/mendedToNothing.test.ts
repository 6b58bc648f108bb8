import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Journal } from "../../scripts/deploy/Journal.ts";
import { loadArtifact } from "../../src/l1/Artifacts.ts";

/**
 * A deployment that was killed while it copied an artifact beside its journal put the copy right when it went on, but with the promise of the
 * artifact instead of the artifact, which as JSON is an empty object. The deployment ended well all the same, and left a folder that no
 * tool can verify the contract's source from.
 */
describe("finding: an artifact that was half written is mended to nothing", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tenor-journal-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("writes it again as it was, and leaves whole ones alone", () => {
    const artifacts = join(folder, "artifacts");
    mkdirSync(artifacts);
    writeFileSync(join(folder, "journal.jsonl"), '{"chainId":31337,"type":"DEPLOYMENT_INITIALIZE"}\n');
    const torn = join(artifacts, "Governance#TimelockController.json");
    const whole = join(artifacts, "Inputs#RollupInbox.json");
    writeFileSync(torn, JSON.stringify(loadArtifact("TimelockController")).slice(0, 100));
    writeFileSync(whole, "{}");
    const journal = Journal.open(folder);
    try {
      journal.mend();
    } finally {
      journal.close();
    }
    expect(JSON.parse(readFileSync(torn, "utf8"))).to.deep.equal(loadArtifact("TimelockController"));
    expect(readFileSync(whole, "utf8")).to.equal("{}");
  });
});
