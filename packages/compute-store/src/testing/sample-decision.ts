import { randomUUID } from "node:crypto";
import type { SchedulingDecision } from "@kilonova/contracts";
import { createRequest } from "./new-server.js";

/** A decision as a scheduler makes one: where nothing is said, of one server that found its place on `host1`. */
export function sampleDecision(changes: Partial<SchedulingDecision> = {}): SchedulingDecision {
  const serverIds = changes.serverIds ?? [randomUUID()];
  return {
    id: randomUUID(),
    at: "2026-01-01T00:00:00.000Z",
    scheduler: "controller1",
    requestId: `req-${randomUUID()}`,
    reason: "create",
    projectId: "project",
    userId: "user",
    serverIds,
    requestSpec: createRequest().requestSpec,
    resourceRequest: null,
    profile: "default",
    outcome: "placed",
    message: null,
    hosts: 3,
    stages: [
      {
        plugin: "ComputeFilter",
        kind: "filter",
        hostsIn: 3,
        hostsOut: 2,
        milliseconds: 0.25,
        drops: [{ code: "disabled", words: "are disabled", outlook: "not-now", hosts: 1, sample: ["host3"] }],
      },
    ],
    weigherTimes: { RAMWeigher: 0.125 },
    scores: [
      {
        host: "host1",
        node: "host1",
        score: 1,
        weights: [{ weigher: "RAMWeigher", raw: 2048, normalised: 1, multiplier: 1 }],
      },
      {
        host: "host2",
        node: "host2",
        score: 0,
        weights: [{ weigher: "RAMWeigher", raw: 1024, normalised: 0, multiplier: 1 }],
      },
    ],
    selections: serverIds.map((serverId) => ({ serverId, host: "host1", node: "host1", alternates: ["host2"] })),
    claims: { attempts: 1, refused: [] },
    milliseconds: 1.5,
    shared: false,
    chain: "0123456789abcdef",
    sequence: 7,
    ...changes,
  };
}
