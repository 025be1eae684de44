import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  BASE_DIRECTORY,
  inject,
  KilonovaError,
  messageOf,
  NetworkDriver,
  type Options,
  options,
  type PluggedVif,
  type RequestContext,
  type Vif,
} from "@kilonova/plugin-api";
import { fileNetworkOptions } from "./options.js";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
/** What it makes: an interface that connects the guest to nothing. */
const TYPE = "none";

/**
 * Writes the interfaces of each server into a file, `<path>/<host>/<server id>.json`, for whatever connects them: a
 * script that watches the folder, an administrator. Guests get interfaces of the type `none`.
 */
export class FileNetworkDriver extends NetworkDriver {
  #folder: string | undefined;

  constructor(
    @options(fileNetworkOptions) private readonly settings: Options<typeof fileNetworkOptions>,
    @inject(BASE_DIRECTORY) private readonly baseDirectory: string,
  ) {
    super();
  }

  override async initHost(host: string): Promise<void> {
    if (!NAME.test(host)) throw failed(`"${host}" cannot be the name of a host's folder`);
    this.#folder = join(resolve(this.baseDirectory, this.settings.path), host);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  // #region plug
  async plug(
    { signal }: RequestContext,
    serverId: string,
    vifs: readonly Vif[],
    vifTypes: readonly string[],
  ): Promise<readonly PluggedVif[]> {
    signal.throwIfAborted();
    if (!vifTypes.includes(TYPE)) {
      const theirs = vifTypes.join(", ") || "none at all";
      throw failed(`it makes interfaces of the type ${TYPE}; the virt driver of this host uses ${theirs}`);
    }
    const file = this.#fileOf(serverId);
    // In one step: who reads it sees all of the server's interfaces, or those of before.
    const temporary = `${file}.${randomUUID()}`;
    try {
      await writeFile(temporary, `${JSON.stringify({ serverId, vifs }, null, 2)}\n`, { mode: 0o600 });
      await rename(temporary, file);
    } catch (error) {
      // Why it could not be written is what counts.
      await rm(temporary, { force: true }).catch(() => undefined);
      throw failed(messageOf(error));
    }
    return vifs.map((vif) => ({ vif, type: TYPE, details: { file } }));
  }

  async unplug(_context: RequestContext, serverId: string): Promise<void> {
    await rm(this.#fileOf(serverId), { force: true });
  }
  // #endregion

  #fileOf(serverId: string): string {
    if (this.#folder === undefined) throw new KilonovaError("internal", "the driver was used before initHost");
    if (!NAME.test(serverId)) throw failed(`"${serverId}" is no server's id`);
    return join(this.#folder, `${serverId}.json`);
  }
}

function failed(words: string): KilonovaError {
  return new KilonovaError("network.failed", `The network driver that writes files: ${words}.`);
}
