// Numbers that name calls, messages and clocks: docs/protocol.md, "Who may answer".

import { randomBytes } from "node:crypto";

/**
 * A number of 64 bits, not 0, that nobody can guess, whatever others they have seen. So who
 * names a call or a message was sent it.
 */
export const unguessable = () => randomBytes(8).readBigUInt64BE() || 1n;
