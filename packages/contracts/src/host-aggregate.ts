import { z } from "zod";

/** A host aggregate as the scheduler, filters and weighers see it: a group of hosts that carries metadata. */
export const hostAggregateSchema = z.object({
  id: z.number().int().positive(),
  uuid: z.string(),
  name: z.string(),
  /** Keys that mean something: `availability_zone`, `filter_tenant_id*`, `trait:*`, `*_weight_multiplier`, … */
  metadata: z.record(z.string(), z.string()),
});

export type HostAggregate = Readonly<z.output<typeof hostAggregateSchema>>;
