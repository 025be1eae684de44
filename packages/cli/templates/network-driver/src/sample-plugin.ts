import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  BASE_DIRECTORY,
  inject,
  KilonovaError,
  NetworkDriver,
  type Options,
  optionGroup,
  options,
  type PluggedVif,
  type RequestContext,
  type Vif,
} from "@kilonova/plugin-api";
import { z } from "zod";

/** The options of this driver. */
export const samplePluginOptions = optionGroup(
  "samplePlugin",
  z.object({
    statePath: z
      .string()
      .min(1)
      .default("interfaces")
      .describe("The folder with a file for each server; from the configuration's folder where relative."),
  }),
);

const SERVER_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;

/**
 * Writes down the interfaces of each server, in the form that the virt driver likes best.
 *
 * The compute service calls it round the virt driver. Every method is safe to repeat, and ends by the context's signal.
 */
export class SamplePlugin extends NetworkDriver {
  readonly #folder: string;

  constructor(
    @options(samplePluginOptions) { statePath }: Options<typeof samplePluginOptions>,
    @inject(BASE_DIRECTORY) baseDirectory: string,
  ) {
    super();
    this.#folder = resolve(baseDirectory, statePath);
  }

  /**
   * Makes a server's interfaces ready; again for those that are: the same.
   *
   * @param vifTypes what the virt driver can use, best first
   * @throws KilonovaError `network.failed`; what was made by then is undone
   */
  override async plug(
    { signal }: RequestContext,
    serverId: string,
    vifs: readonly Vif[],
    [type]: readonly string[],
  ): Promise<readonly PluggedVif[]> {
    signal.throwIfAborted();
    if (type === undefined) throw new KilonovaError("network.failed", "The virt driver can use no interfaces at all.");
    const plugged = vifs.map((vif) => ({ vif, type, details: {} }));
    await this.#write(this.#file(serverId), JSON.stringify(plugged, null, 2));
    return plugged;
  }

  /** Undoes it, after the guest is gone. */
  override async unplug(_context: RequestContext, serverId: string): Promise<void> {
    await rm(this.#file(serverId), { force: true });
  }

  /** In one step: whoever reads sees the old or the new. */
  async #write(file: string, text: string): Promise<void> {
    const written = `${file}.${randomUUID()}`;
    await mkdir(this.#folder, { recursive: true });
    await writeFile(written, text);
    await rename(written, file);
  }

  /** No path is made of what is no id. */
  #file(serverId: string): string {
    if (!SERVER_ID.test(serverId)) throw new KilonovaError("network.failed", `"${serverId}" is no id of a server.`);
    return join(this.#folder, `${serverId}.json`);
  }
}
