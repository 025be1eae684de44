import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { MeasuredCloud } from "./measured-cloud.js";
import { Session } from "./session.js";

/** Between two looks at one server that is being built. */
const FINE_POLL = 10;
/** Between two looks at whether any is. */
const COARSE_POLL = 50;
const BUILD_TIME = 120_000;

const idSchema = z.object({ id: z.string() });
const serverSchema = z.object({
  server: z.object({ id: z.string(), status: z.string(), fault: z.object({ message: z.string() }).optional() }),
});
const listSchema = z.object({
  servers: z.array(z.object({ id: z.string(), fault: z.object({ message: z.string() }).optional() })),
});

/** The servers of a cloud under measurement, as its ordinary user sees them. */
export class Servers {
  private constructor(
    readonly session: Session,
    private readonly refs: { readonly flavorRef: string; readonly imageRef: string },
  ) {}

  /** Logs in, and makes a flavor and an image to build servers of. */
  static async of(cloud: Pick<MeasuredCloud, "cloudsFile">, connections = 1): Promise<Servers> {
    const admin = await Session.login(cloud.cloudsFile, "kilonova-admin");
    try {
      const flavor = { name: "bench", vcpus: 1, ram: 64, disk: 1 };
      const made = await admin.json(z.object({ flavor: idSchema }), "POST", "compute", "/flavors", { flavor });
      const record = { name: "bench", disk_format: "raw", container_format: "bare", visibility: "public" };
      const image = await admin.json(idSchema, "POST", "image", "/v2/images", record);
      await admin.send("PUT", "image", `/v2/images/${image.id}/file`, new Uint8Array(512));
      const session = await Session.login(cloud.cloudsFile, "kilonova", connections);
      return new Servers(session, { flavorRef: made.flavor.id, imageRef: image.id });
    } finally {
      admin.close();
    }
  }

  /** Asks for servers, all by one request; answers the id of the first. */
  async create(name: string, count = 1): Promise<string> {
    const counted = count === 1 ? {} : { min_count: count, max_count: count };
    const server = { name, ...this.refs, networks: "auto", ...counted };
    return (await this.session.json(z.object({ server: idSchema }), "POST", "compute", "/servers", { server })).server
      .id;
  }

  /** Makes a server and answers how long it took to be active, in ms. */
  async boot(name: string): Promise<number> {
    const start = performance.now();
    const id = await this.create(name);
    while (performance.now() - start < BUILD_TIME) {
      const { server } = await this.session.json(serverSchema, "GET", "compute", `/servers/${id}`);
      if (server.status === "ACTIVE") return performance.now() - start;
      if (server.status !== "BUILD") throw new Error(`server ${id} is ${server.status}: ${server.fault?.message}`);
      await sleep(FINE_POLL);
    }
    throw new Error(`server ${id} was not built within ${BUILD_TIME / 1_000} s`);
  }

  /** Waits until none is being built. */
  async untilBuilt(): Promise<void> {
    const deadline = performance.now() + BUILD_TIME;
    while (performance.now() < deadline) {
      if ((await this.#list("status=BUILD&limit=1")).length === 0) return;
      await sleep(COARSE_POLL);
    }
    throw new Error(`there are servers that were not built within ${BUILD_TIME / 1_000} s`);
  }

  /** @throws unless there are so many servers, and all are active */
  async expectActive(count: number): Promise<void> {
    const [failed] = await this.#list("status=ERROR&limit=1");
    if (failed) throw new Error(`server ${failed.id} is in error: ${failed.fault?.message}`);
    const active = (await this.#list("status=ACTIVE&limit=1000")).length;
    if (active !== count) throw new Error(`${active} servers are active, not ${count}`);
  }

  close(): void {
    this.session.close();
  }

  async #list(query: string) {
    return (await this.session.json(listSchema, "GET", "compute", `/servers/detail?${query}`)).servers;
  }
}
