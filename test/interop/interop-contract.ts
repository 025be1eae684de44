import { method, rpcContract, since } from "@kilonova/messaging";
import { z } from "zod";

/** What both sides answer: `oslo-server.py` has the same methods. Its names are those of Python. */
export function interopContract(topic: string) {
  return rpcContract(
    topic,
    "1.1",
    {
      echo: method({ args: z.object({ value: z.unknown() }), result: z.unknown() }),
      add: method({ args: z.object({ a: z.number(), b: z.number() }), result: z.number() }),
      who_am_i: method({
        result: z.object({ server: z.string(), user: z.string().nullable(), request: z.string().nullable() }),
      }),
      fail: method({ args: z.object({ message: z.string() }), result: z.null() }),
      choose: method({
        args: z.object({ from: since("1.1", z.array(z.string()).optional()) }),
        result: z.string(),
        refusals: { nothingToChoose: z.object({ from: z.int() }) },
      }),
      slow: method({ since: "1.1", long: true, args: z.object({ seconds: z.number() }), result: z.string() }),
      remember: method({ args: z.object({ key: z.string(), value: z.unknown() }) }),
      recall: method({ args: z.object({ key: z.string() }), result: z.unknown() }),
    },
    { topic },
  );
}

export type Interop = ReturnType<typeof interopContract>;
