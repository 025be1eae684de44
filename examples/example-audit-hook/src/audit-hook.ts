import { appendFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  BASE_DIRECTORY,
  type HookAt,
  type HookEvent,
  inject,
  LOGGER,
  type Logger,
  messageOf,
  type Options,
  options,
  type PayloadAt,
  type PreAnswer,
  type ResultAt,
  type serverCreate,
} from "@kilonova/plugin-api";
import { auditOptions } from "./options.js";

type Creation = PayloadAt<typeof serverCreate>;
type Outcome = ResultAt<typeof serverCreate>;

/**
 * Writes down who asks for servers and what comes of it, and refuses those whose name or image is not allowed.
 *
 * What is asked is written down before it is done: a `pre` is closed, so where the line cannot be written no server is
 * made.
 */
export class AuditHook implements HookAt<typeof serverCreate> {
  readonly #names: RegExp;
  readonly #deniedImages: ReadonlySet<string>;
  readonly #file: string | undefined;

  constructor(
    @options(auditOptions) { file, names, deniedImages }: Options<typeof auditOptions>,
    @inject(BASE_DIRECTORY) baseDirectory: string,
    @inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#names = new RegExp(names);
    this.#deniedImages = new Set(deniedImages);
    this.#file = file === undefined ? undefined : resolve(baseDirectory, file);
  }

  // #region steps
  async pre(event: HookEvent<Creation>): Promise<PreAnswer> {
    const veto = this.#objection(event.payload);
    if (veto === undefined) {
      await this.#write(event, "asked");
      return undefined;
    }
    await this.#write(event, "vetoed", veto);
    return { veto };
  }

  /** What the cloud itself refuses, for want of quota for one, is an answer as well. */
  async post(event: HookEvent<Creation>, result: Outcome): Promise<void> {
    if ("status" in result) await this.#write(event, "refused", result.message);
    else await this.#write(event, "accepted");
  }

  async error(event: HookEvent<Creation>, failure: unknown): Promise<void> {
    await this.#write(event, "failed", messageOf(failure));
  }
  // #endregion

  #objection({ name, imageId }: Creation): string | undefined {
    if (!this.#names.test(name)) return `Servers have to be named like ${this.#names.source}, and "${name}" is not.`;
    if (this.#deniedImages.has(imageId)) return `No servers are made from image ${imageId}.`;
    return undefined;
  }

  async #write({ point, context, payload }: HookEvent<Creation>, outcome: string, reason?: string): Promise<void> {
    const { requestId, projectId, userId } = context;
    const { name, imageId } = payload;
    const facts = { point, outcome, reason, name, imageId, requestId, projectId, userId };
    if (this.#file === undefined) return this.logger.info(facts, "a server was asked for");
    await appendFile(this.#file, `${JSON.stringify({ at: new Date().toISOString(), ...facts })}\n`, { mode: 0o600 });
  }
}
