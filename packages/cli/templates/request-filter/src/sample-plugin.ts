import {
  type Options,
  optionGroup,
  options,
  RequestFilter,
  type RequestRefusal,
  type RequestSpec,
  type ResourceRequestDraft,
} from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this request filter. As long as nobody names a flavor, it asks for nothing. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    flavors: z
      .array(z.string().min(1))
      .default([])
      .describe("The names of the flavors whose servers go to hosts with the trait alone."),
    trait: z
      .string()
      .regex(/^(?:CUSTOM|HW|COMPUTE|STORAGE|MISC|OWNER)_[A-Z0-9_]+$/, "expected a trait such as CUSTOM_GPU")
      .default("CUSTOM_GPU")
      .describe("The trait, as placement names it: CUSTOM_GPU."),
  }),
);

/**
 * Asks for hosts with a trait, for servers of the flavors that an option names.
 *
 * Request filters are called for each request: they are quick, synchronous and without side effects other than on the
 * draft, ask for the same when they are asked again, and leave the request as it is.
 */
export class SamplePlugin extends RequestFilter {
  readonly #flavors: ReadonlySet<string>;
  readonly #trait: string;

  constructor(@options(samplePluginOptions) { flavors, trait }: Options<typeof samplePluginOptions>) {
    super();
    this.#flavors = new Set(flavors);
    this.#trait = trait;
  }

  /**
   * @returns why no host can serve the request, whatever hosts there are: a code, which is counted, and words that go on in
   *   the sentence that the user reads; nothing where there may be some
   */
  override amend({ flavor }: RequestSpec, draft: ResourceRequestDraft): RequestRefusal | undefined {
    if (!this.#flavors.has(flavor.name)) return undefined;
    if (draft.forbiddenTraits.has(this.#trait)) {
      return {
        code: "trait-forbidden",
        words: `the flavor ${flavor.name} needs the trait ${this.#trait}, which is ruled out`,
      };
    }
    draft.requireTrait(this.#trait);
    return undefined;
  }
}
