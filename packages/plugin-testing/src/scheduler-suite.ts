import assert from "node:assert/strict";
import {
  type Drop,
  isOfKind,
  KilonovaError,
  RequestContext,
  type RequestSpec,
  requestSpecSchema,
  type SchedulerDriver,
  type SelectDestinations,
  type SelectedDestinations,
  type Selection,
  schedulerContract,
} from "@kilonova/plugin-api";
import type { ContractCheck } from "./contract-check.js";
import { assertFits } from "./fits-contract.js";
import { frozenCopy } from "./frozen-copy.js";
import { SampleCloud } from "./sample-cloud.js";
import { assortedHosts, assortedRequests, sampleRequestSpec } from "./sample-host.js";
import { soon } from "./settled.js";

/** A strategy for a cloud: it is given `cloud.hosts` for `HOST_STATES` and `cloud.claims` for `CLAIMS`. */
export type MakeScheduler = (cloud: SampleCloud) => Promise<SchedulerDriver> | SchedulerDriver;

/**
 * What every scheduling strategy promises, as checks for any test runner. Which of the hosts that are there it takes is for
 * its own tests; for these it has to take any that is up, enabled and idle.
 */
export function schedulerSuite(makeScheduler: MakeScheduler): readonly ContractCheck[] {
  return Object.entries(checks).map(([name, check]) => ({ name, run: () => check(makeScheduler) }));
}

type Check = (makeScheduler: MakeScheduler) => Promise<void>;

const checks: Readonly<Record<string, Check>> = {
  "a scheduler says that it is one": async (make) => {
    assert.ok(isOfKind(await make(new SampleCloud()), "scheduler"), "its class does not extend SchedulerDriver");
  },

  "a server goes to a host that there is, claimed before the answer": async (make) => {
    const cloud = new SampleCloud("one", "two", "three");
    const [selection] = placed(cloud, await select(make, cloud, { servers: servers(1, 7) }));
    assert.equal(selection?.serverId, "server-1");
    assert.equal(cloud.claimed.get("server-1")?.fence, 7, "the claim is not under the server's fence");
  },

  "it claims what the flavor takes, of the host alone": async (make) => {
    const cloud = new SampleCloud("one");
    const flavor = { vcpus: 2, memoryMb: 1_000, rootGb: 3, ephemeralGb: 2, swapMb: 1_500 };
    const [selection] = placed(cloud, await select(make, cloud, { requestSpec: sampleRequestSpec({ flavor }) }));
    const [{ providerId } = { providerId: "" }] = cloud.hosts.all();
    assert.deepEqual(selection?.destination.allocations, [
      { providerId, resources: { VCPU: 2, MEMORY_MB: 1_000, DISK_GB: 7 } },
    ]);
  },

  "many servers of one request each get a host": async (make) => {
    const cloud = new SampleCloud("one", "two", "three");
    const asked = servers(6);
    const selections = placed(cloud, await select(make, cloud, { servers: asked }));
    assert.deepEqual(
      selections.map(({ serverId }) => serverId),
      asked.map(({ serverId }) => serverId),
      "the selections are not those of the servers, in their order",
    );
  },

  "all or none: where there is no room for one, nothing is claimed": async (make) => {
    const cloud = new SampleCloud();
    cloud.addHost({ host: "one", resources: roomFor(2) });
    refusedInWords(await select(make, cloud, { servers: servers(3) }));
    assert.equal(cloud.claimed.size, 0, "something stays claimed");
    placed(cloud, await select(make, cloud, { servers: servers(2) }));
  },

  "where there is no host, it says so in words": async (make) => {
    const { hosts } = refusedInWords(await select(make, new SampleCloud(), {}));
    assert.equal(hosts, 0);
  },

  "where all hosts are full, it says so in words": async (make) => {
    const cloud = new SampleCloud();
    for (const host of ["one", "two"]) cloud.addHost({ host, resources: roomFor(0) });
    refusedInWords(await select(make, cloud, {}));
    assert.equal(cloud.claimed.size, 0, "something stays claimed");
  },

  "a host that is to be ignored is neither chosen nor an alternate": async (make) => {
    const cloud = new SampleCloud("one", "two", "three", "four");
    for (let round = 0; round < 10; round++) {
      const args = {
        servers: [{ serverId: `server-${round}`, fence: 1 }],
        ignoredHosts: ["one", "three"],
        alternates: 3,
      };
      for (const { destination, alternates } of placed(cloud, await select(make, cloud, args))) {
        for (const { host } of [destination, ...alternates])
          assert.ok(["two", "four"].includes(host), `it took ${host}`);
      }
    }
    refusedInWords(await select(make, cloud, { ignoredHosts: ["one", "two", "three", "four"] }));
  },

  "a server that is forced to a host goes there or nowhere": async (make) => {
    const cloud = new SampleCloud("one", "two", "three");
    const forcedTo = (forcedHost: string) => ({ requestSpec: sampleRequestSpec({ forcedHost }), alternates: 2 });
    const [selection] = placed(cloud, await select(make, cloud, forcedTo("two")));
    assert.deepEqual([selection?.destination.host, selection?.alternates], ["two", []]);
    refusedInWords(await select(make, cloud, forcedTo("elsewhere")));
  },

  "alternates are other hosts, each once, no more than asked for, and not claimed": async (make) => {
    const cloud = new SampleCloud("one", "two", "three", "four", "five");
    for (const alternates of [0, 1, 2]) {
      for (const selection of placed(cloud, await select(make, cloud, { alternates }))) {
        const hosts = selection.alternates.map(({ host }) => host);
        assert.ok(hosts.length <= alternates, `${hosts.length} alternates for ${alternates}`);
        assert.equal(new Set([...hosts, selection.destination.host]).size, hosts.length + 1, "a host is there twice");
      }
      assert.equal(cloud.claimed.size, 1, "alternates are claimed");
    }
  },

  "whatever is asked, whatever the hosts are like, the answer is what the contract says": async (make) => {
    for (const request of assortedRequests()) {
      const requestSpec = requestSpecSchema.parse(request);
      const cloud = new SampleCloud();
      for (const host of assortedHosts()) cloud.add(host);
      const answer = await select(make, cloud, { requestSpec });
      if (!answer.ok) refusedInWords(answer);
      // A rebuild keeps what it has: nothing is claimed.
      else if (requestSpec.reason !== "rebuild") placed(cloud, answer);
    }
  },

  "requests at the same time each get theirs": async (make) => {
    const cloud = new SampleCloud("one", "two", "three");
    const scheduler = await make(cloud);
    const asked = servers(9).map((server) => ask({ servers: [server] }));
    const context = RequestContext.admin();
    const all = Promise.all(asked.map((args) => scheduler.selectDestinations(context, args)));
    for (const answer of await soon("the answers", all)) placed(cloud, answer);
    assert.equal(cloud.claimed.size, 9);
  },

  "where others are quicker, it catches up and takes another host": async (make) => {
    const cloud = new SampleCloud("one", "two", "three");
    const lost: string[] = [];
    cloud.beforeClaim = (claims) => {
      if (lost.length === 2) return;
      const [host = ""] = claims.map(({ destination }) => destination.host);
      lost.push(host);
      cloud.fill(host);
    };
    const [selection] = placed(cloud, await select(make, cloud, {}));
    assert.equal(lost.length, 2);
    assert.ok(!lost.includes(selection?.destination.host ?? ""));
    assert.ok(cloud.refreshes > 0, "it never looked again");
  },

  "where others are always quicker, it ends, if only by its deadline": async (make) => {
    const cloud = new SampleCloud("one", "two");
    cloud.isUnlucky = true;
    const scheduler = await make(cloud);
    const outcome = await soon(
      "an end",
      scheduler.selectDestinations(RequestContext.admin().within(1_000), ask({})).then(
        (answer) => answer,
        (error: unknown) => error,
      ),
    );
    if (!(outcome instanceof Error)) refusedInWords(outcome as SelectedDestinations);
    assert.equal(cloud.claimed.size, 0);
  },

  "a server that has a newer owner is left to it": async (make) => {
    const cloud = new SampleCloud("one", "two");
    cloud.overtake("server-2", 5);
    const answer = await select(make, cloud, { servers: servers(2, 4) });
    assert.deepEqual(answer, { ok: false, refusal: "staleFence", details: { serverId: "server-2" } });
    assert.equal(cloud.claimed.size, 0, "something stays claimed");
    assert.equal(cloud.attempts, 1, "it tried again");
  },

  "a claim that fails is no answer: its failure is": async (make) => {
    const cloud = new SampleCloud("one");
    cloud.beforeClaim = () => {
      throw new KilonovaError("rpc.noListener", "nobody answers for placement");
    };
    await assert.rejects(async () => soon("the failure", select(make, cloud, {})), /nobody answers for placement/);
  },
};

/** So many servers, `server-1` and on. */
function servers(count: number, fence = 1) {
  return Array.from({ length: count }, (_, index) => ({ serverId: `server-${index + 1}`, fence }));
}

/** What a host has that holds so many of the sample request's servers. */
function roomFor(count: number) {
  return { VCPU: { total: 8 }, MEMORY_MB: { total: 512 * count + 100 }, DISK_GB: { total: 100 } };
}

function ask(changes: Partial<SelectDestinations>): SelectDestinations {
  const requestSpec: RequestSpec = sampleRequestSpec();
  // Frozen: to write to it throws.
  return frozenCopy({ requestSpec, servers: servers(1), alternates: 0, ignoredHosts: [], ...changes });
}

async function select(
  make: MakeScheduler,
  cloud: SampleCloud,
  changes: Partial<SelectDestinations>,
): Promise<SelectedDestinations> {
  const scheduler = await make(cloud);
  const answer = await soon("an answer", scheduler.selectDestinations(RequestContext.admin(), ask(changes)));
  assertFits(schedulerContract, "selectDestinations", answer);
  return answer;
}

/** That servers were placed: on hosts that there are, and claimed just so. */
function placed(cloud: SampleCloud, answer: SelectedDestinations): readonly Selection[] {
  assertFits(schedulerContract, "selectDestinations", answer);
  if (!answer.ok) assert.fail(`it answered ${JSON.stringify(answer)}`);
  for (const { serverId, destination, alternates } of answer.value) {
    assert.deepEqual(cloud.claimed.get(serverId)?.destination, destination, "what it answers is not what it claimed");
    for (const { host, node, providerId } of [destination, ...alternates]) {
      const known = cloud.hosts.all().find((each) => each.providerId === providerId);
      assert.deepEqual({ host, node }, { host: known?.host, node: known?.node }, "there is no such host");
    }
  }
  return answer.value;
}

function refusedInWords(answer: SelectedDestinations): { readonly hosts: number; readonly drops: readonly Drop[] } {
  assertFits(schedulerContract, "selectDestinations", answer);
  if (answer.ok || answer.refusal !== "noValidHost") assert.fail(`it answered ${JSON.stringify(answer)}`);
  assert.match(answer.details.reason, /^[A-Z].*\S \S.*\.$/s, "the reason is no sentence");
  return answer.details;
}
