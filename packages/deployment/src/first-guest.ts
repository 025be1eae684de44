import { setTimeout as sleep } from "node:timers/promises";
import { KilonovaError } from "@kilonova/messaging";
import { z } from "zod";
import { type Credentials, RestClient } from "./rest-client.js";

const IMAGE = "tiny";
const SERVER = "hello";
/** The first words of what the tiny image writes on the serial console. */
export const GREETING = "Hello from a guest of Kilonova";

/** Flavors for a start; the tiny one holds the tiny image. RAM in MiB, disk in GiB. */
const FLAVORS = [
  { name: "tiny", vcpus: 1, ram: 32, disk: 1 },
  { name: "small", vcpus: 1, ram: 512, disk: 5 },
  { name: "medium", vcpus: 2, ram: 2048, disk: 20 },
  { name: "large", vcpus: 4, ram: 8192, disk: 40 },
] as const;

const POLL = 50;
const PATIENCE = 120_000;

/** What the first start of a cloud needs to put a guest into it. */
export interface FirstGuestWorld {
  readonly admin: Credentials;
  readonly user: Credentials;
  /** The bytes of the tiny image. */
  readonly image: Uint8Array<ArrayBuffer>;
  readonly onProgress: (message: string) => void;
}

/** The first guest. */
export interface FirstGuest {
  readonly name: string;
  /** What it has written on its console. */
  readonly console: string;
}

/**
 * Seeds flavors and the tiny image where they are missing, and sees that the server `hello` runs and has greeted: made
 * by the ordinary user through the same API as everybody's. Safe to repeat: what is there is left as it is.
 *
 * @throws KilonovaError with the server's fault where it cannot be built
 */
export async function bootFirstGuest(world: FirstGuestWorld): Promise<FirstGuest> {
  const admin = await RestClient.login(world.admin);
  await seedFlavors(admin);
  const imageId = await seedImage(admin, world.image);
  world.onProgress("flavors and the tiny image are there");
  const user = await RestClient.login(world.user);
  const serverId = await seedServer(user, imageId);
  await untilActive(user, serverId);
  world.onProgress(`server ${SERVER} is ACTIVE`);
  return { name: SERVER, console: await greetingOf(user, serverId) };
}

async function seedFlavors(admin: RestClient): Promise<void> {
  const list = z.object({ flavors: z.array(z.object({ name: z.string() })) });
  const { flavors } = await admin.json(list, "GET", "compute", "/flavors?is_public=None");
  const missing = FLAVORS.filter(({ name }) => !flavors.some((flavor) => flavor.name === name));
  for (const flavor of missing) await admin.json(z.unknown(), "POST", "compute", "/flavors", { flavor });
}

async function seedImage(admin: RestClient, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const listed = z.object({ images: z.array(z.object({ id: z.string(), status: z.string() })) });
  const { images } = await admin.json(listed, "GET", "image", `/v2/images?name=${IMAGE}`);
  const known = images.find(({ status }) => status === "active");
  if (known) return known.id;
  const record = { name: IMAGE, disk_format: "raw", container_format: "bare", visibility: "public" };
  const { id } = await admin.json(z.object({ id: z.string() }), "POST", "image", "/v2/images", record);
  await admin.upload("image", `/v2/images/${id}/file`, bytes);
  return id;
}

async function seedServer(user: RestClient, imageRef: string): Promise<string> {
  const listed = z.object({ servers: z.array(z.object({ id: z.string(), status: z.string() })) });
  const { servers } = await user.json(listed, "GET", "compute", `/servers/detail?name=%5E${SERVER}%24`);
  // One that an earlier start could not build would keep every later one from its end.
  for (const { id } of servers.filter(({ status }) => status === "ERROR"))
    await user.delete("compute", `/servers/${id}`);
  const known = servers.find(({ status }) => status !== "ERROR");
  if (known) return known.id;
  const flavors = z.object({ flavors: z.array(z.object({ id: z.string(), name: z.string() })) });
  const found = await user.json(flavors, "GET", "compute", "/flavors");
  const flavorRef = found.flavors.find(({ name }) => name === "tiny")?.id;
  const server = { name: SERVER, imageRef, flavorRef, networks: "auto" };
  const made = z.object({ server: z.object({ id: z.string() }) });
  return (await user.json(made, "POST", "compute", "/servers", { server })).server.id;
}

async function untilActive(user: RestClient, serverId: string): Promise<void> {
  const shown = z.object({
    server: z.object({ status: z.string(), fault: z.object({ message: z.string() }).optional() }),
  });
  await poll(`server ${SERVER} to become ACTIVE`, async () => {
    const { server } = await user.json(shown, "GET", "compute", `/servers/${serverId}`);
    if (server.status === "ERROR") {
      throw new KilonovaError(
        "virt.failed",
        `Server ${SERVER} could not be built: ${server.fault?.message ?? "no reason is known"}`,
      );
    }
    // One that was stopped by its owner is left alone.
    return server.status !== "BUILD" ? server.status : undefined;
  });
}

async function greetingOf(user: RestClient, serverId: string): Promise<string> {
  const answer = z.object({ output: z.string() });
  return poll(`server ${SERVER} to greet on its console`, async () => {
    const path = `/servers/${serverId}/action`;
    const { output } = await user.json(answer, "POST", "compute", path, { "os-getConsoleOutput": { length: 20 } });
    return output.trim() === "" ? undefined : output.trim();
  });
}

async function poll<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline)
      throw new KilonovaError("rpc.deadlineExceeded", `Waited ${PATIENCE / 1_000} s for ${what}, in vain.`);
    await sleep(POLL);
  }
}
