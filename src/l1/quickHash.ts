import { keccak256 as libraryKeccak256 } from "ethers";
import { keccak256 } from "../crypto/keccak.ts";

/*
 * The client library hashes the signature of each function and event that it looks up, and each address that it checks, in JavaScript
 * alone unless it is told otherwise: 53 µs on a machine where this takes 8. Imported for that by whoever first speaks to L1.
 */
libraryKeccak256.register(keccak256);
