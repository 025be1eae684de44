import { method, rpcContract, since } from "@kilonova/core";
import { z } from "zod";

/** What the example service answers. Clients import this, never the manager. */
export const exampleContract = rpcContract("example", "1.1", {
  /** Greets somebody. */
  greet: method({ args: z.object({ name: z.string().min(1) }), result: z.string(), deadline: "10s" }),
  /** Gives the greeter a name of its own. */
  rename: method({
    args: z.object({ name: z.string().min(1), tags: since("1.1", z.array(z.string()).optional()) }),
    result: z.object({ before: z.string() }),
    refusals: { nameTaken: z.object({ name: z.string() }) },
  }),
  /** What it has done since it started. */
  report: method({ result: z.object({ name: z.string(), greetings: z.number().int(), sweeps: z.number().int() }) }),
});

export type Example = typeof exampleContract;
