import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  addFlavorAccess,
  countKeypairs,
  createFlavor,
  createKeypair,
  deleteExtraSpec,
  deleteFlavor,
  deleteKeypair,
  describeFlavor,
  findComputeNode,
  findFlavor,
  findKeypair,
  flavorProjects,
  listComputeNodes,
  listFlavors,
  listKeypairs,
  removeFlavorAccess,
  saveComputeNode,
  setExtraSpecs,
} from "./index.js";
import { type ComputeDatabase, computeDatabase, TINY_FLAVOR } from "./testing/index.js";

let store: ComputeDatabase;
beforeAll(async () => {
  store = await computeDatabase();
});
afterAll(() => store.drop());

function flavor(id: string, name: string, isPublic = true) {
  return { ...TINY_FLAVOR, id, name, isPublic, description: null, rxtxFactor: 1 };
}

test("neither the id nor the name of a flavor is given twice", async () => {
  expect(await createFlavor(store.database, flavor("1", "tiny"))).toMatchObject({
    ok: true,
    value: { id: "1", disabled: false },
  });
  expect(await createFlavor(store.database, flavor("1", "other"))).toMatchObject({ refusal: "idTaken" });
  expect(await createFlavor(store.database, flavor("2", "tiny"))).toMatchObject({ refusal: "nameTaken" });
  expect(await deleteFlavor(store.database, "1")).toBe(true);
  expect(await deleteFlavor(store.database, "1")).toBe(false);
});

test("a flavor that is not public is seen by the projects that have access", async () => {
  await createFlavor(store.database, flavor("open", "open"));
  await createFlavor(store.database, flavor("closed", "closed", false));
  const seenBy = async (projectId: string) => (await listFlavors(store.database, { projectId })).map(({ id }) => id);
  expect(await seenBy("p1")).toEqual(["open"]);
  expect(await addFlavorAccess(store.database, "closed", "p1")).toBe(true);
  expect(await addFlavorAccess(store.database, "closed", "p1")).toBe(false);
  expect(await seenBy("p1")).toEqual(["closed", "open"]);
  expect(await seenBy("p2")).toEqual(["open"]);
  expect(await findFlavor(store.database, "closed", { projectId: "p2" })).toBeUndefined();
  expect(await findFlavor(store.database, "closed", "all")).toMatchObject({ isPublic: false });
  expect(await flavorProjects(store.database, "closed")).toEqual(["p1"]);
  expect(await removeFlavorAccess(store.database, "closed", "p1")).toBe(true);
  expect(await removeFlavorAccess(store.database, "closed", "p1")).toBe(false);
});

test("extra specs are set and deleted one by one", async () => {
  await createFlavor(store.database, flavor("specs", "specs"));
  expect(await setExtraSpecs(store.database, "specs", { "hw:a": "1", b: "2" })).toEqual({ "hw:a": "1", b: "2" });
  expect(await setExtraSpecs(store.database, "specs", { b: "3" })).toEqual({ "hw:a": "1", b: "3" });
  expect(await deleteExtraSpec(store.database, "specs", "hw:a")).toEqual({ b: "3" });
  expect(await setExtraSpecs(store.database, "none", { b: "3" })).toBeUndefined();
  expect(await describeFlavor(store.database, "specs", "words")).toMatchObject({
    description: "words",
    extraSpecs: { b: "3" },
  });
});

test("keypairs are their user's, in pages by name", async () => {
  const keypair = (userId: string, name: string) => ({
    userId,
    name,
    type: "ssh" as const,
    fingerprint: "f",
    publicKey: "k",
  });
  for (const name of ["b", "a", "c"]) await createKeypair(store.database, keypair("u1", name));
  expect(await createKeypair(store.database, keypair("u1", "a"))).toBeUndefined();
  expect(await createKeypair(store.database, keypair("u2", "a"))).toMatchObject({ userId: "u2" });
  expect((await listKeypairs(store.database, "u1", { limit: 2, marker: "a" })).map(({ name }) => name)).toEqual([
    "b",
    "c",
  ]);
  expect(await countKeypairs(store.database, "u1")).toBe(3);
  expect(await deleteKeypair(store.database, "u1", "a")).toBe(true);
  expect(await findKeypair(store.database, "u1", "a")).toBeUndefined();
  expect(await findKeypair(store.database, "u2", "a")).toBeDefined();
});

test("a hypervisor is what it last said of itself, and its name is given once", async () => {
  const node = {
    id: randomUUID(),
    host: "h1",
    hypervisorHostname: "h1",
    hypervisorType: "QEMU",
    hypervisorVersion: 7_002_022,
    hostIp: "127.0.0.1",
    vcpus: 2,
    vcpusUsed: 0,
    memoryMb: 1024,
    memoryMbUsed: 0,
    diskGb: 10,
    diskGbUsed: 0,
    runningServers: 0,
    cpuInfo: { vendor: "x" },
    uptime: null,
    facts: { stats: { rack: "r1" } },
  };
  await saveComputeNode(store.database, node);
  await saveComputeNode(store.database, { ...node, vcpusUsed: 1 });
  expect(await listComputeNodes(store.database)).toEqual([{ ...node, vcpusUsed: 1 }]);
  const anew = { ...node, id: randomUUID() };
  await saveComputeNode(store.database, anew);
  expect(await listComputeNodes(store.database)).toEqual([anew]);
  expect(await findComputeNode(store.database, anew.id)).toEqual(anew);
  expect(await findComputeNode(store.database, "x")).toBeUndefined();
  const { facts: _, ...silent } = anew;
  await saveComputeNode(store.database, silent);
  expect(await findComputeNode(store.database, anew.id)).toEqual({ ...silent, facts: {} });
});
