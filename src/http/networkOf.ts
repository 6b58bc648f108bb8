import { isIPv6 } from "node:net";

/**
 * Who a client is counted as: its address, or of IPv6 the first 64 bits of it, since whoever has one address there has all of the
 * network. Each network has one name, however its addresses are written.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  // An IPv4 address at a socket of both kinds, and the name of an interface behind a local address.
  const [plain] = address.toLowerCase().split("%", 1);
  const inside = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain!)?.[1];
  if (inside !== undefined) return inside;
  const [before, after] = plain!.split("::").map((part) => (part === "" ? [] : part.split(":")));
  // What the two colons leave out; a dotted end stands for two groups.
  const written = before!.length + (after?.length ?? 0) + (plain!.includes(".") ? 1 : 0);
  const zeros = after === undefined ? [] : Array<string>(8 - written).fill("0");
  const groups = [...before!, ...zeros, ...(after ?? [])].slice(0, 4);
  return groups.map((group) => group.replace(/^0+(?=.)/, "")).join(":");
}
