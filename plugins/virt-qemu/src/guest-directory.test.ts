import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GuestDirectory, type GuestMetadata, listGuestDirectories } from "./guest-directory.js";

const ID = "11111111-2222-4333-8444-555555555555";
const METADATA: GuestMetadata = {
  format: 1,
  id: ID,
  name: "web, with a comma",
  flavor: { memoryMb: 64, vcpus: 1, rootGb: 0 },
  networkDevices: [{ netdev: { type: "user" }, macAddress: "fa:16:3e:00:00:01" }],
};

describe("GuestDirectory", () => {
  let instances: string;
  beforeEach(async () => {
    instances = await mkdtemp(join(tmpdir(), "kilonova-instances-"));
  });
  afterEach(() => rm(instances, { recursive: true }));

  it("keeps what the guest was spawned with, for its owner alone", async () => {
    const directory = new GuestDirectory(instances, ID);
    await directory.create();
    await directory.writeMetadata({ ...METADATA, name: "old" });
    await directory.writeMetadata(METADATA);
    expect(await new GuestDirectory(instances, ID).readMetadata()).toEqual(METADATA);
    expect(await readdir(directory.path)).toEqual(["guest.json"]);
    expect((await stat(directory.path)).mode & 0o777).toBe(0o700);
  });

  it("has no metadata where a spawn never got that far", async () => {
    const directory = new GuestDirectory(instances, ID);
    expect(await directory.readMetadata()).toBeUndefined();
    await directory.create();
    expect(await directory.readMetadata()).toBeUndefined();
  });

  it("names the file that it does not understand", async () => {
    const directory = new GuestDirectory(instances, ID);
    await directory.create();
    await writeFile(join(directory.path, "guest.json"), '{"format":2}');
    await expect(directory.readMetadata()).rejects.toThrow(join(directory.path, "guest.json"));
  });

  it("refuses an id that is not a server's, for it becomes a path", () => {
    for (const id of ["../etc", "", ID.toUpperCase().replaceAll("1", "A"), `${ID}/..`]) {
      expect(() => new GuestDirectory(instances, id)).toThrow(RangeError);
    }
  });

  it("is found again by listing, next to things that are no guests", async () => {
    await new GuestDirectory(instances, ID).create();
    await mkdir(join(instances, "_base"));
    await writeFile(join(instances, ID.replace("1", "2")), "");
    expect((await listGuestDirectories(instances)).map(({ id }) => id)).toEqual([ID]);
    expect(await listGuestDirectories(join(instances, "nowhere"))).toEqual([]);
  });

  it("can be removed more than once", async () => {
    const directory = new GuestDirectory(instances, ID);
    await directory.create();
    await directory.writeMetadata(METADATA);
    await directory.remove();
    await directory.remove();
    expect(await readdir(instances)).toEqual([]);
  });
});
