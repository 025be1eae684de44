import type { FastifyRequest } from "fastify";
import { ApiFault } from "./api-fault.js";

type Done = (error: Error | null, body?: unknown) => void;

/** The body as JSON, undefined where there is none. */
export function jsonOf(_request: FastifyRequest, text: string | Buffer, done: Done): void {
  let body: unknown;
  try {
    body = text.length === 0 ? undefined : parse(String(text));
  } catch {
    done(new ApiFault(400, "Malformed request body: it is no JSON."));
    return;
  }
  done(null, body);
}

/** The body as it comes in. */
export function streamOf(_request: FastifyRequest, payload: unknown, done: Done): void {
  done(null, payload);
}

function parse(text: string): unknown {
  // The second look is dear, and hardly ever needed.
  return /__proto__|\\u00(?:5f|00)/i.test(text) ? JSON.parse(text, refuseDangerous) : JSON.parse(text);
}

/** A key that could reach an object's prototype has no place in any body, nor a NUL, which no database takes. */
function refuseDangerous(key: string, value: unknown): unknown {
  if (key === "__proto__" || key.includes("\0")) throw new SyntaxError("a key that is not allowed");
  if (typeof value === "string" && value.includes("\0")) throw new SyntaxError("a NUL in text");
  return value;
}
