import { z } from "zod";

/** Links, as every resource shows them. */
export const links = z.array(z.object({ rel: z.string(), href: z.string() }));

/** A resource by what it always shows; the rest is as its microversion has it. */
export const resource = z.looseObject({ id: z.string() });

/** A resource that may well have no id. */
export const loose = z.looseObject({});
