import {
  type HookAt,
  type HookEvent,
  inject,
  LOGGER,
  type Logger,
  type Options,
  optionGroup,
  options,
  type PayloadAt,
  type PreAnswer,
  serverCreate,
} from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this hook. As long as nobody sets a pattern, every name will do. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    namePattern: z
      .string()
      .refine(isPattern, "expected a regular expression")
      .default("")
      .describe("A regular expression that the names of new servers have to match."),
  }),
);

type Creation = HookEvent<PayloadAt<typeof serverCreate>>;

/**
 * Watches how servers are named.
 *
 * Any of `pre`, `post` and `error` may be missing. The event is frozen, all of it. A `pre` that fails or takes longer than
 * its time limit keeps the operation from happening, unless the entry in `package.json` says `"failure": "open"`.
 */
export class SamplePlugin implements HookAt<typeof serverCreate> {
  readonly #pattern: RegExp;

  constructor(
    @options(samplePluginOptions) { namePattern }: Options<typeof samplePluginOptions>,
    @inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#pattern = new RegExp(namePattern);
  }

  /** Before it: nothing, a veto in words that the user is told, or changes to what may be amended. */
  pre({ payload: { name } }: Creation): PreAnswer {
    if (this.#pattern.test(name)) return undefined;
    return { veto: `The name ${name} does not match ${this.#pattern.source}.` };
  }

  /** After it. */
  post({ payload: { name }, context: { requestId, projectId } }: Creation): void {
    this.logger.info({ server: name, requestId, projectId }, "a server was asked for");
  }
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
