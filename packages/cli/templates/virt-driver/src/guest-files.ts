import { randomUUID } from "node:crypto";
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KilonovaError } from "@kilonova/plugin-api";
import { z } from "zod";

const RECORD = ".json";
const CONSOLE = ".console";
const SERVER_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;

const guestSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(["running", "shutdown"]),
  addresses: z.array(z.string()),
});

/** A guest as it is written down. */
export type Guest = Readonly<z.output<typeof guestSchema>>;

/** The guests of one host: a record, which is replaced as a whole, and a console for each. */
export class GuestFiles {
  constructor(private readonly folder: string) {}

  async create(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
  }

  /** The server ids of all guests. */
  async list(): Promise<readonly string[]> {
    const names = await readdir(this.folder);
    return names.filter((name) => name.endsWith(RECORD)).map((name) => name.slice(0, -RECORD.length));
  }

  async read(serverId: string): Promise<Guest | undefined> {
    const text = await this.#readIfThere(serverId, RECORD);
    return text === undefined ? undefined : guestSchema.parse(JSON.parse(text));
  }

  /** In one step: whoever reads sees the old or the new. */
  async write(guest: Guest): Promise<void> {
    const file = this.#file(guest.id, RECORD);
    const written = `${file}.${randomUUID()}`;
    await writeFile(written, JSON.stringify(guest));
    await rename(written, file);
  }

  /** The record goes last: a guest that was removed by halves is still listed. */
  async remove(serverId: string): Promise<void> {
    await rm(this.#file(serverId, CONSOLE), { force: true });
    await rm(this.#file(serverId, RECORD), { force: true });
  }

  async appendConsole(serverId: string, text: string): Promise<void> {
    await appendFile(this.#file(serverId, CONSOLE), text);
  }

  /** Line by line, each with its end. */
  async readConsole(serverId: string): Promise<readonly string[]> {
    const text = (await this.#readIfThere(serverId, CONSOLE)) ?? "";
    return text === "" ? [] : text.split(/(?<=\n)/);
  }

  async #readIfThere(serverId: string, ending: string): Promise<string | undefined> {
    try {
      return await readFile(this.#file(serverId, ending), "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** No path is made of what is no id. */
  #file(serverId: string, ending: string): string {
    if (!SERVER_ID.test(serverId)) throw new KilonovaError("virt.failed", `"${serverId}" is no id of a server.`);
    return join(this.folder, serverId + ending);
  }
}
