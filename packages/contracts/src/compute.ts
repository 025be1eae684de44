import { method, rpcContract } from "@kilonova/messaging";
import { z } from "zod";
import { identifier } from "./identifier.js";

const wake = { args: z.object({ operationId: identifier }) };

export const computeContract = rpcContract("compute", "1.0", {
  /** Each wakes the compute of a host for an operation whose next step is its; it takes the operation, then works. */
  buildServer: method(wake),
  deleteServer: method(wake),
  startServer: method(wake),
  stopServer: method(wake),
  rebootServer: method(wake),
  /** The last lines of what a guest wrote on its serial port; all that is kept where `length` is null. */
  getConsoleOutput: method({
    args: z.object({ serverId: identifier, length: z.number().int().nonnegative().nullable() }),
    result: z.string(),
    refusals: {
      serverNotFound: z.object({ serverId: identifier }),
      notSupported: z.object({}),
    },
    deadline: "20s",
  }),
});

export type Compute = typeof computeContract;
