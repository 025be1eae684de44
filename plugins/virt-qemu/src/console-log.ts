import type { FileHandle } from "node:fs/promises";
import { open, rename, stat, truncate, writeFile } from "node:fs/promises";

/** What is kept of a guest's console: when the log is longer, only the newest half of this stays. */
const LIMIT_BYTES = 1024 * 1024;
/** The most that one read gives, as OpenStack's console output does. */
const MAX_READ_BYTES = 100 * 1024;

/**
 * What a guest wrote to its first serial port. QEMU appends to the file for as long as it runs; a guest may write without end,
 * so the file is cut from time to time, into a second file that holds what was written before.
 */
export class ConsoleLog {
  private readonly path: string;
  private readonly olderPath: string;
  private readonly limitBytes: number;

  /** @param limitBytes the length above which `trim` cuts. */
  constructor(path: string, limitBytes: number = LIMIT_BYTES) {
    this.path = path;
    this.olderPath = `${path}.1`;
    this.limitBytes = limitBytes;
  }

  /**
   * The newest lines, at most 100 KiB; the whole 100 KiB where no number is given. Empty where the guest never wrote or never ran.
   * Bytes that are no UTF-8 come as U+FFFD.
   */
  async read(lines?: number): Promise<string> {
    const newest = await readTail(this.path, MAX_READ_BYTES);
    const missing = MAX_READ_BYTES - newest.length;
    const older = missing > 0 ? await readTail(this.olderPath, missing) : Buffer.alloc(0);
    const text = decode(Buffer.concat([older, newest]));
    return lines === undefined ? text : lastLines(text, lines);
  }

  /**
   * Cuts the log where it is too long; the driver calls it regularly, also while the guest runs. What the guest writes in the moment
   * of the cut is lost, which happens to guests only that flood their console.
   */
  async trim(): Promise<void> {
    const { size } = await stat(this.path).catch(() => ({ size: 0 }));
    if (size <= this.limitBytes) return;
    const temporary = `${this.olderPath}.partial`;
    await writeFile(temporary, await readTail(this.path, Math.ceil(this.limitBytes / 2)), { mode: 0o600 });
    await rename(temporary, this.olderPath);
    // QEMU holds the file open for appending, so it goes on at the new end.
    await truncate(this.path, 0);
  }
}

async function readTail(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path, "r").catch(missingFile);
  if (!file) return Buffer.alloc(0);
  try {
    return await readEnd(file, bytes);
  } finally {
    await file.close();
  }
}

async function readEnd(file: FileHandle, bytes: number): Promise<Buffer> {
  const { size } = await file.stat();
  const tail = Buffer.alloc(Math.min(size, bytes));
  const { bytesRead } = await file.read(tail, 0, tail.length, size - tail.length);
  return tail.subarray(0, bytesRead);
}

function missingFile(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}

/** Begins at a whole character where the cut went through one. */
function decode(bytes: Buffer): string {
  let start = 0;
  while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
  return bytes.toString("utf8", start);
}

function lastLines(text: string, lines: number): string {
  if (lines <= 0) return "";
  const end = text.endsWith("\n") ? text.length - 1 : text.length;
  let start = end;
  for (let line = 0; line < lines && start >= 0; line++) start = start === 0 ? -1 : text.lastIndexOf("\n", start - 1);
  return text.slice(start + 1);
}
