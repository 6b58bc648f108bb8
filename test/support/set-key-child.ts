/**
 * Puts a value into Hardhat's development keystore as a person would at the prompt: the name is the argument, the value comes on
 * standard input, so that it is on no command line.
 */
async function runChild(name: string): Promise<void> {
  const { default: hre } = await import("hardhat");
  let value = "";
  for await (const part of process.stdin) value += String(part);
  hre.hooks.registerHandlers("userInterruptions", { requestSecretInput: () => Promise.resolve(value) });
  await hre.tasks.getTask(["keystore", "set"]).run({ key: name, dev: true, force: true });
}

await runChild(process.argv[2]!);
