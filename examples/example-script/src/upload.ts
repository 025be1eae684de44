import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Options } from "@kilonova/config";
import type { uploadOptions } from "./options.js";

/**
 * Puts one file.
 *
 * @throws Error of the last attempt
 */
export async function upload(file: string, options: Options<typeof uploadOptions>): Promise<void> {
  const body = await readFile(file);
  const { url, token, timeLimit, attempts } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(`${url}/${encodeURIComponent(basename(file))}`, {
        method: "PUT",
        body,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(timeLimit),
      });
      if (!response.ok) throw new Error(`${file}: the server answers ${response.status}`);
      return;
    } catch (error) {
      if (attempt >= attempts) throw error;
    }
  }
}
