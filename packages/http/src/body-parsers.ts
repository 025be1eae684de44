import type { FastifyRequest } from "fastify";
import { ApiFault } from "./api-fault.js";

type Done = (error: Error | null, body?: unknown) => void;

/** Deeper than whatever makes sense; what is very deep could not be written as JSON again. */
const DEEPEST = 64;

/** The body as JSON, undefined where there is none. */
export function jsonOf(_request: FastifyRequest, text: string | Buffer, done: Done): void {
  let body: unknown;
  try {
    body = text.length === 0 ? undefined : parse(String(text));
  } catch {
    done(new ApiFault(400, "Malformed request body: it is no JSON."));
    return;
  }
  if (isDeeper(body, DEEPEST)) {
    done(new ApiFault(400, `Malformed request body: it is nested more than ${DEEPEST} deep.`));
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
  return /__proto__|\\u(?:005f|0000|d[89a-f])/i.test(text) ? JSON.parse(text, refuseDangerous) : JSON.parse(text);
}

/** A key that could reach an object's prototype has no place in any body, nor a text that no database takes. */
function refuseDangerous(key: string, value: unknown): unknown {
  if (key === "__proto__" || !isStorable(key)) throw new SyntaxError("a key that is not allowed");
  if (typeof value === "string" && !isStorable(value)) throw new SyntaxError("a text that is not allowed");
  return value;
}

/** False for a text with a NUL, or with half of a pair that makes one character. */
function isStorable(text: string): boolean {
  return !text.includes("\0") && !/\p{Surrogate}/u.test(text);
}

/** Looks no deeper than that. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
