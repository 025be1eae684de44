import { randomBytes } from "node:crypto";
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KilonovaError } from "@kilonova/plugin-api";
import { z } from "zod";

const SERVER_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;
const RECORD = ".json";

/** A guest as it is written down. `building`: a spawn began and has not ended. */
const guestSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(["building", "running", "shutdown", "crashed"]),
  boots: z.number().int().nonnegative(),
});

export type FakeGuest = Readonly<z.output<typeof guestSchema>>;

/**
 * The guests of one host as small files, which outlive the process as guests do: `<server id>.json` with what a guest
 * is, replaced as a whole, and `<server id>.console` with what it wrote on its serial port.
 */
export class GuestFolder {
  constructor(readonly path: string) {}

  async create(): Promise<void> {
    await mkdir(this.path, { recursive: true });
  }

  /** The server ids of all guests, those made by halves included. */
  async list(): Promise<readonly string[]> {
    const names = await readdir(this.path);
    return names.filter((name) => name.endsWith(RECORD)).map((name) => name.slice(0, -RECORD.length));
  }

  async read(serverId: string): Promise<FakeGuest | undefined> {
    const text = await readIfThere(this.#file(serverId, RECORD));
    return text === undefined ? undefined : guestSchema.parse(JSON.parse(text));
  }

  /** Replaces what is there in one step: a reader sees the old or the new. */
  async write(guest: FakeGuest): Promise<void> {
    const file = this.#file(guest.id, RECORD);
    const written = `${file}.${randomBytes(4).toString("hex")}.tmp`;
    await writeFile(written, JSON.stringify(guest));
    await rename(written, file);
  }

  async remove(serverId: string): Promise<void> {
    await rm(this.#file(serverId, ".console"), { force: true });
    await rm(this.#file(serverId, RECORD), { force: true });
  }

  async writeConsole(serverId: string, text: string): Promise<void> {
    await appendFile(this.#file(serverId, ".console"), text);
  }

  async readConsole(serverId: string): Promise<string> {
    return (await readIfThere(this.#file(serverId, ".console"))) ?? "";
  }

  #file(serverId: string, ending: string): string {
    if (!SERVER_ID.test(serverId)) throw new KilonovaError("virt.failed", `"${serverId}" is no server's id`);
    return join(this.path, serverId + ending);
  }
}

/** What a file holds; undefined where there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
