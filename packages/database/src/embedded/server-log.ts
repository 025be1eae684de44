import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { copyFile, rename, stat, truncate } from "node:fs/promises";

const LIMIT = 4 * 1024 * 1024;
const CHECK_EVERY = 60_000;

/**
 * The file that PostgreSQL writes its messages to. It and the one before it (`.1`) have a few MiB at most: it is looked
 * at while the process that started the server lives, and at every start.
 */
export class ServerLog {
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly path: string) {}

  /** A descriptor to append to; close it once the server has it. */
  async open(): Promise<number> {
    if ((await this.size()) > LIMIT) await rename(this.path, `${this.path}.1`);
    return openSync(this.path, "a", 0o600);
  }

  async size(): Promise<number> {
    return await stat(this.path).then(
      ({ size }) => size,
      () => 0,
    );
  }

  /** What was written since the file had that many bytes, its last 4 KiB. */
  textSince(offset: number): string {
    try {
      const descriptor = openSync(this.path, "r");
      try {
        const { size } = fstatSync(descriptor);
        const from = Math.max(offset > size ? 0 : offset, size - 4096);
        const buffer = Buffer.alloc(size - from);
        readSync(descriptor, buffer, 0, buffer.length, from);
        return buffer.toString("utf8").trim();
      } finally {
        closeSync(descriptor);
      }
    } catch {
      return "";
    }
  }

  keepBounded(limit = LIMIT, every = CHECK_EVERY): void {
    this.#timer ??= setInterval(() => void this.bound(limit).catch(() => undefined), every).unref();
  }

  /** The server appends, so that the file may be emptied under it. */
  async bound(limit: number): Promise<void> {
    if ((await this.size()) <= limit) return;
    await copyFile(this.path, `${this.path}.1`);
    await truncate(this.path, 0);
  }

  stopWatching(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
