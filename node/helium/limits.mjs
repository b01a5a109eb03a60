// The limits of what may come: docs/protocol.md, "Limits".

export const MAX_NAME = 64; // bytes of the name of a service, a method, an instance or a type
export const MAX_CALLS = 4096; // calls of a message
export const MAX_ENTRIES = 256; // entries of metadata, or of an error's details
export const MAX_REASON = 256; // bytes of an error's reason
export const MAX_ERROR_TEXT = 64 * 1024; // bytes of an error's message, and of its details together
export const MAX_HEADER_TEXT = 256; // bytes of the text of an error in a header
export const MAX_DEPTH = 64; // levels of arrays and maps, in msgpack and in JSON
export const FINGERPRINT = 32; // bytes of a key's fingerprint
export const TICKET_ID = 16; // bytes of a ticket's name
export const SECRET = 32; // bytes of its secret
export const MAX_ADDRESSES = 16; // addresses of a ticket
export const MAX_ADDRESS = 256; // bytes of one
