import { KilonovaError, LONGEST_MESSAGE } from "@kilonova/messaging";
import type { AsyncMessage } from "rabbitmq-client";
import { z } from "zod";

/** The major version that is spoken; `oslo.version` may have any minor one. */
const MAJOR = "2.";
const envelopeSchema = z.object({ "oslo.version": z.string(), "oslo.message": z.string() });

/** Without these kombu does not take the body for JSON. */
export const CONTENT = { contentType: "application/json", contentEncoding: "utf-8" } as const;

/** A message in envelope 2.0: JSON whose one text is JSON again (nova-facts 2.2). */
export function wrap(message: object): Buffer {
  return Buffer.from(JSON.stringify({ "oslo.version": "2.0", "oslo.message": JSON.stringify(message) }));
}

/**
 * What is in the envelope; a message without one, as releases before envelopes sent it, is taken as it is.
 *
 * @throws KilonovaError `rpc.badMessage`
 */
export function unwrap({ body }: Pick<AsyncMessage, "body">): unknown {
  if (Buffer.isBuffer(body) && body.length > 2 * LONGEST_MESSAGE) {
    throw new KilonovaError("rpc.badMessage", `A message of ${body.length} bytes is longer than may be sent.`);
  }
  const outer = Buffer.isBuffer(body) || typeof body === "string" ? parse(String(body)) : body;
  const envelope = envelopeSchema.safeParse(outer).data;
  if (!envelope) return outer;
  const version = envelope["oslo.version"];
  if (!version.startsWith(MAJOR)) {
    throw new KilonovaError("rpc.badMessage", `A message in envelope ${version.slice(0, 20)}: 2.0 is spoken here.`);
  }
  return parse(envelope["oslo.message"]);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KilonovaError("rpc.badMessage", "A message is no JSON.", { cause });
  }
}
