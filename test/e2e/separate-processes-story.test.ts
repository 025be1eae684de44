import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RestClient } from "@kilonova/deployment";
import { tinyImage } from "@kilonova/virt-qemu";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { login, makeServers, seed, untilIdle } from "./many-servers.js";
import { SeparateProcesses } from "./separate-processes.js";
import { tellStory } from "./story.js";

const GREETING = "Greetings from the story";
const OVER_THE_BROKER = "a cloud of separate processes over RabbitMQ and PostgreSQL";

describe.each(["fake", "qemu"] as const)(`${OVER_THE_BROKER}, with %s devices`, (devices) => {
  let cloud: SeparateProcesses;

  beforeAll(async () => {
    cloud = await SeparateProcesses.start(devices);
  });
  afterAll(() => cloud?.destroy());

  tellStory(() => ({
    client: cloud.client,
    image: tinyImage({ greeting: GREETING }),
    greeting: devices === "qemu" ? new RegExp(GREETING) : /\S/,
  }));

  if (devices === "qemu") return;

  it("builds a server on an alternate where a compute's resource tracker refuses it", async () => {
    const admin = await login(cloud.cloudsFile, "kilonova-admin");
    const refs = await seed(admin);
    // Placement goes on believing in the host's old size until the next audit.
    const size = JSON.stringify({ vcpus: 1, memoryMb: 1, diskGb: 1 });
    await writeFile(join(cloud.folder, "fake-guests", "compute1", "_host.json"), size);

    let isRescheduled = false;
    for (let tries = 0; tries < 10 && !isRescheduled; tries++) {
      const [id = ""] = await makeServers(admin, refs, 1);
      await untilIdle(admin, [id]);
      expect(await placeOf(admin, id)).toEqual({ status: "ACTIVE", host: "compute2" });
      isRescheduled = (await eventsOf(admin, id)).includes("conductor_reschedule");
    }
    expect(isRescheduled).toBe(true);
  });
});

async function placeOf(admin: RestClient, serverId: string) {
  const shown = z.object({ server: z.object({ status: z.string(), "OS-EXT-SRV-ATTR:host": z.string().nullable() }) });
  const { server } = await admin.json(shown, "GET", "compute", `/servers/${serverId}`);
  return { status: server.status, host: server["OS-EXT-SRV-ATTR:host"] };
}

/** The steps of all that was done to a server. */
async function eventsOf(admin: RestClient, serverId: string): Promise<readonly string[]> {
  const path = `/servers/${serverId}/os-instance-actions`;
  const listed = z.object({ instanceActions: z.array(z.object({ request_id: z.string() })) });
  const shown = z.object({ instanceAction: z.object({ events: z.array(z.object({ event: z.string() })) }) });
  const { instanceActions } = await admin.json(listed, "GET", "compute", path);
  const actions = await Promise.all(
    instanceActions.map(({ request_id }) => admin.json(shown, "GET", "compute", `${path}/${request_id}`)),
  );
  return actions.flatMap(({ instanceAction }) => instanceAction.events.map(({ event }) => event));
}
