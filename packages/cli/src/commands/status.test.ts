import type { CloudStatus, OpenOperation, ServiceStatus } from "@kilonova/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FakeCloud } from "../testing/fake-cloud.js";
import { runHere } from "../testing/run-here.js";
import { signedIn } from "../testing/signed-in.js";

const compute: ServiceStatus = {
  binary: "kilonova-compute",
  topic: "compute",
  host: "node1",
  up: true,
  version: "1.4",
  silentFor: 4_000,
  disabled: false,
  disabledReason: null,
  forcedDown: false,
};
const build: OpenOperation = {
  id: "5a1f7a4e-7f56-4a5c-8f0e-4a6b8c2d1e01",
  serverId: "0c7a1b3e-7f56-4a5c-8f0e-4a6b8c2d1e02",
  action: "create",
  stage: "compute",
  state: "running",
  host: "node1",
  requestId: "req-1",
  projectId: "5a1f7a4e-7f56-4a5c-8f0e-4a6b8c2d1e03",
  attempt: 1,
  age: 700_000,
};
const well: CloudStatus = { services: [compute], openOperations: 0, operations: [] };
let cloud: FakeCloud;
let end: () => Promise<void>;

beforeEach(async () => {
  ({ cloud, end } = await signedIn());
});
afterEach(() => end());

function statusOf(status: CloudStatus, ...argv: readonly string[]) {
  cloud.answers.set("GET /compute/kilonova/status", [200, status]);
  return runHere("status", ...argv);
}

describe("kilonova status", () => {
  it("shows every service of a cloud that is well, and ends with 0", async () => {
    const disabled = { ...compute, host: "node2", disabled: true, disabledReason: "new disk" };
    const { exitCode, stdout } = await statusOf({ ...well, services: [compute, disabled], openOperations: 3 });
    expect(exitCode).toBe(0);
    const [titles, first, second, ...rest] = stdout.split("\n");
    expect(titles).toMatch(/^SERVICE +HOST +STATE +VERSION +LAST SEEN$/);
    expect(first).toMatch(/^kilonova-compute +node1 +up +1\.4 +4 s$/);
    expect(second).toMatch(/^kilonova-compute +node2 +up, disabled: new disk +1\.4 +4 s$/);
    expect(rest).toEqual(["", "2 services, all up; 3 operations under way, 0 stuck."]);
  });

  it.each([
    ["is down", { ...compute, up: false, silentFor: 7_200_000 }, /kilonova-compute +node1 +down +1\.4 +2 h/],
    ["was forced down", { ...compute, up: false, forcedDown: true }, /node1 +forced down/],
    ["never reported", { ...compute, up: false, silentFor: null }, /node1 +down +1\.4 +never/],
  ])("ends with 1 where a service %s", async (_, service, line) => {
    const { exitCode, stdout } = await statusOf({ ...well, services: [compute, service] });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(line);
    expect(stdout).toContain("1 of 2 down; 0 operations under way, 0 stuck.");
  });

  it("names work that is stuck, with the server, who has it, and since when; how long that is may be said", async () => {
    const waiting = { ...build, state: "pending", stage: "conductor", host: null, age: 95_000 } as const;
    const busy = { ...well, openOperations: 2, operations: [build, waiting] };
    const usual = await statusOf(busy);
    expect(usual.exitCode).toBe(1);
    expect(usual.stdout).toMatch(/0c7a1b3e-\S+ +create +compute on node1 +11 min +req-1/);
    expect(usual.stdout).toContain("1 service, all up; 2 operations under way, 1 stuck.");
    expect((await statusOf(busy, "--stuck-after", "90s")).stdout).toMatch(/create +a conductor to take it +1 min/);
    expect((await statusOf(busy, "--stuck-after", "1h")).exitCode).toBe(0);
    const { exitCode, stderr } = await statusOf(busy, "--stuck-after", "soon");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("It takes a time such as 90s, 10m or 2h.");
  });

  it("prints JSON with what is wrong apart", async () => {
    const down = { ...compute, up: false };
    const { exitCode, stdout } = await statusOf({ services: [down], openOperations: 1, operations: [build] }, "--json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      services: [down],
      openOperations: 1,
      operations: [build],
      down: [down],
      stuck: [build],
    });
  });
});
