import { method, rpcContract } from "@kilonova/plugin-api";
import { z } from "zod";

const thing = z.string().min(1).max(255);
const holder = z.string().min(1).max(255);
const reservation = z.object({ thing, holder, until: z.iso.datetime() });

/**
 * What the service answers. Clients import this, never the manager.
 *
 * What changes raises the version: the minor for what is added, marked with `since`; the major for what breaks.
 */
export const samplePluginContract = rpcContract("samplePlugin", "1.0", {
  /** Gives a thing to a holder, or to the same holder for longer. */
  reserve: method({
    args: z.object({ thing, holder }),
    result: reservation,
    refusals: { held: z.object({ holder: z.string() }) },
    deadline: "10s",
  }),
  /** Lets it go. Safe to repeat. */
  release: method({ args: z.object({ thing, holder }) }),
  /** All that is reserved now. */
  list: method({ result: z.array(reservation) }),
});

export type SamplePluginContract = typeof samplePluginContract;
