import { generateKeyPair as generate, type KeyObject } from "node:crypto";
import { promisify } from "node:util";

const MODULUS_BITS = 2048;

/** A fresh key pair for SSH. */
export interface GeneratedKeyPair {
  /** One line, as in `authorized_keys`. */
  readonly publicKey: string;
  /** PEM, PKCS #1: what every SSH client reads. Shown once, kept nowhere. */
  readonly privateKey: string;
}

/** Makes an RSA key pair. The work is done outside the event loop. */
export async function generateKeyPair(): Promise<GeneratedKeyPair> {
  const { publicKey, privateKey } = await promisify(generate)("rsa", { modulusLength: MODULUS_BITS });
  return {
    publicKey: `ssh-rsa ${blobOf(publicKey).toString("base64")} Generated-by-Kilonova`,
    privateKey: privateKey.export({ type: "pkcs1", format: "pem" }).toString(),
  };
}

function blobOf(key: KeyObject): Buffer {
  const { e, n } = key.export({ format: "jwk" });
  if (e === undefined || n === undefined) throw new TypeError("an RSA key is expected");
  const integers = [e, n].map((part) => positive(Buffer.from(part, "base64url")));
  return Buffer.concat([Buffer.from("ssh-rsa"), ...integers].map(prefixed));
}

/** A number whose first bit is set needs a zero before it, else it would count as negative. */
function positive(integer: Buffer): Buffer {
  return (integer[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), integer]) : integer;
}

function prefixed(string: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(string.length);
  return Buffer.concat([length, string]);
}
