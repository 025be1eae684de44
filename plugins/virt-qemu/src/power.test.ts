import { afterEach, describe, expect, it, vi } from "vitest";
import { findGuestProcess } from "./guest-process.js";
import { guestPower, hardReboot, pause, powerOff, softReboot, unpause } from "./power.js";
import { acpiImage, RealGuest } from "./real-guest.test.fixture.js";

describe("power", () => {
  const guests: RealGuest[] = [];
  async function running(image?: Buffer): Promise<RealGuest> {
    const guest = await RealGuest.make(image ? { image } : {});
    guests.push(guest);
    await guest.start();
    await guest.consoleShows("hello");
    return guest;
  }
  afterEach(() => Promise.all(guests.splice(0).map((guest) => guest.dispose())));

  it("tells what the guest does", async () => {
    const { directory } = await running();
    expect(await guestPower(directory)).toBe("running");
    await pause(directory);
    await pause(directory);
    expect(await guestPower(directory)).toBe("paused");
    await unpause(directory);
    expect(await guestPower(directory)).toBe("running");
    await powerOff(directory, { timeoutMs: 0 });
    expect(await guestPower(directory)).toBe("shutdown");
  });

  it("looks at a guest while another waits for its end", async () => {
    const { directory } = await running();
    const end = powerOff(directory, { timeoutMs: 1000 });
    expect(await guestPower(directory)).toBe("running");
    expect(await end).toBe("forced");
  });

  it("lets a guest that listens to the power button switch itself off", async () => {
    const { directory } = await running(acpiImage("hello"));
    expect(await powerOff(directory, { timeoutMs: 10_000 })).toBe("guest");
    expect(await powerOff(directory, { timeoutMs: 10_000 })).toBe("wasOff");
  });

  it("asks a paused guest too", async () => {
    const { directory } = await running(acpiImage("hello"));
    await pause(directory);
    expect(await powerOff(directory, { timeoutMs: 10_000 })).toBe("guest");
  });

  it("ends a guest that does not listen", async () => {
    const deaf = await running();
    expect(await powerOff(deaf.directory, { timeoutMs: 100 })).toBe("forced");
    expect(await findGuestProcess(deaf.directory)).toBeUndefined();
  });

  it("ends a process that does not answer, which is pending until then", async () => {
    const { directory } = await running();
    const found = await findGuestProcess(directory);
    if (found) process.kill(found.pid, "SIGSTOP");
    expect(await Promise.all([guestPower(directory), powerOff(directory, { timeoutMs: 0 })])).toEqual([
      "pending",
      "forced",
    ]);
    expect(await findGuestProcess(directory)).toBeUndefined();
  });

  it("reboots a guest that listens by starting it again", async () => {
    const guest = await running(acpiImage("hello"));
    const startAgain = vi.fn(() => guest.start());
    expect(await softReboot(guest.directory, { timeoutMs: 10_000, startAgain })).toBe("guest");
    expect(startAgain).toHaveBeenCalledOnce();
    await guest.consoleShows("hello", 2);
  });

  it("resets a guest that does not listen", async () => {
    const guest = await running();
    const before = await findGuestProcess(guest.directory);
    const startAgain = vi.fn(() => guest.start());
    expect(await softReboot(guest.directory, { timeoutMs: 100, startAgain })).toBe("reset");
    expect(startAgain).not.toHaveBeenCalled();
    await guest.consoleShows("hello", 2);
    expect(await findGuestProcess(guest.directory)).toEqual(before);
  });

  it("reboots hard, after which a paused guest runs", async () => {
    const guest = await running();
    await pause(guest.directory);
    await hardReboot(guest.directory, { startAgain: () => guest.start() });
    await guest.consoleShows("hello", 2);
    expect(await guestPower(guest.directory)).toBe("running");
  });

  it("starts a guest whose process has gone, on either kind of reboot", async () => {
    const guest = await running();
    await powerOff(guest.directory, { timeoutMs: 0 });
    await hardReboot(guest.directory, { startAgain: () => guest.start() });
    await guest.consoleShows("hello", 2);
    await powerOff(guest.directory, { timeoutMs: 0 });
    await softReboot(guest.directory, { timeoutMs: 1000, startAgain: () => guest.start() });
    await guest.consoleShows("hello", 3);
  });

  it("leaves the guest alone when the caller gives up", async () => {
    const { directory } = await running();
    const controller = new AbortController();
    const end = powerOff(directory, { timeoutMs: 10_000, signal: controller.signal });
    controller.abort(new Error("not now"));
    await expect(end).rejects.toThrow("not now");
    expect(await guestPower(directory)).toBe("running");
  });
});
