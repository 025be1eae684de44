import { expect, it, vi } from "vitest";
import { Gate } from "../testing/gate.js";
import { Health } from "./health.js";

it("a process is ready once it serves, all its services are up and all that it needs can be reached", async () => {
  const health = new Health();
  let problem: Error | undefined = new Error("the broker is away");
  health.needs("transport", async () => {
    if (problem) throw problem;
  });
  health.service("compute on node1", "starting");
  expect(await health.readiness()).toEqual({
    isReady: false,
    checks: { process: "starting", "service compute on node1": "starting", transport: "the broker is away" },
  });
  health.service("compute on node1", "up");
  problem = undefined;
  expect((await health.readiness()).isReady).toBe(false);
  health.serving();
  expect(await health.readiness()).toEqual({
    isReady: true,
    checks: { process: "ok", "service compute on node1": "ok", transport: "ok" },
  });
  problem = new Error("gone again");
  expect((await health.readiness()).checks).toMatchObject({ transport: "gone again" });
  problem = undefined;
  health.service("compute on node1", "stopping");
  expect((await health.readiness()).isReady).toBe(false);
});

it("a process that is stopping is never ready again", async () => {
  const health = new Health();
  health.stopping();
  health.serving();
  expect(await health.readiness()).toEqual({ isReady: false, checks: { process: "stopping" } });
});

it("many who ask at the same time cost one check", async () => {
  const health = new Health();
  const gate = new Gate();
  const check = vi.fn(() => gate.promise);
  health.needs("database", check);
  const asked = Promise.all([health.readiness(), health.readiness(), health.readiness()]);
  gate.resolve();
  await asked;
  expect(check).toHaveBeenCalledOnce();
});

it("a check without an answer is given up", async () => {
  vi.useFakeTimers();
  const health = new Health();
  health.needs("database", () => new Promise(() => {}));
  const asked = health.readiness();
  await vi.advanceTimersByTimeAsync(2_000);
  expect((await asked).checks["database"]).toBe("no answer within 2000 ms");
  vi.useRealTimers();
});
