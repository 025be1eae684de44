import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { findGuestProcess, isRunning, killGuestProcess, startGuestProcess, waitForExit } from "./guest-process.js";
import { RealGuest, type RealGuestOptions } from "./real-guest.test.fixture.js";

describe("a guest's process", () => {
  const guests: RealGuest[] = [];
  async function make(options?: RealGuestOptions): Promise<RealGuest> {
    const guest = await RealGuest.make(options);
    guests.push(guest);
    return guest;
  }
  afterEach(() => Promise.all(guests.splice(0).map((guest) => guest.dispose())));

  it("boots the tiny image, which greets on the console", async () => {
    const guest = await make();
    const process = await guest.start();
    await guest.consoleShows("hello from a guest\r\n");
    expect(await isRunning(process)).toBe(true);
    const qmp = await guest.directory.connectQmp();
    expect(await qmp.execute("query-uuid")).toEqual({ UUID: guest.directory.id });
    qmp.close();
  });

  it("boots with a network device", async () => {
    const guest = await make({ networkDevices: [{ netdev: { type: "user" }, macAddress: "fa:16:3e:00:00:01" }] });
    await guest.start();
    await guest.consoleShows("hello from a guest\r\n");
  });

  it("runs in folders that lie deeper than a socket's path may be long", async () => {
    const guest = await make({ below: `${"deep".repeat(20)}/${"deeper".repeat(20)}` });
    await guest.start();
    expect((await guest.directory.connectQmp()).version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it("stands in a session of its own and sees nothing of our environment", async () => {
    const guest = await make();
    const { pid } = await guest.start();
    expect(execFileSync("ps", ["-o", "sid=", "-p", String(pid)], { encoding: "utf8" }).trim()).toBe(String(pid));
    const environment = await readFile(`/proc/${pid}/environ`, "utf8");
    expect(environment.split("\0").map((entry) => entry.split("=")[0])).toEqual(
      expect.not.arrayContaining(["VITEST", "USER"]),
    );
  });

  it("is started once, however often that is asked", async () => {
    const guest = await make();
    expect(await guest.start()).toEqual(await guest.start());
  });

  it("goes on when the process that started it is killed, and is found again", async () => {
    const guest = await make();
    const parent = await startFromAnotherProcess(guest);
    parent.kill("SIGKILL");
    await once(parent, "exit");
    const found = await findGuestProcess(guest.directory);
    expect(found).toBeDefined();
    await guest.consoleShows("hello from a guest\r\n");
  });

  it("is found without its pid file, and is not confused by a stale one", async () => {
    const guest = await make();
    const started = await guest.start();
    await rm(guest.directory.pidFilePath);
    expect(await findGuestProcess(guest.directory)).toEqual(started);
    await writeFile(guest.directory.pidFilePath, `${process.pid}\n`);
    expect(await findGuestProcess(guest.directory)).toEqual(started);
  });

  it("never takes another process for the guest", async () => {
    const guest = await make();
    await writeFile(guest.directory.pidFilePath, `${process.pid}\n`);
    expect(await findGuestProcess(guest.directory)).toBeUndefined();
    // A process that got the id of one that has ended is left alone.
    await killGuestProcess({ pid: process.pid, startTime: "1" }, { graceMs: 0 });
  });

  it("gives QEMU's own words when it ends at once", async () => {
    const guest = await make();
    await rm(guest.directory.diskPath);
    await expect(guest.start()).rejects.toMatchObject({
      code: "virt.failed",
      message: expect.stringMatching(/^QEMU ended at once \(code 1\): .*No such file or directory/),
    });
    expect(await findGuestProcess(guest.directory)).toBeUndefined();
  });

  it("says which program is missing", async () => {
    const guest = await make();
    const start = startGuestProcess(guest.directory, { binary: "no-such-qemu", args: [], timeoutMs: 1000 });
    await expect(start).rejects.toThrow("no-such-qemu cannot be started");
  });

  it("is gone when its start is given up", async () => {
    const guest = await make();
    // It is a QEMU that takes its time: the machine waits, without QMP, for someone to connect to its socket.
    const args = [...guest.args, "-chardev", "socket,id=waits,path=waits.sock,server=on,wait=on"];
    const options = { binary: "qemu-system-x86_64", args };
    await expect(startGuestProcess(guest.directory, { ...options, timeoutMs: 300 })).rejects.toThrow("within 300 ms");
    expect(await findGuestProcess(guest.directory)).toBeUndefined();
    const controller = new AbortController();
    const start = startGuestProcess(guest.directory, { ...options, timeoutMs: 10_000, signal: controller.signal });
    controller.abort(new Error("not wanted"));
    await expect(start).rejects.toThrow("not wanted");
    expect(await findGuestProcess(guest.directory)).toBeUndefined();
  });

  it("ends when it is told to, by force where it does not listen", async () => {
    const guest = await make();
    const polite = await guest.start();
    await killGuestProcess(polite, { graceMs: 5000 });
    expect(await isRunning(polite)).toBe(false);
    const stubborn = await guest.start();
    process.kill(stubborn.pid, "SIGSTOP");
    expect(await waitForExit(stubborn, { timeoutMs: 50 })).toBe(false);
    await killGuestProcess(stubborn, { graceMs: 50 });
    expect(await isRunning(stubborn)).toBe(false);
    await killGuestProcess(stubborn, { graceMs: 0 });
  });
});

/** Starts the guest from another Node process, by what is built of this package, and returns when it runs. */
async function startFromAnotherProcess(guest: RealGuest) {
  const dist = new URL("../dist/", import.meta.url);
  const script = `
    const { startGuestProcess } = await import(process.argv[1] + "guest-process.js");
    const { GuestDirectory } = await import(process.argv[1] + "guest-directory.js");
    const { path, id, args } = JSON.parse(process.argv[2]);
    const directory = new GuestDirectory(path.slice(0, -id.length - 1), id);
    await startGuestProcess(directory, { binary: "qemu-system-x86_64", args, timeoutMs: 10000 });
    console.log("started");
    setInterval(() => {}, 1000);`;
  const { path, id } = guest.directory;
  const what = JSON.stringify({ path, id, args: guest.args });
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script, dist.href, what], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await Promise.race([once(parent.stdout, "data"), once(parent, "exit")]);
  expect(String(output)).toBe("started\n");
  return parent;
}
