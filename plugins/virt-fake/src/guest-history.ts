import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readIfThere } from "./guest-folder.js";

/** Hosts' folders begin with a letter or a digit: this is none of them. */
const FOLDER = "_history";

const entrySchema = z.object({
  event: z.enum(["spawned", "destroyed"]),
  host: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
});

export type GuestHistoryEntry = Readonly<z.output<typeof entrySchema>>;

/**
 * What became of each guest on all hosts that share a state folder, in files that are only ever appended to. It outlives
 * the guests: tests prove with it that none was built twice.
 */
export class GuestHistory {
  readonly #folder: string;

  constructor(statePath: string) {
    this.#folder = join(statePath, FOLDER);
  }

  async create(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
  }

  async append(serverId: string, entry: GuestHistoryEntry): Promise<void> {
    await appendFile(this.#file(serverId), `${JSON.stringify(entry)}\n`);
  }

  /** Oldest first; empty for a server of which there never was a guest. */
  async read(serverId: string): Promise<readonly GuestHistoryEntry[]> {
    const lines = ((await readIfThere(this.#file(serverId))) ?? "").split("\n").filter(Boolean);
    return lines.map((line) => entrySchema.parse(JSON.parse(line)));
  }

  #file(serverId: string): string {
    return join(this.#folder, `${serverId}.jsonl`);
  }
}
