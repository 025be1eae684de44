import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { notifierSuite, sampleNotification } from "@kilonova/plugin-testing";
import { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

async function makeWorld() {
  const folder = await mkdtemp(join(tmpdir(), "sample-plugin-"));
  const file = join(folder, "notifications.jsonl");
  return {
    file,
    notifier: new SamplePlugin(samplePluginOptions.schema.parse({}), folder),
    received: async () => (await readFile(file, "utf8").catch(() => "")).split("\n").filter(Boolean),
    // A folder in the file's place: nothing can be written there.
    refuse: async () => void (await mkdir(file, { recursive: true })),
    end: () => rm(folder, { recursive: true }),
  };
}

describe("SamplePlugin does what every notifier promises:", () => {
  for (const { name, run } of notifierSuite(makeWorld)) it(name, run);
});

describe("SamplePlugin", () => {
  it("writes a line of JSON for each, in order", async () => {
    const { notifier, received, end } = await makeWorld();
    const told = [1, 2, 3].map((nth) => sampleNotification({ payload: { nth } }));
    await Promise.all(told.map((each) => notifier.notify(each, new AbortController().signal)));
    const lines = (await received()).map((line): unknown => JSON.parse(line));
    assert.deepEqual(lines, told);
    await end();
  });
});
