import { method, rpcContract } from "@kilonova/plugin-api";
import { z } from "zod";

/** A service of the test's own: casts that write, and calls that reckon. */
export const ledgerContract = rpcContract("ledger", "1.0", {
  /** Writes one row. Twice done, there are two. */
  enter: method({ args: z.object({ entry: z.int() }) }),
  /** The sum of two numbers, by way of the database. */
  add: method({ args: z.object({ a: z.int(), b: z.int() }), result: z.int(), deadline: "20s" }),
});
