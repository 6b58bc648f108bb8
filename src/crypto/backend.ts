/** What does the work: native code or WebAssembly, or JavaScript alone. */
export type CryptoBackend = "native" | "wasm" | "pure";

/** Whether `TENOR_PURE_CRYPTO=1` asks for the JavaScript implementations, whatever else the machine offers. */
export function pureCryptoForced(): boolean {
  return process.env.TENOR_PURE_CRYPTO === "1";
}
