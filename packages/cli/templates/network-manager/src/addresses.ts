import { createHash, randomUUID } from "node:crypto";
import type { DriverState, RequestContext } from "@kilonova/plugin-api";
import { z } from "zod";
import type { AddressRange } from "./address-range.js";

/** A port: an address that a server has. */
export interface Port {
  readonly portId: string;
  readonly position: number;
}

/** What came of an allocation. */
export type Allocation =
  | { readonly is: "allocated"; readonly ports: readonly Port[] }
  | { readonly is: "stale"; readonly newest: number }
  | { readonly is: "taken"; readonly position: number }
  | { readonly is: "full" };

/** What is kept of a server: its newest fence, and its ports; a port without a position is looking for one. */
const serverSchema = z.object({
  fence: z.number().int(),
  ports: z.array(z.object({ portId: z.string(), position: z.number().int().nullable() })),
});

/** Whose an address is, for as long as that server has that port. */
const holderSchema = z.object({ serverId: z.string(), portId: z.string() });

type KeptServer = Readonly<z.output<typeof serverSchema>>;

const DRIVER = "sample-plugin";
const NOBODY: KeptServer = { fence: 0, ports: [] };

/**
 * Who has which address. Every write is a compare-and-swap: where somebody else was quicker, it looks again.
 *
 * The record of a server is what counts. A server that is given ports names them first, then takes an address for each,
 * then writes down which. An address whose holder's record does not name the port is free, whatever became of the one who
 * took it: nothing is lost by a crash, and all that a server has is freed by one write.
 */
export class Addresses {
  constructor(
    private readonly state: DriverState,
    private readonly range: AddressRange,
  ) {}

  /** @param wanted a port for each: on that position, or on any */
  async allocate(
    { signal }: RequestContext,
    serverId: string,
    fence: number,
    wanted: readonly (number | undefined)[],
  ): Promise<Allocation> {
    for (;;) {
      signal.throwIfAborted();
      const { server, version } = await this.#read(serverId);
      if (server.fence > fence) return { is: "stale", newest: server.fence };
      const known = portsOf(server);
      if (known && server.fence === fence) return { is: "allocated", ports: known };
      // Where an allocation was begun and not ended, by a crash or by a repeat of this very call, it is gone on with.
      const isBegun = server.ports.length === wanted.length;
      const named = known || isBegun ? server.ports : wanted.map(() => ({ portId: randomUUID(), position: null }));
      const isNamed = isBegun && server.fence === fence;
      const before = isNamed ? version : await this.#write(serverId, { fence, ports: named }, version);
      if (before === undefined) continue;
      if (known) return { is: "allocated", ports: known };
      const ports: Port[] = [];
      let refusal: Allocation | undefined;
      for (const [index, { portId }] of named.entries()) {
        const position = await this.#take(serverId, portId, wanted[index]);
        if (position !== undefined) ports.push({ portId, position });
        else refusal ??= wanted[index] === undefined ? { is: "full" } : { is: "taken", position: wanted[index] };
      }
      const written = await this.#write(serverId, { fence, ports: refusal ? [] : ports }, before);
      if (written !== undefined) return refusal ?? { is: "allocated", ports };
    }
  }

  /** @returns the newest fence of the server: where it is above the given one, nothing was freed */
  async free({ signal }: RequestContext, serverId: string, fence: number): Promise<number> {
    for (;;) {
      signal.throwIfAborted();
      const { server, version } = await this.#read(serverId);
      if (server.fence > fence) return server.fence;
      if ((await this.#write(serverId, { fence, ports: [] }, version)) !== undefined) return fence;
    }
  }

  /** Takes the wanted address, or the next free one from a place of the server's own; undefined where there is none. */
  async #take(serverId: string, portId: string, wanted: number | undefined): Promise<number | undefined> {
    const start = createHash("sha256").update(serverId).digest().readUInt32BE() % this.range.size;
    for (let step = 0; step < (wanted === undefined ? this.range.size : 1); step++) {
      const position = wanted ?? (start + step) % this.range.size;
      const key = `address:${position}`;
      const kept = await this.state.read(DRIVER, key);
      const holder = kept && holderSchema.parse(kept.value);
      if (holder?.portId === portId) return position;
      if (holder && (await this.#isHeld(position, holder))) continue;
      const taken = await this.state.write(DRIVER, key, { serverId, portId }, kept?.version ?? 0);
      if (taken !== undefined) return position;
    }
    return undefined;
  }

  async #isHeld(position: number, { serverId, portId }: z.output<typeof holderSchema>): Promise<boolean> {
    const { server } = await this.#read(serverId);
    const port = server.ports.find((each) => each.portId === portId);
    return port !== undefined && (port.position === null || port.position === position);
  }

  async #read(serverId: string): Promise<{ readonly server: KeptServer; readonly version: number }> {
    const kept = await this.state.read(DRIVER, `server:${serverId}`);
    return kept ? { server: serverSchema.parse(kept.value), version: kept.version } : { server: NOBODY, version: 0 };
  }

  #write(serverId: string, server: KeptServer, version: number): Promise<number | undefined> {
    return this.state.write(DRIVER, `server:${serverId}`, server, version);
  }
}

/** The ports of a server that has some, all of them with their addresses. */
function portsOf({ ports }: KeptServer): readonly Port[] | undefined {
  const whole = ports.flatMap(({ portId, position }) => (position === null ? [] : [{ portId, position }]));
  return whole.length > 0 && whole.length === ports.length ? whole : undefined;
}
