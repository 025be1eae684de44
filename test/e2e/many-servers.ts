import { readFile } from "node:fs/promises";
import { RestClient } from "@kilonova/deployment";
import { expect } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const cloudsSchema = z.object({
  clouds: z.record(
    z.string(),
    z.object({
      auth: z.object({ auth_url: z.string(), username: z.string(), password: z.string(), project_name: z.string() }),
    }),
  ),
});

/** Logs in to a cloud of a `clouds.yaml`. */
export async function login(cloudsFile: string, cloud: string): Promise<RestClient> {
  const { clouds } = cloudsSchema.parse(parse(await readFile(cloudsFile, "utf8")));
  const auth = clouds[cloud]?.auth;
  if (!auth) throw new Error(`${cloudsFile} has no cloud ${cloud}`);
  return RestClient.login({
    identityUrl: auth.auth_url,
    userName: auth.username,
    projectName: auth.project_name,
    password: auth.password,
  });
}

/** Makes what servers are made of: a small flavor and an empty image. Answers how servers refer to them. */
export async function seed(admin: RestClient): Promise<{ readonly flavorRef: string; readonly imageRef: string }> {
  const made = z.object({ flavor: z.object({ id: z.string() }) });
  const flavor = { name: "small", vcpus: 1, ram: 32, disk: 1 };
  const { flavor: small } = await admin.json(made, "POST", "compute", "/flavors", { flavor });
  const record = { name: "empty", disk_format: "raw", container_format: "bare", visibility: "public" };
  const image = await admin.json(z.object({ id: z.string() }), "POST", "image", "/v2/images", record);
  await admin.upload("image", `/v2/images/${image.id}/file`, new Uint8Array(512));
  return { flavorRef: small.id, imageRef: image.id };
}

/** Asks for servers one by one, at the same time; answers their ids. */
export async function makeServers(user: RestClient, refs: object, howMany: number): Promise<readonly string[]> {
  const made = z.object({ server: z.object({ id: z.string() }) });
  const names = Array.from({ length: howMany }, (_, index) => `server-${index}`);
  const answers = await Promise.all(
    names.map((name) =>
      user.json(made, "POST", "compute", "/servers", { server: { name, ...refs, networks: "auto" } }),
    ),
  );
  return answers.map(({ server }) => server.id);
}

/** Waits until none of the servers is being built any more. */
export async function untilIdle(user: RestClient, ids: readonly string[]): Promise<void> {
  const listed = z.object({ servers: z.array(z.object({ id: z.string(), status: z.string() })) });
  const building = async () => {
    const { servers } = await user.json(listed, "GET", "compute", "/servers/detail");
    return servers.filter(({ id, status }) => ids.includes(id) && status === "BUILD").length;
  };
  await expect.poll(building, { timeout: 120_000, interval: 250 }).toBe(0);
}
