import { appendFile, mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import {
  BASE_DIRECTORY,
  inject,
  type Notification,
  Notifier,
  type Options,
  optionGroup,
  options,
} from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this notifier. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    file: z
      .string()
      .min(1)
      .default("notifications.jsonl")
      .describe("The file that notifications are appended to; from the configuration's folder where relative."),
  }),
);

/** Appends each notification to a file, as a line of JSON. */
export class SamplePlugin extends Notifier {
  readonly #file: string;
  /** Lines are written one after the other, so that none lands inside another. */
  #last: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    @options(samplePluginOptions) { file }: Options<typeof samplePluginOptions>,
    @inject(BASE_DIRECTORY) baseDirectory: string,
  ) {
    super();
    this.#file = resolve(baseDirectory, file);
  }

  /**
   * Delivers one; several may be on their way at the same time. What it throws is logged and counted by the cloud, and the
   * notification is not given to it again.
   *
   * @param signal aborts when the process leaves, or after `notifications.timeLimit`
   */
  override async notify(notification: Notification, signal: AbortSignal): Promise<void> {
    const line = `${JSON.stringify(notification)}\n`;
    const written = this.#last.then(async () => {
      signal.throwIfAborted();
      if (this.#closed) throw new Error("the notifier is closed");
      await mkdir(dirname(this.#file), { recursive: true });
      await appendFile(this.#file, line, { mode: 0o600 });
    });
    this.#last = written.catch(() => {});
    await written;
  }

  /** The process leaves: what was begun is written, nothing else. */
  override async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }
}
