import { readFileSync } from "node:fs";
import { InvalidArgumentError, type Command, type Option } from "commander";
import { CliError, usage } from "./CliError.ts";

/**
 * Where a flag's value comes from: the command line, else the environment, else the file that `--config` names, else its default.
 * `--deployment` is `TENOR_DEPLOYMENT` in the environment and `deployment` in the file; of longer names `--status-port` is
 * `TENOR_STATUS_PORT` and `statusPort`.
 */

/**
 * Flags that are no plain variables of the environment: each names a configuration variable itself, which may be in the keystore
 * (`scripts/cli/configuration.ts`), or has no meaning there.
 */
const OTHERWISE: ReadonlySet<string> = new Set(["--l1", "--signer-url", "--key", "--receipt-key", "--help"]);

/** A private key, with or without its prefix. */
const PRIVATE_KEY = /^(0x)?[0-9a-fA-F]{64}$/;

/** Lists that the command line has begun. Those of the default, the environment or the file give way to the first of its values. */
const begun = new WeakSet<object>();

/** Collects the values of a flag that may be repeated. */
export function collect(value: string, others: readonly string[]): string[] {
  const list = begun.has(others) ? [...others, value] : [value];
  begun.add(list);
  return list;
}

/** The flag of the file. */
const CONFIG = "--config";

/** The environment's name of a flag; undefined if it has none of its own. */
function variableOf({ long }: Pick<Option, "long">): string | undefined {
  if (long === undefined || long === null || OTHERWISE.has(long)) return undefined;
  return `TENOR_${long.slice(2).toUpperCase().replaceAll("-", "_")}`;
}

/**
 * Gives a command the values of the environment and of the configuration file, before it reads the command line itself.
 *
 * @throws {@link CliError} `CONFIG_UNKNOWN`, `CONFIG_MALFORMED` or `KEY_IN_CONFIG` about the file, `USAGE` about the environment.
 */
export function applyLayers(command: Command, argv: readonly string[], env: NodeJS.ProcessEnv = process.env): void {
  const file = configFile(argv) ?? nonEmpty(env.TENOR_CONFIG);
  if (file !== undefined) applyFile(command, file);
  for (const option of command.options) {
    const variable = variableOf(option);
    const text = variable === undefined || option.long === CONFIG ? undefined : nonEmpty(env[variable]);
    if (text === undefined) continue;
    const values = Array.isArray(option.defaultValue) ? text.split(/\s+/) : [text];
    const problem = setValue(command, option, values, "env");
    if (problem !== undefined) throw usage(`${problem}, in the environment`, { variable });
  }
}

/** The file that the command line names. */
function configFile(argv: readonly string[]): string | undefined {
  for (const [i, argument] of argv.entries()) {
    if (argument === CONFIG) return argv[i + 1];
    if (argument.startsWith(`${CONFIG}=`)) return argument.slice(CONFIG.length + 1);
  }
  return undefined;
}

function applyFile(command: Command, file: string): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new CliError("CONFIG_MALFORMED", "there is no such configuration file, or it is not JSON", {
      fields: { file },
      cause,
    });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new CliError("CONFIG_MALFORMED", "a configuration file is one JSON object", { fields: { file } });
  }
  for (const [key, value] of Object.entries(parsed)) {
    const option = command.options.find((one) => one.attributeName() === key);
    if (option === undefined || option.long === CONFIG || option.long === "--help") {
      const known = command.options
        .map((one) => one.attributeName())
        .filter((name) => !["config", "help"].includes(name));
      throw new CliError("CONFIG_UNKNOWN", "the configuration file has a key that there is no flag for", {
        fields: { file, key, known },
      });
    }
    const values: unknown[] = Array.isArray(value) && Array.isArray(option.defaultValue) ? value : [value];
    if (values.some((one) => typeof one === "string" && PRIVATE_KEY.test(one))) {
      // SAFETY: the value is not shown.
      const message = "what looks like a private key is in the configuration file; keys belong into the keystore";
      throw new CliError("KEY_IN_CONFIG", message, { fields: { file, key } });
    }
    const problem = setValue(command, option, values, "config");
    if (problem !== undefined) {
      throw new CliError("CONFIG_MALFORMED", `${problem}, in the configuration file`, { fields: { file, key, value } });
    }
  }
}

/** @returns What is wrong with the value, if anything is. */
function setValue(command: Command, option: Option, values: readonly unknown[], source: string): string | undefined {
  const name = option.attributeName();
  if (option.isBoolean()) {
    const value = String(values[0]);
    if (value !== "true" && value !== "false") return "expected true or false";
    command.setOptionValueWithSource(name, value === "true", source);
    return undefined;
  }
  let result: unknown = Array.isArray(option.defaultValue) ? [] : undefined;
  for (const value of values) {
    if (typeof value !== "string" && typeof value !== "number") return "expected a text or a number";
    try {
      result = option.parseArg === undefined ? String(value) : option.parseArg(String(value), result as undefined);
    } catch (error) {
      if (error instanceof InvalidArgumentError) return error.message;
      throw error;
    }
  }
  if (Array.isArray(result)) begun.delete(result);
  command.setOptionValueWithSource(name, result, source);
  return undefined;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
