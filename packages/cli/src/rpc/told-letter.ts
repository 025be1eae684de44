import type { DeadLetter } from "@kilonova/messaging";
import { z } from "zod";

/** What a dead letter says of itself, as it is shown: without the body's secrets. */
export interface ToldLetter {
  readonly id: string;
  readonly topic: string;
  readonly host: string | null;
  readonly at: string;
  readonly deliveries: number;
  readonly reason: string;
  /** What was asked for, where the body can be read. */
  readonly contract: string | null;
  readonly method: string | null;
  readonly requestId: string | null;
  readonly args: unknown;
}

const bodySchema = z.object({
  contract: z.string(),
  method: z.string(),
  args: z.record(z.string(), z.unknown()),
  context: z.object({ requestId: z.string() }),
});

/** Whatever bears such a name may open a door. */
const SECRET = /pass(word|wd|phrase)?$|secret|token|credential|private_?key|user_?data|ticket|authorization/i;
const MASK = "***";
/** Deeper than any argument of ours. */
const DEEPEST = 12;

export function toldLetter({ id, address, at, deliveries, reason, body }: DeadLetter): ToldLetter {
  const read = bodySchema.safeParse(parsed(body)).data;
  return {
    id,
    topic: address.topic,
    host: address.server ?? null,
    at: new Date(at).toISOString(),
    deliveries,
    reason,
    contract: read?.contract ?? null,
    method: read?.method ?? null,
    requestId: read?.context.requestId ?? null,
    args: masked(read?.args ?? null, DEEPEST),
  };
}

/** The value with each property masked whose name says that it is a secret. */
function masked(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "…";
  if (Array.isArray(value)) return value.map((each) => masked(each, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, SECRET.test(name) ? MASK : masked(each, depth - 1)]),
  );
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
