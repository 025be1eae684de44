import { method, rpcContract, since } from "@kilonova/messaging";
import { z } from "zod";

/** The bakery as release 1.17 has it. What came with that release says so. */
export const bakery = rpcContract("bakery", "1.17", {
  bake: method({
    args: z.object({ loaves: z.int().positive(), glaze: since("1.17", z.string().optional()) }),
    result: z.object({ loaves: z.int(), oven: since("1.17", z.string().optional()) }),
  }),
  order: method({ args: z.object({ id: z.string(), gift: since("1.17", z.boolean().optional()) }) }),
  slice: method({ since: "1.17", args: z.object({ thickness: since("1.17", z.int()) }), result: z.int() }),
});
