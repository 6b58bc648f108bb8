import { toHex } from "../../src/crypto/bytes.ts";
import { readDeployment } from "../../src/l1/deployment.ts";
import { L1Client } from "../../src/l1/L1Client.ts";
import { makeFollower } from "../../src/roles/nodes.ts";

/**
 * The second node of the demo, a process of its own: it gets an L1 endpoint and the addresses of the deployment, and prints
 * what it has rebuilt from them as one line of JSON.
 */
const [url, file] = process.argv.slice(2);
const deployment = readDeployment(file!);
const client = L1Client.connect(url!, deployment.chainId);
let steps = 0;
const follower = makeFollower(client, deployment, {
  observer: () => {
    steps++;
  },
});
const start = performance.now();
await follower.sync();
const seconds = (performance.now() - start) / 1000;
const conservation = await follower.conservation();
client.close();
const amounts = Object.fromEntries(Object.entries(conservation).map(([name, value]) => [name, String(value)]));
const { batchCount, messageCount } = follower.log;
console.log(
  JSON.stringify({
    stateRoot: toHex(follower.machineState.stateRoot),
    batches: Number(batchCount),
    messages: Number(messageCount),
    steps,
    seconds,
    conservation: amounts,
  }),
);
