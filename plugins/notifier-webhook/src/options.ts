import { duration, milliseconds, optionGroup, tlsClientFiles } from "@kilonova/plugin-api";
import { z } from "zod";
import { isSigningKey, SHORTEST_KEY } from "./signature.js";

const EVENT = /^(?:\*|[a-z0-9_]+(?:\.[a-z0-9_]+)*(?:\.\*)?)$/;

/** Options of the webhook notifier. */
export const webhookOptions = optionGroup(
  "webhook",
  z.object({
    urls: z
      .array(z.url({ protocol: /^https?$/, error: "expected an http or https URL" }))
      .default([])
      .meta({ secret: true })
      .describe("Where notifications are posted to, http or https: each goes to all of them."),
    ...tlsClientFiles("those addresses"),
    secret: z
      .string()
      .refine(
        isSigningKey,
        `expected a text of ${SHORTEST_KEY} characters or more, or whsec_ and the base64 of ${SHORTEST_KEY} bytes or more`,
      )
      .optional()
      .meta({ secret: true })
      .describe("What requests are signed with: whsec_ and base64, or any text. Without it they are not signed."),
    events: z
      .array(z.string().regex(EVENT, "expected an event such as instance.create.end, or instance.*"))
      .default([])
      .describe("Which notifications are posted: events, or their beginnings with .* after them; empty: all."),
    // Nothing, and more than a timer can, would both mean "at once".
    timeout: duration("5s")
      .refine((value) => value >= 1 && value <= milliseconds("1h"))
      .meta({ title: "duration from 1ms to 1h" })
      .describe("How long one try may take."),
    tries: z
      .number()
      .int()
      .min(1)
      .max(20)
      .default(3)
      .describe("How often one is tried, within notifications.timeLimit in all."),
    backoff: duration("250ms").describe(
      "The pause after the first try; each is twice as long as the one before, and varies by half.",
    ),
  }),
);
