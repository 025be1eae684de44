import type { Worker } from "node:cluster";
import { EventEmitter } from "node:events";
import { expect, test, vi } from "vitest";
import { WorkerProcess } from "./worker.js";

/** What the cluster module hands out, without a process behind it. */
function forked() {
  const kill = vi.fn();
  const worker = Object.assign(new EventEmitter(), { process: { pid: 7, kill } });
  return { worker, kill, told: new WorkerProcess(worker as unknown as Worker) };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a worker is told to reload once it is up, for it would die of the signal before", async () => {
  const { worker, kill, told } = forked();
  told.reload();
  told.reload();
  await settled();
  expect(kill).not.toHaveBeenCalled();
  worker.emit("message", { kilonova: "ready" });
  await settled();
  expect(kill.mock.calls).toEqual([["SIGHUP"]]);
  told.reload();
  await settled();
  expect(kill.mock.calls).toEqual([["SIGHUP"], ["SIGHUP"]]);
});

test("a worker that ended before it was up is told nothing", async () => {
  const { worker, kill, told } = forked();
  told.reload();
  worker.emit("exit", 1, null);
  await settled();
  expect(kill).not.toHaveBeenCalled();
});
