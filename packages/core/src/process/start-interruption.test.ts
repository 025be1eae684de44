import { describe, expect, it } from "vitest";
import { StartInterruption } from "./start-interruption.js";

describe("a start that is interrupted", () => {
  it("does not wait for what is to be closed, and closes it when it arrives", async () => {
    const interruption = new StartInterruption();
    const closed: string[] = [];
    let arrive: (value: string) => void = () => {};
    const work = new Promise<string>((resolve) => {
      arrive = resolve;
    });
    const waiting = interruption.raceFor(work, async (late) => closed.push(late));
    process.emit("SIGTERM", "SIGTERM");
    interruption.end();
    await expect(waiting).rejects.toMatchObject({ code: "service.failedToStart" });
    expect(closed).toEqual([]);
    arrive("a connection");
    await work;
    expect(closed).toEqual(["a connection"]);
  });

  it("closes nothing where nobody interrupts it, or where it fails by itself", async () => {
    const interruption = new StartInterruption();
    const closed: string[] = [];
    const close = async (late: string) => closed.push(late);
    expect(await interruption.raceFor(Promise.resolve("a connection"), close)).toBe("a connection");
    await expect(interruption.raceFor(Promise.reject(new Error("refused")), close)).rejects.toThrow("refused");
    interruption.end();
    expect(closed).toEqual([]);
  });
});
