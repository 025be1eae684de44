import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KilonovaError } from "@kilonova/plugin-api";
import { z } from "zod";

const SERVER_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const RECORD = "guest.json";
/** Bytes that one look at a console gives at most. */
const MOST_CONSOLE = 100 * 1024;

/** A guest as it is written down. The process is that of its last start, whether it runs or not. */
const guestSchema = z.object({
  id: z.string().regex(SERVER_ID),
  hostname: z.string(),
  /** What the guest prints after its greeting. */
  description: z.string(),
  process: z.object({ pid: z.number().int().positive(), startTime: z.string() }).optional(),
});

export type Guest = Readonly<z.output<typeof guestSchema>>;

/** The folder of one guest, `<guestsPath>/<host>/<server id>`: its record, its console. Nobody else may enter. */
export class GuestFolder {
  readonly path: string;
  readonly console: string;

  /** @throws KilonovaError `virt.failed` unless the id is a server's: it becomes a path */
  constructor(
    parent: string,
    readonly id: string,
  ) {
    if (!SERVER_ID.test(id)) throw new KilonovaError("virt.failed", `"${id}" is no server's id`);
    this.path = join(parent, id);
    this.console = join(this.path, "console.log");
  }

  /** The server ids of all folders, those without a record included. */
  static async list(parent: string): Promise<readonly string[]> {
    return (await readdir(parent)).filter((name) => SERVER_ID.test(name));
  }

  async create(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /** Undefined where there is no guest, or one that was not written down yet. */
  async read(): Promise<Guest | undefined> {
    const text = await readFile(join(this.path, RECORD), "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    return text === undefined ? undefined : guestSchema.parse(JSON.parse(text));
  }

  /** In one step: a reader sees the old or the new. */
  async write(guest: Guest): Promise<void> {
    const temporary = join(this.path, `.${RECORD}.${randomUUID()}`);
    await writeFile(temporary, JSON.stringify(guest), { mode: 0o600 });
    await rename(temporary, join(this.path, RECORD));
  }

  /** The end of what the guest printed, after so many bytes; empty where it never ran. */
  async readConsole(after = 0): Promise<string> {
    const file = await open(this.console, "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (!file) return "";
    try {
      const { size } = await file.stat();
      const tail = Buffer.alloc(Math.min(size - after, MOST_CONSOLE));
      await file.read(tail, 0, tail.length, size - tail.length);
      return tail.toString("utf8");
    } finally {
      await file.close();
    }
  }
}
