import { Hooks, hookPointsOf, Weaver } from "@kilonova/core";
import { type Hook, silentLogger, systemClock } from "@kilonova/plugin-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { at, IMAGE, LiveApi } from "../testing/live-api.js";
import { ServerManager } from "./server-manager.js";

let api: LiveApi;
const seen: string[] = [];

/** Refuses servers called "forbidden", marks all others. */
const guard: Hook<{ name: string; metadata: Record<string, string> }> = {
  pre: ({ payload }) =>
    payload.name === "forbidden"
      ? { veto: "Not in this cloud." }
      : { amend: { metadata: { ...payload.metadata, seen: "yes" } } },
  post: ({ point }) => void seen.push(point),
};

beforeAll(async () => {
  api = await LiveApi.start();
  const hooks = new Hooks(silentLogger);
  hooks.enter("guard", { point: "server.create" }, async () => guard as Hook);
  hooks.enter("deletes", { point: "server.delete" }, async () => ({ post: ({ point }) => void seen.push(point) }));
  const locks = () => {
    throw new Error("no lock is taken");
  };
  new Weaver({ hooks, clock: systemClock, locks }).weave(api.manager);
});
afterAll(() => api.stop());

test("what is done to servers are hook points", () => {
  const points = [...hookPointsOf(ServerManager).values()].map(({ name }) => name);
  expect(points.sort()).toEqual(["server.create", "server.delete", "server.reboot", "server.start", "server.stop"]);
});

test("a hook's veto is a 403 in its words, its amendment is what is made, and it hears of the end", async () => {
  const server = { imageRef: IMAGE, flavorRef: "1", metadata: { mine: "yes" } };
  const vetoed = await api.post("/servers", { server: { ...server, name: "forbidden" } });
  expect(vetoed.body).toEqual({ forbidden: { code: 403, message: "Not in this cloud." } });
  expect((await api.get("/servers")).body).toEqual({ servers: [] });

  const id = await api.createServer({ ...server });
  expect(at(await api.get(`/servers/${id}`), "server", "metadata")).toEqual({ mine: "yes", seen: "yes" });
  await api.delete(`/servers/${id}`);
  expect(seen).toEqual(["server.create", "server.delete"]);
});
