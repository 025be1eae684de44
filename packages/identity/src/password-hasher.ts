import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { ApiFault } from "@kilonova/http";
import pLimit from "p-limit";

/** What hashing costs: 32 MiB and some 85 ms each. */
const COST = { log2N: 15, r: 8, p: 1 };
const HASH_BYTES = 32;
const SALT_BYTES = 16;
/** At the same time, so that log-ins don't take all threads; and who may wait for it. */
const AT_ONCE = 2;
const MOST_WAITING = 128;

const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** Hashes passwords by scrypt, as PHC strings: `$scrypt$ln=15,r=8,p=1$SALT$HASH`. */
export class PasswordHasher {
  readonly #limit = pLimit(AT_ONCE);
  #nobody: Promise<string> | undefined;

  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const hash = await this.#scrypt(password, salt, COST, HASH_BYTES);
    return `$scrypt$ln=${COST.log2N},r=${COST.r},p=${COST.p}$${unpadded(salt)}$${unpadded(hash)}`;
  }

  /** Without a hash, because there is no such user or he has no password, the same work is done, and the answer is no. */
  async verify(password: string, phc: string | undefined): Promise<boolean> {
    this.#nobody ??= this.hash(randomBytes(16).toString("hex"));
    const [, log2N, r, p, salt, hash] = PHC.exec(phc ?? (await this.#nobody)) ?? [];
    if (log2N === undefined || salt === undefined || hash === undefined) return false;
    const expected = Buffer.from(hash, "base64");
    const cost = { log2N: Number(log2N), r: Number(r), p: Number(p) };
    const actual = await this.#scrypt(password, Buffer.from(salt, "base64"), cost, expected.length);
    return timingSafeEqual(actual, expected) && phc !== undefined;
  }

  #scrypt(password: string, salt: Buffer, cost: typeof COST, length: number): Promise<Buffer> {
    if (this.#limit.pendingCount >= MOST_WAITING) {
      throw new ApiFault(503, "Too many log-ins at the same time; try again.", { headers: { "Retry-After": "2" } });
    }
    const options: ScryptOptions = { N: 2 ** cost.log2N, r: cost.r, p: cost.p, maxmem: 64 * 2 ** 20 };
    return this.#limit(
      () =>
        new Promise((resolve, reject) => {
          scrypt(password, salt, length, options, (error, key) => (error ? reject(error) : resolve(key)));
        }),
    );
  }
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
