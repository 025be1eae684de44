import {
  type Options,
  options,
  RequestFilter,
  type RequestRefusal,
  type RequestSpec,
  type ResourceRequestDraft,
} from "@kilonova/plugin-api";
import { z } from "zod";
import { racksOptions } from "./options.js";

// #region filter
/** Hints are what a user sent: anything. */
const rackSchema = z.string().min(1).max(255);

/**
 * Sends a server to the rack that its hint `rack` names: to the hosts of the aggregates that have this rack in their
 * metadata. A rack that there is not is refused in words; a server without the hint goes anywhere.
 */
export class RackRequestFilter extends RequestFilter {
  readonly #key: string;

  /** Options are read here, once: `amend` is called on the path of each request. */
  constructor(@options(racksOptions) { metadataKey }: Options<typeof racksOptions>) {
    super();
    this.#key = metadataKey;
  }

  override amend({ hints }: RequestSpec, draft: ResourceRequestDraft): RequestRefusal | undefined {
    const hint = hints["rack"];
    if (hint === undefined) return undefined;
    const rack = rackSchema.safeParse(hint);
    if (!rack.success) return { code: "bad-rack", words: "the hint rack is not the name of a rack" };
    const aggregates = draft.aggregates.filter(({ metadata }) => metadata[this.#key] === rack.data);
    if (aggregates.length === 0) return { code: "no-such-rack", words: `there is no rack ${rack.data}` };
    draft.requireAggregate(
      aggregates.map(({ uuid }) => uuid),
      `are outside rack ${rack.data}`,
    );
    return undefined;
  }
}
// #endregion
