// The key by which the other end of direct links knows a caller, and a certificate that shows it:
// docs/protocol.md, "Tickets".

import { createHash, generateKeyPairSync, sign } from "node:crypto";

/** A key that a caller has for as long as it runs, made anew each time. Nobody vouches for it. */
export class Identity {
  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const spki = publicKey.export({ type: "spki", format: "der" });
    this.fingerprint = sha256(spki);
    this.key = privateKey.export({ type: "pkcs8", format: "pem" });
    this.certificate = pem(selfSigned(spki, privateKey));
  }
}

/** The fingerprint of the key that the other end of a TLS connection has shown; undefined: none. */
export function fingerprintOf(socket) {
  const certificate = socket.getPeerX509Certificate();
  return certificate && sha256(certificate.publicKey.export({ type: "spki", format: "der" }));
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

function pem(der) {
  const lines = der.toString("base64").match(/.{1,64}/g);
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

// DER, as far as a certificate takes it in which nobody looks at anything but the key.

const ED25519 = [0x06, 0x03, 0x2b, 0x65, 0x70]; // 1.3.101.112

function element(tag, ...parts) {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const n = body.length;
  const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255];
  return Buffer.from([tag, ...length, ...body]);
}

const sequence = (...parts) => element(0x30, ...parts);

/** A certificate of version 1 with a number, no names, and a time that doesn't end. */
function selfSigned(spki, privateKey) {
  const algorithm = sequence(ED25519);
  const nobody = sequence();
  const always = sequence(element(0x17, Buffer.from("700101000000Z")), element(0x18, Buffer.from("99991231235959Z")));
  const content = sequence(element(0x02, [1]), algorithm, nobody, always, nobody, spki);
  return sequence(content, algorithm, element(0x03, [0], sign(null, content, privateKey)));
}
