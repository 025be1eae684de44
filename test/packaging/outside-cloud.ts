import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RestClient } from "@kilonova/deployment";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { OutsideFolder } from "./outside-folder.js";
import type { Program } from "./program.js";

const CONFIGURATION = "kilonova.config.yaml";
const STATE = "state";
/** Milliseconds */
const BUILD_TIME = 30_000;

const authSchema = z.object({
  auth: z.object({ auth_url: z.string(), username: z.string(), project_name: z.string(), password: z.string() }),
});
const cloudsSchema = z.object({ clouds: z.object({ kilonova: authSchema, "kilonova-admin": authSchema }) });
const serverSchema = z.object({
  server: z.object({ status: z.string(), fault: z.object({ message: z.string() }).optional() }),
});
const namedSchema = z.object({ id: z.string(), name: z.string() });

/** A server as its owner sees it. */
export type ServerView = z.output<typeof serverSchema>["server"];

/** Which flavor, and what the server is called. */
export interface ServerWish {
  readonly flavor: string;
  readonly name?: string;
  /** Scheduler hints. */
  readonly hints?: Readonly<Record<string, string>>;
}

/** A cloud that npm installed, in a folder of its own; plugins and configuration are in another, the site. */
export class OutsideCloud {
  readonly #programs: Program[] = [];

  private constructor(
    readonly program: OutsideFolder,
    readonly site: OutsideFolder,
  ) {}

  /** The newest of our packages: the cloud, and beside its configuration these. */
  static async install(...packages: readonly string[]): Promise<OutsideCloud> {
    const [program, site] = [await OutsideFolder.create(), await OutsideFolder.create()];
    await Promise.all([program.install("kilonova"), site.install(...packages)]);
    return new OutsideCloud(program, site);
  }

  /** The same, with a cloud that is installed in a folder already. */
  static async installBeside(program: OutsideFolder, ...packages: readonly string[]): Promise<OutsideCloud> {
    const site = await OutsideFolder.create();
    await site.install(...packages);
    return new OutsideCloud(program, site);
  }

  async configure(configuration: Readonly<Record<string, unknown>>): Promise<void> {
    await this.site.write(CONFIGURATION, stringify(configuration));
  }

  /** `kilonova …` in the site. */
  kilonova(...args: readonly string[]): Program {
    const started = this.site.start(this.program.command("kilonova"), ...args);
    this.#programs.push(started);
    return started;
  }

  /** `kilonova up …`, ready. */
  async up(...args: readonly string[]): Promise<Program> {
    const cloud = this.kilonova(...this.upArguments, ...args);
    await cloud.printed("ready ");
    return cloud;
  }

  readonly upArguments: readonly string[] = ["up", "--http.port=0", `--state-dir=${STATE}`];

  async login(name: "kilonova" | "kilonova-admin" = "kilonova"): Promise<RestClient> {
    const text = await readFile(join(this.site.path, STATE, "clouds.yaml"), "utf8");
    const { auth } = cloudsSchema.parse(parse(text)).clouds[name];
    return RestClient.login({
      identityUrl: auth.auth_url,
      userName: auth.username,
      projectName: auth.project_name,
      password: auth.password,
    });
  }

  /** Ends what was started. By SIGTERM: a cloud that is killed leaves its PostgreSQL behind. */
  async stop(): Promise<void> {
    await Promise.all(this.#programs.splice(0).map((each) => each.stop()));
  }

  async remove(): Promise<void> {
    await this.stop();
    await this.program.remove();
    await this.site.remove();
  }
}

/** The id of the new server. @throws with the answer where the API refuses it */
export async function createServer(user: RestClient, wish: ServerWish): Promise<string> {
  const made = z.object({ server: z.object({ id: z.string() }) });
  return (await user.json(made, "POST", "compute", "/servers", await serverBody(user, wish))).server.id;
}

/** How a server is asked for, or a dry run. */
export async function serverBody(user: RestClient, { flavor, name = `a-${flavor}-server`, hints = {} }: ServerWish) {
  const { flavors } = await user.json(z.object({ flavors: z.array(namedSchema) }), "GET", "compute", "/flavors");
  const { images } = await user.json(z.object({ images: z.array(namedSchema) }), "GET", "image", "/v2/images");
  const flavorRef = flavors.find((each) => each.name === flavor)?.id;
  const server = { name, flavorRef, imageRef: images[0]?.id, networks: "auto" };
  return { server, "os:scheduler_hints": hints };
}

/** The server once its build has come to an end. The API tells of no events, so it is asked again and again. */
export async function built(user: RestClient, id: string): Promise<ServerView> {
  for (const deadline = Date.now() + BUILD_TIME; ; ) {
    const { server } = await user.json(serverSchema, "GET", "compute", `/servers/${id}`);
    if (server.status !== "BUILD") return server;
    if (Date.now() > deadline) throw new Error(`server ${id} is still being built`);
    await sleep(50);
  }
}

/** Deletes a server and waits until it is gone. */
export async function deleted(user: RestClient, id: string): Promise<void> {
  await user.delete("compute", `/servers/${id}`);
  const listed = z.object({ servers: z.array(namedSchema) });
  for (const deadline = Date.now() + BUILD_TIME; ; ) {
    const { servers } = await user.json(listed, "GET", "compute", "/servers");
    if (servers.every((server) => server.id !== id)) return;
    if (Date.now() > deadline) throw new Error(`server ${id} is still there`);
    await sleep(50);
  }
}
