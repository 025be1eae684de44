import {
  type HostState,
  RequestContext,
  type SelectDestinations,
  type SelectedDestinations,
  type Selection,
} from "@kilonova/plugin-api";
import { SampleCloud, sampleHost, sampleRequestSpec, schedulerSuite } from "@kilonova/plugin-testing";
import { describe, expect, it } from "vitest";
import { ChanceScheduler } from "./chance-scheduler.js";

function makeScheduler({ hosts, claims }: SampleCloud): ChanceScheduler {
  return new ChanceScheduler(hosts, claims);
}

// #region suite
describe("ChanceScheduler does what every scheduling strategy promises:", () => {
  for (const { name, run } of schedulerSuite(makeScheduler)) it(name, run);
});
// #endregion

function select(cloud: SampleCloud, changes: Partial<SelectDestinations> = {}): Promise<SelectedDestinations> {
  const asked = { requestSpec: sampleRequestSpec(), servers: servers(1), alternates: 2, ignoredHosts: [] };
  return makeScheduler(cloud).selectDestinations(RequestContext.admin(), { ...asked, ...changes });
}

function servers(count: number) {
  return Array.from({ length: count }, (_, index) => ({ serverId: `server-${index}`, fence: 1 }));
}

function cloudOf(...hosts: readonly HostState[]): SampleCloud {
  const cloud = new SampleCloud();
  for (const host of hosts) cloud.add(host);
  return cloud;
}

function selectionsOf(answer: SelectedDestinations): readonly Selection[] {
  if (!answer.ok) throw new Error(JSON.stringify(answer));
  return answer.value;
}

function reasonOf(answer: SelectedDestinations): string {
  if (answer.ok || answer.refusal !== "noValidHost") throw new Error(JSON.stringify(answer));
  return answer.details.reason;
}

describe("ChanceScheduler", () => {
  it("takes each host that fits, sooner or later, and no other", async () => {
    const chosen = new Set<string | undefined>();
    for (let draw = 0; draw < 200; draw++) {
      const cloud = new SampleCloud("one", "two", "three");
      cloud.addHost({ host: "down", up: false });
      cloud.addHost({ host: "disabled", disabled: true });
      cloud.addHost({ host: "full", resources: { VCPU: { total: 4, used: 4 } } });
      chosen.add(selectionsOf(await select(cloud))[0]?.destination.host);
    }
    expect([...chosen].sort()).toEqual(["one", "three", "two"]);
  });

  it("counts disk for the image where the flavor has none", async () => {
    const image = { id: "image", minDisk: 3, minRam: 0, properties: {} };
    const requestSpec = sampleRequestSpec({ image, flavor: { rootGb: 0, ephemeralGb: 1, swapMb: 100 } });
    const [selection] = selectionsOf(await select(new SampleCloud("one"), { requestSpec }));
    expect(selection?.destination.allocations).toMatchObject([{ resources: { DISK_GB: 5 } }]);
  });

  it("spreads several servers over the room that there is", async () => {
    const cloud = new SampleCloud("one", "two");
    const requestSpec = sampleRequestSpec({ flavor: { vcpus: 4 } });
    const hosts = selectionsOf(await select(cloud, { requestSpec, servers: servers(4) })).map(
      ({ destination }) => destination.host,
    );
    expect(hosts.toSorted()).toEqual(["one", "one", "two", "two"]);
    expect(reasonOf(await select(new SampleCloud("one"), { requestSpec, servers: servers(3) }))).toBe(
      "No valid host was found: 1 of 1 hosts have no room for all.",
    );
  });

  it("gives up where others are always quicker", async () => {
    const cloud = new SampleCloud("one");
    cloud.isUnlucky = true;
    expect(reasonOf(await select(cloud))).toBe("No valid host was found: others were quicker, again and again.");
  });

  it("tells what keeps the hosts from taking the server, with counts", async () => {
    const cloud = new SampleCloud("left-out");
    cloud.addHost({ host: "one", up: false });
    cloud.addHost({ host: "two", up: false });
    cloud.addHost({ host: "three", disabled: true });
    cloud.addHost({ host: "four", resources: {} });
    const answer = await select(cloud, { ignoredHosts: ["left-out"] });
    expect(reasonOf(answer)).toBe(
      "No valid host was found: 1 of 5 hosts are to be left out, 2 of 5 hosts are down, 1 of 5 hosts are disabled, 1 of 5 hosts have no room.",
    );
    const drops = [{}, { filter: "ChanceScheduler", hosts: 2, reason: "are down" }, {}, {}];
    expect(answer).toMatchObject({ details: { hosts: 5, drops } });
  });

  it.each([
    [{ availabilityZone: "nova" }, undefined],
    [{ availabilityZone: "elsewhere" }, "No valid host was found: 2 of 2 hosts are outside zone elsewhere."],
    [{ forcedHost: "three" }, "No valid host was found: 2 of 2 hosts are not the one that is asked for."],
    [
      { flavor: { extraSpecs: { "trait:HW_GPU": "required" } } },
      "No valid host was found: this scheduler does not know how to find trait:HW_GPU.",
    ],
  ])("heeds what the request says of hosts: %j", async (changes, reason) => {
    const answer = await select(new SampleCloud("one", "two"), { requestSpec: sampleRequestSpec(changes) });
    expect(answer.ok ? undefined : reasonOf(answer)).toBe(reason);
  });

  it("takes no host that does not give out such an amount in one piece", async () => {
    const host = sampleHost();
    const { inventories, ...provider } = host.provider;
    const { VCPU, ...others } = inventories;
    if (!VCPU) throw new Error("the sample host has no vCPUs");
    const cloud = () =>
      cloudOf({ ...host, provider: { ...provider, inventories: { ...others, VCPU: { ...VCPU, stepSize: 2 } } } });
    expect((await select(cloud())).ok).toBe(false);
    expect((await select(cloud(), { requestSpec: sampleRequestSpec({ flavor: { vcpus: 2 } }) })).ok).toBe(true);
  });
});
