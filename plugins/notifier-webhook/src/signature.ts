import { createHmac } from "node:crypto";

const ENCODED = "whsec_";

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
