/**
 * The first byte of every hash, one for each structure, so that no structure can be taken for another. EIP-712 digests
 * begin with 0x19, which is not used here.
 */
export const TAG_STATE_LEAF = 0x01;
export const TAG_STATE_INNER = 0x02;
export const TAG_SLOT_CONTENT = 0x03;
export const TAG_MACHINE_STATE = 0x04;
export const TAG_MESSAGE = 0x05;
export const TAG_BATCH = 0x06;
export const TAG_CHUNK = 0x07;
export const TAG_CHUNK_INNER = 0x08;
export const TAG_SEQUENCE_INNER = 0x09;
export const TAG_SEQUENCE_ROOT = 0x0a;
export const TAG_HISTORY_INNER = 0x0b;
export const TAG_ASSERTION = 0x0c;
export const TAG_GAME_BASE = 0x0d;
export const TAG_GAME_CONTEXT = 0x0e;
export const TAG_GAME_NODE = 0x0f;
export const TAG_GAME_MOVE = 0x10;
export const TAG_BLOBS = 0x11;
