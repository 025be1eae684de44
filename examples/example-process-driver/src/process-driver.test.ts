import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GuestSpec, RequestContext } from "@kilonova/plugin-api";
import { sampleServer, sampleVif, virtDriverSuite } from "@kilonova/plugin-testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { namespaceProblem } from "./namespaces.js";
import { processDriverOptions } from "./options.js";
import { GREETING, ProcessDriver } from "./process-driver.js";

const CONTEXT = RequestContext.admin();
const recordSchema = z.object({ process: z.object({ pid: z.number(), startTime: z.string() }) });

/** Where it is wanted for certain, its lack is a failure. */
const problem = process.env["CI"] ? undefined : await namespaceProblem("unshare");

function sampleGuest(): GuestSpec {
  const vif = sampleVif({ macAddress: "fa:16:3e:00:00:01" });
  return { server: sampleServer(), image: null, vifs: [{ vif, type: "none", details: {} }] };
}

async function startedDriver(folder: string, written: object = {}): Promise<ProcessDriver> {
  const driver = new ProcessDriver(processDriverOptions.schema.parse(written), folder);
  await driver.initHost("host1");
  return driver;
}

// #region suite
describe.skipIf(problem)("ProcessDriver does what every virt driver promises:", () => {
  async function makeWorld() {
    const folder = await mkdtemp(join(tmpdir(), "kilonova-process-"));
    return {
      makeDriver: () => startedDriver(folder),
      guest: sampleGuest,
      greeting: GREETING,
      shutdownTimeout: 5_000,
      end: () => rm(folder, { recursive: true }),
    };
  }
  for (const { name, run } of virtDriverSuite(makeWorld)) it(name, run);
});
// #endregion

describe("ProcessDriver", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kilonova-process-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const recordOf = (id: string) => join(folder, "process-guests", "host1", id, "guest.json");

  it.skipIf(problem)(
    "gives a guest processes, host name and network of its own, and shows it its interfaces",
    async () => {
      const driver = await startedDriver(folder);
      const guest = sampleGuest();
      await driver.spawn(CONTEXT, guest);
      const { id } = guest.server;
      const { pid } = recordSchema.parse(JSON.parse(await readFile(recordOf(id), "utf8"))).process;
      for (const [theirs, ours] of [
        ["pid_for_children", "pid"],
        ["net", "net"],
        ["uts", "uts"],
        ["mnt", "mnt"],
        ["user", "user"],
      ])
        expect(await readlink(`/proc/${pid}/ns/${theirs}`)).not.toBe(await readlink(`/proc/self/ns/${ours}`));
      const environment = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0").filter(Boolean);
      expect(environment.map((variable) => variable.split("=")[0])).toEqual(["PATH", "LANG"]);
      expect((await driver.getConsoleOutput(id, null))?.split("\n")).toEqual([
        GREETING,
        "sample: 1 vCPUs, 32 MB of memory",
        expect.stringMatching(/^net0 fa:16:3e:00:00:01 10\.0\.\d+\.\d+\/16$/),
        "",
      ]);
      await driver.destroy(CONTEXT, id);
    },
  );

  it.skipIf(problem)("lets a guest end by itself where it is asked and given time", async () => {
    const driver = await startedDriver(folder);
    const guest = sampleGuest();
    await driver.spawn(CONTEXT, guest);
    await driver.powerOff(CONTEXT, guest.server.id, { timeout: 5_000 });
    expect(await driver.getConsoleOutput(guest.server.id, 1)).toBe("Going down\n");
    await driver.destroy(CONTEXT, guest.server.id);
  });

  it.skipIf(problem)("leaves a process alone that only has the id of one of its guests", async () => {
    const driver = await startedDriver(folder);
    const guest = sampleGuest();
    const { id } = guest.server;
    await driver.spawn(CONTEXT, guest);
    const written = JSON.parse(await readFile(recordOf(id), "utf8"));
    await driver.powerOff(CONTEXT, id, { timeout: 0 });
    await writeFile(recordOf(id), JSON.stringify({ ...written, process: { ...written.process, pid: process.pid } }));
    expect(await driver.getPowerState(id)).toBe("shutdown");
    // This test runs in the process that they would hit.
    await driver.powerOff(CONTEXT, id, { timeout: 0 });
    await driver.destroy(CONTEXT, id);
    expect(await driver.listServers()).toEqual([]);
  });

  it.skipIf(problem)("finishes a guest that was made by halves, and removes one", async () => {
    const driver = await startedDriver(folder);
    const [finished, removed] = [sampleGuest(), sampleGuest()];
    for (const { server } of [finished, removed]) await mkdir(join(folder, "process-guests", "host1", server.id));
    expect(await driver.listServers()).toHaveLength(2);
    await driver.spawn(CONTEXT, finished);
    await driver.destroy(CONTEXT, removed.server.id);
    expect(await driver.listServers()).toEqual([finished.server.id]);
    expect(await driver.getPowerState(finished.server.id)).toBe("running");
    await driver.destroy(CONTEXT, finished.server.id);
  });

  it("does not start where guests cannot be made, and says what to do", async () => {
    const refusing = join(folder, "unshare");
    await writeFile(refusing, "#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n", {
      mode: 0o755,
    });
    await expect(startedDriver(folder, { unshare: refusing })).rejects.toThrow(
      /A process may have no namespaces of its own here: unshare: unshare failed: Operation not permitted\. Allow it/,
    );
    await expect(startedDriver(folder, { unshare: "./no-such-unshare" })).rejects.toThrow(
      "There is no ./no-such-unshare: install util-linux",
    );
  });

  it("tells in the guest's words why one does not start, and leaves nothing behind", async () => {
    const broken = join(folder, "unshare");
    const script = `#!/bin/sh\ncase "$*" in *init.sh*) echo "no more processes" >&2; exit 1;; esac\n`;
    await writeFile(broken, script, { mode: 0o755 });
    const driver = await startedDriver(folder, { unshare: broken });
    await expect(driver.spawn(CONTEXT, sampleGuest())).rejects.toMatchObject({
      code: "virt.reschedule",
      message: "the guest did not start: no more processes",
    });
    expect(await driver.listServers()).toEqual([]);
  });

  it.skipIf(problem)("takes no name for a folder that leads elsewhere", async () => {
    const driver = await startedDriver(folder);
    await expect(driver.getPowerState("../../etc")).rejects.toThrow("is no server's id");
    await expect(driver.getPowerState(randomUUID())).resolves.toBeUndefined();
    const other = new ProcessDriver(processDriverOptions.schema.parse({}), folder);
    await expect(other.initHost("../host")).rejects.toThrow("cannot be the name of a host's folder");
  });
});
