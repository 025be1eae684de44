import { createHash, timingSafeEqual } from "node:crypto";
import {
  Authenticator,
  type Options,
  optionGroup,
  options,
  RequestContext,
  type RequestHeaders,
} from "@kilonova/plugin-api";
import { z } from "zod";

const clientSchema = z.strictObject({
  secret: z.string().min(16, "expected a secret of 16 characters at least"),
  userId: z.string().min(1).max(64),
  projectId: z.string().min(1).max(64),
  roles: z.array(z.string().min(1)),
});

/** The options of this authenticator. As long as there is no client, it lets nobody in. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    header: z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/, "expected the name of a header in lower case")
      .default("x-client-secret")
      .describe("The header in which a client sends its secret."),
    clients: z
      .array(clientSchema)
      .default([])
      .meta({ secret: true })
      .describe("Who is let in: the secret, and the user, project and roles that whoever sends it acts with."),
  }),
);

/** Nothing longer is looked at. */
const LONGEST_SECRET = 1024;

/** Lets in who sends a secret that is known. */
export class SamplePlugin extends Authenticator {
  readonly #header: string;
  readonly #clients: readonly {
    readonly digest: Buffer;
    readonly acts: Omit<z.output<typeof clientSchema>, "secret">;
  }[];

  constructor(@options(samplePluginOptions) { header, clients }: Options<typeof samplePluginOptions>) {
    super();
    this.#header = header;
    this.#clients = clients.map(({ secret, ...acts }) => ({ digest: digestOf(secret), acts }));
  }

  /**
   * @param headers those of the request, their names in lower case
   * @param base a context with the request's ids and nobody in it
   * @returns the context with who asks; `invalid` for credentials of this scheme that are no good; undefined where the
   *   request carries none of this scheme, so that the next authenticator is asked
   */
  override async authenticate(
    headers: RequestHeaders,
    base: RequestContext,
  ): Promise<RequestContext | "invalid" | undefined> {
    const sent = headers[this.#header];
    if (sent === undefined) return undefined;
    if (typeof sent !== "string" || sent.length > LONGEST_SECRET) return "invalid";
    const digest = digestOf(sent);
    // All are compared, each in the same time: how long it takes tells nothing of the secrets.
    const [client] = this.#clients.filter((each) => timingSafeEqual(each.digest, digest));
    if (!client) return "invalid";
    const { userId, projectId, roles } = client.acts;
    return new RequestContext({ ...base.fields(), userId, projectId, roles, isAdmin: roles.includes("admin") });
  }
}

function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
