import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const VERSION = 0x80;
const HEADER = 1 + 8 + 16;
const MAC = 32;
const BLOCK = 16;
const BASE64URL = /^[A-Za-z0-9_-]+={0,2}$/;

/** How many bytes a key has: half signs, half encrypts. */
export const FERNET_KEY_BYTES = 32;

/** A message that was read, and when it was made. */
export interface FernetMessage {
  readonly message: Buffer;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** Encrypts and signs, as the Fernet specification says. Without padding at the end, as tokens in headers have it. */
export function sealFernet(key: Buffer, message: Buffer, timestamp: number, iv = randomBytes(BLOCK)): string {
  const cipher = createCipheriv("aes-128-cbc", key.subarray(16), iv);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(timestamp));
  const signed = Buffer.concat([Buffer.from([VERSION]), time, iv, cipher.update(message), cipher.final()]);
  return Buffer.concat([signed, macOf(key, signed)]).toString("base64url");
}

/** Reads a token; undefined for anything that was not made with the key. How old it may be is the caller's matter. */
export function openFernet(key: Buffer, token: string): FernetMessage | undefined {
  if (!BASE64URL.test(token)) return undefined;
  const bytes = Buffer.from(token, "base64url");
  const length = bytes.length - HEADER - MAC;
  if (length < BLOCK || length % BLOCK !== 0 || bytes[0] !== VERSION) return undefined;
  const signed = bytes.subarray(0, -MAC);
  if (!timingSafeEqual(macOf(key, signed), bytes.subarray(-MAC))) return undefined;
  const decipher = createDecipheriv("aes-128-cbc", key.subarray(16), bytes.subarray(9, HEADER));
  try {
    const message = Buffer.concat([decipher.update(bytes.subarray(HEADER, -MAC)), decipher.final()]);
    return { message, timestamp: Number(bytes.readBigUInt64BE(1)) };
  } catch {
    return undefined;
  }
}

function macOf(key: Buffer, signed: Buffer): Buffer {
  return createHmac("sha256", key.subarray(0, 16)).update(signed).digest();
}
