import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { OpenstackClient } from "./openstack-client.js";

const SERVER_TIME = 60_000;
const serverSchema = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  addresses: z.unknown(),
  fault: z.unknown().optional(),
});
const PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC48ZMkcivhUSxtDIMdgL2wUIPHLQ3DouY4hgRHZRUiy story@kilonova";

/** A cloud that the story is told in. */
export interface StoryCloud {
  /** Logged in as the ordinary user. */
  readonly client: OpenstackClient;
  /** The bytes of a bootable image. */
  readonly image: Uint8Array;
  /** What a guest of that image writes on its console. */
  readonly greeting: RegExp;
}

/**
 * One story with the real client: from a token to a server that was made, stopped, started, rebooted, read and deleted.
 * Each step builds on those before it.
 */
export function tellStory(world: () => StoryCloud): void {
  describe("the story of a server, told by the OpenStack client", () => {
    let folder: string;
    let client: OpenstackClient;
    let admin: OpenstackClient;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "kilonova-story-"));
      client = world().client;
      admin = client.as("kilonova-admin");
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it("issues a token that is scoped to the user's project", async () => {
      const token = await client.json(z.object({ id: z.string(), project_id: z.string() }), "token", "issue");
      expect(token.id.length).toBeGreaterThan(20);
    });

    it("makes a flavor, as an administrator", async () => {
      await admin.run("flavor", "create", "--ram", "32", "--vcpus", "1", "--disk", "1", "story");
      expect(await client.run("flavor", "list", "-f", "value", "-c", "Name")).toContain("story");
    });

    it("takes an image from a file", async () => {
      const file = join(folder, "tiny.raw");
      await writeFile(file, world().image);
      await client.run(
        "image",
        "create",
        "--disk-format",
        "raw",
        "--container-format",
        "bare",
        "--file",
        file,
        "story",
      );
      const image = z.object({ status: z.string(), size: z.number() });
      expect(await client.json(image, "image", "show", "story")).toEqual({
        status: "active",
        size: world().image.length,
      });
    });

    it("imports a key pair", async () => {
      const file = join(folder, "key.pub");
      await writeFile(file, `${PUBLIC_KEY}\n`);
      await client.run("keypair", "create", "--public-key", file, "story");
      expect(await client.run("keypair", "list", "-f", "value", "-c", "Name")).toContain("story");
    });

    it("makes a server and waits until it is active", { timeout: SERVER_TIME }, async () => {
      await client.run(
        "server",
        "create",
        "--flavor",
        "story",
        "--image",
        "story",
        "--key-name",
        "story",
        "--wait",
        "story",
      );
      const server = await client.json(serverSchema, "server", "show", "story");
      expect(server).toMatchObject({ name: "story", status: "ACTIVE" });
      expect(JSON.stringify(server.addresses)).toMatch(/\d+\.\d+\.\d+\.\d+/);
      expect(await client.run("server", "list", "-f", "value", "-c", "Name", "-c", "Status")).toContain("story ACTIVE");
    });

    it("shows what the guest wrote on its console", { timeout: SERVER_TIME }, async () => {
      await expect
        .poll(() => client.run("console", "log", "show", "story"), { timeout: SERVER_TIME })
        .toMatch(world().greeting);
    });

    it.each([
      ["stop", ["server", "stop", "story"], "SHUTOFF"],
      ["start", ["server", "start", "story"], "ACTIVE"],
      ["reboot hard", ["server", "reboot", "--hard", "--wait", "story"], "ACTIVE"],
      ["reboot soft", ["server", "reboot", "--soft", "--wait", "story"], "ACTIVE"],
    ])("can %s it", { timeout: SERVER_TIME }, async (_, command, status) => {
      await client.run(...command);
      await expect.poll(() => statusOf(client, "story"), { timeout: SERVER_TIME, interval: 250 }).toBe(status);
    });

    it("says why a server fits nowhere", { timeout: SERVER_TIME }, async () => {
      await admin.run("flavor", "create", "--ram", "99999999", "--vcpus", "1", "--disk", "1", "giant");
      await admin.run("quota", "set", "--ram", "-1", "kilonova");
      await client.run("server", "create", "--flavor", "giant", "--image", "story", "giant");
      await expect.poll(() => statusOf(client, "giant"), { timeout: SERVER_TIME, interval: 250 }).toBe("ERROR");
      const { fault } = await client.json(serverSchema, "server", "show", "giant");
      expect(JSON.stringify(fault)).toMatch(/No valid host was found.*memory/i);
      await client.run("server", "delete", "--wait", "giant");
    });

    it("deletes the server, and all that it had is gone", { timeout: SERVER_TIME }, async () => {
      await client.run("server", "delete", "--wait", "story");
      expect(await client.run("server", "list", "-f", "value", "-c", "Name")).not.toContain("story");
      const shown = await client.attempt("server", "show", "story");
      expect(shown.exitCode).toBe(1);
    });
  });
}

async function statusOf(client: OpenstackClient, name: string): Promise<string> {
  return (await client.json(serverSchema, "server", "show", name)).status;
}
