import { Hooks, hookPointsOf, Weaver } from "@kilonova/core";
import {
  type Hook,
  type HookAt,
  type HookEvent,
  type PayloadAt,
  type PreAnswer,
  type serverDelete,
  silentLogger,
  systemClock,
} from "@kilonova/plugin-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { at, IMAGE, LiveApi } from "../testing/live-api.js";
import { ServerManager } from "./server-manager.js";

const ACTIONS = ["server.delete", "server.start", "server.stop", "server.reboot"];

/** Refuses whatever is asked for a server that is called "locked", and keeps what it is shown. */
class Lock implements HookAt<typeof serverDelete> {
  static readonly shown: unknown[] = [];

  pre({ point, payload, context }: HookEvent<PayloadAt<typeof serverDelete>>): PreAnswer {
    Lock.shown.push([point, context.projectId, payload]);
    return payload.server.name === "locked" ? { veto: `${point} must wait.` } : undefined;
  }
}

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
  for (const point of ACTIONS) hooks.enter("lock", { point }, async () => new Lock());
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

test("a veto of what is asked for a server is a 403 in the hook's words, and nothing is done", async () => {
  const id = await api.createServer({ imageRef: IMAGE, flavorRef: "1", name: "locked" });
  const forbidden = (words: string) => ({ forbidden: { code: 403, message: words } });
  const act = async (action: object) => (await api.post(`/servers/${id}/action`, action)).body;
  expect(await act({ "os-start": null })).toEqual(forbidden("server.start must wait."));
  expect(await act({ "os-stop": null })).toEqual(forbidden("server.stop must wait."));
  expect(await act({ reboot: { type: "HARD" } })).toEqual(forbidden("server.reboot must wait."));
  expect((await api.delete(`/servers/${id}`)).body).toEqual(forbidden("server.delete must wait."));
  expect(at(await api.get(`/servers/${id}`), "server", "status")).toBe("BUILD");

  const [point, projectId, payload] = (Lock.shown.at(-2) ?? []) as [string, string, { server: object }];
  expect([point, typeof projectId]).toEqual(["server.reboot", "string"]);
  expect(payload).toMatchObject({
    type: "HARD",
    server: { id, projectId, name: "locked", flavor: { vcpus: 1 }, imageId: IMAGE },
  });
  expect(payload.server).not.toHaveProperty("userData");
});
