import { LocalSigner, type TransactionSigner } from "../../src/l1/TransactionSigner.ts";
import { RemoteSigner } from "../../src/l1/RemoteSigner.ts";
import { fromHex, type Hex } from "../../src/crypto/bytes.ts";
import { CliError, usage } from "./CliError.ts";

/**
 * The value of a configuration variable as Hardhat finds it: in the environment, else in the keystore (`npx hardhat keystore set
 * NAME`, or `--dev` for one without a password); undefined if it is nowhere.
 */
async function configurationVariable(name: string): Promise<string | undefined> {
  const set = process.env[name];
  if (set !== undefined) return set === "" ? undefined : set;
  // Hardhat takes seconds to load, which only the keystore is worth.
  const { default: hre } = await import("hardhat");
  const variable = { _type: "ConfigurationVariable", name, default: "" } as const;
  const value = await hre.hooks.runHandlerChain("configurationVariables", "fetchValue", [variable], () =>
    Promise.resolve(""),
  );
  return value === "" ? undefined : value;
}

/** Of what is given on the command line or in a configuration variable, the command line counts. */
export async function urlFrom(given: string | undefined, name: string): Promise<string> {
  const value = given ?? (await configurationVariable(name));
  if (value === undefined) {
    throw new CliError("VARIABLE_UNSET", "say which endpoint, on the command line or in the configuration variable", {
      fields: { variable: name },
    });
  }
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol)) throw usage("it is not an HTTP URL", { variable: name });
  if (given !== undefined && (url.password !== "" || url.username !== "")) {
    throw usage(
      "credentials on a command line or in a file can be read by others; put the URL into the configuration variable",
      {
        variable: name,
      },
    );
  }
  return value;
}

/** Who signs, as the command line says. */
export interface SignerOptions {
  /** A process that keeps the key. */
  readonly signerUrl?: string;
  /** Which of its accounts. */
  readonly account?: Hex;
  /** Name of the configuration variable with the private key. */
  readonly key: string;
}

/** Configuration variable with the URL of a process that keeps the key. */
const SIGNER_URL = "TENOR_SIGNER_URL";

/** The signer of an account: a process that keeps the key, or a key from the keystore. A key is never on a command line. */
export async function signerFrom({ signerUrl, account, key }: SignerOptions): Promise<TransactionSigner> {
  // Of the environment and the keystore, the environment counts, whichever of the two it names.
  const isKeySet = process.env[key] !== undefined && process.env[SIGNER_URL] === undefined;
  const url = signerUrl ?? (isKeySet ? undefined : await configurationVariable(SIGNER_URL));
  if (url !== undefined) {
    return new RemoteSigner(await urlFrom(signerUrl, SIGNER_URL), account === undefined ? {} : { account });
  }
  const value = await configurationVariable(key);
  if (value !== undefined) return new LocalSigner(value);
  const message = `there is no key: npx hardhat keystore set ${key}, or name a signer with --signer-url`;
  throw new CliError("VARIABLE_UNSET", message, { fields: { variable: key } });
}

/** The private key in a configuration variable, for what is signed in this process itself. @throws {@link CliError} `VARIABLE_UNSET`, `USAGE`. */
export async function secretFrom(key: string): Promise<Uint8Array> {
  const value = await configurationVariable(key);
  if (value === undefined) {
    throw new CliError("VARIABLE_UNSET", `there is no key: npx hardhat keystore set ${key}`, {
      fields: { variable: key },
    });
  }
  // SAFETY: the value is not shown.
  if (!/^0x[0-9a-fA-F]{64}$/.test(value)) throw usage("it is not a private key", { variable: key });
  return fromHex(value);
}
