import { Command } from "commander";
import { signerFrom } from "../cli/configuration.ts";
import { misuse, usage } from "../cli/CliError.ts";
import { applyLayers } from "../cli/layers.ts";
import { posterCommand, posterOptions } from "../poster/options.ts";
import { runPoster } from "../poster/start.ts";
import { challengerCommand, runChallenger } from "./challenger.ts";
import { followerCommand, runFollower } from "./follower.ts";
import { keeperCommand, runKeeper } from "./keeper.ts";
import { pageCommand, runPage } from "./page.ts";
import { runSequencer, sequencerCommand } from "./sequencer.ts";

interface Role {
  command(): Command;
  run(command: Command): Promise<void>;
}

/** Every role with its command line and what runs it. */
export const ROLES = {
  sequencer: { command: sequencerCommand, run: (command) => runSequencer(command.opts()) },
  poster: { command: posterCommand, run: startPoster },
  proposer: challenger("proposer"),
  defender: challenger("defender"),
  watchtower: challenger("watchtower"),
  keeper: { command: keeperCommand, run: (command) => runKeeper(command.opts()) },
  follower: { command: followerCommand, run: (command) => runFollower(command.opts()) },
  page: { command: pageCommand, run: (command) => runPage(command.opts()) },
} as const satisfies Readonly<Record<string, Role>>;

/**
 * Runs the role that a command line names, until the process is told to end or it has shown its help.
 *
 * @throws CliError for a command line that can't be understood, and what keeps the role from going on.
 */
export async function runRole(argv: readonly string[]): Promise<void> {
  const program = new Command("npm run node --")
    .description("Runs one role of a node. Each is a process of its own.")
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  const [name, ...rest] = argv;
  if (name === undefined) throw usage("say which role", { roles: Object.keys(ROLES) });
  for (const [roleName, role] of Object.entries(ROLES) as [string, Role][]) {
    const command = role
      .command()
      .exitOverride()
      .configureOutput({ outputError: () => undefined });
    command.addHelpText("after", HELP);
    if (roleName === name) applyLayers(command, rest);
    program.addCommand(command.action(() => role.run(command)));
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    const found = misuse(error);
    if (found !== undefined) throw found;
  }
}

const HELP = `
A flag that is not given is taken from the environment (--status-port: TENOR_STATUS_PORT), else from the file of --config
(statusPort). Keys are in the keystore (npx hardhat keystore set NAME) or in the environment, never in the file.
docs/running.md says more.`;

function challenger(mode: "watchtower" | "defender" | "proposer"): Role {
  return { command: () => challengerCommand(mode), run: (command) => runChallenger(mode, command.opts()) };
}

async function startPoster(command: Command): Promise<void> {
  const options = posterOptions(command);
  const { signerUrl, key } = options;
  await runPoster(options, await signerFrom({ key, ...(signerUrl === undefined ? {} : { signerUrl }) }));
}
