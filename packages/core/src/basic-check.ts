import { access, constants } from "node:fs/promises";
import { tmpdir } from "node:os";
import { KilonovaError } from "@kilonova/messaging";

/**
 * What every process needs: a temporary folder that can be written.
 *
 * @throws KilonovaError `service.failedToStart`
 */
export async function checkBasics(): Promise<void> {
  try {
    await access(tmpdir(), constants.W_OK);
  } catch (cause) {
    const words = `The temporary folder ${tmpdir()} cannot be written; set TMPDIR to one that can.`;
    throw new KilonovaError("service.failedToStart", words, { cause });
  }
}
