/**
 * The tests that read blobs. KZG's setup takes a process 4 s, and the simulator another 9, which reads it for transactions and again for the
 * precompile; so one process runs all of them.
 */
import "./gas/operations.test.ts";
import "./scenarios/poster/faultsOnSimulator.test.ts";
import "./scenarios/poster/faultsOnAnvil.test.ts";
import "./scenarios/poster/costs.test.ts";
import "./scenarios/blobArchive.test.ts";
import "./scenarios/blobBatches.test.ts";
import "./contracts/bisectionGame.test.ts";
import "./contracts/blobPayload.test.ts";
import "./contracts/blobProofs.test.ts";
import "./contracts/oneStepProver.test.ts";
import "./contracts/RollupInboxBlobs.test.ts";
import "./findings/blobsOfOneByte.test.ts";
import "./parity/blobs.test.ts";
import "./unit/blob/archive.test.ts";
import "./unit/blob/archiver.test.ts";
import "./unit/blob/sources.test.ts";
import "./unit/crypto/kzg.test.ts";
import "./unit/derive/Derivation.test.ts";
import "./unit/l1/blobTransactions.test.ts";
