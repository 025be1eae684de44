import { createHmac } from "node:crypto";

/** Bytes, or characters. */
export const SHORTEST_KEY = 16;

const ENCODED = "whsec_";
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** True for a text that stands for a key of some length. What is no base64 would be passed over, and leave a key of nothing. */
export function isSigningKey(secret: string): boolean {
  if (!secret.startsWith(ENCODED)) return secret.length >= SHORTEST_KEY;
  return BASE64.test(secret.slice(ENCODED.length)) && signingKey(secret).length >= SHORTEST_KEY;
}

/** The key that an option's text stands for. */
export function signingKey(secret: string): Buffer {
  return secret.startsWith(ENCODED) ? Buffer.from(secret.slice(ENCODED.length), "base64") : Buffer.from(secret);
}

/**
 * The headers of Standard Webhooks: who receives them can tell that the body is ours, is not old, and did not come before.
 *
 * @param id the same when it is sent again
 * @param now milliseconds since 1970
 */
export function webhookHeaders(id: string, now: number, body: string, key?: Buffer): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1_000));
  const head = { "webhook-id": id, "webhook-timestamp": timestamp };
  if (!key) return head;
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { ...head, "webhook-signature": `v1,${signature}` };
}
