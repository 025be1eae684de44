import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Runtime } from "../runtime.js";
import { configurationOf } from "../testing/configuration.js";
import { testFolder } from "../testing/folder.js";

const HOOKS = `
export class Watch { pre() {} }
export const moved = { [Symbol.for("kilonova.hook-point")]: true, name: "freight.move", spec: {} };
`;
const ENTERED = ["example.greet", "freight.move", "freight.mvoe", "server.craete"];

/** A process with a hook at each of these points, and what it has logged. */
async function processWith(points: readonly string[]) {
  const folder = await testFolder({ "hooks.mjs": HOOKS });
  const file = join(folder, "log");
  const use = points.map((point) => ({ point, hook: "./hooks.mjs#Watch" }));
  const values = { hooks: { use }, log: { level: "info", file } };
  const runtime = await Runtime.create({ configuration: await configurationOf(values, folder) });
  const logged = async (words: string) => {
    runtime.logger.flush();
    const lines = (await readFile(file, "utf8")).trim().split("\n");
    return lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => String(msg).includes(words));
  };
  return { runtime, logged };
}

const POINT = { name: "example.greet", version: "1.0", stability: "internal", amendable: [] } as const;

test("a process says what its hooks did when it is told to read its options again, and when it stops", async () => {
  const { runtime, logged } = await processWith(["example.greet", "server.delete"]);
  const greet = () => runtime.hooks.run(POINT, runtime.context(), {}, async () => "hello");
  await greet();
  await runtime.reload();
  await greet();
  await runtime.close();
  expect(await logged("what hooks did")).toMatchObject([
    { point: "example.greet", hooks: ["./hooks.mjs#Watch"], runs: 1, failures: 0 },
    { point: "example.greet", runs: 2 },
  ]);
});

test("a process knows the points of all modules that it loaded, and warns of entries at others once asked to", async () => {
  const { runtime, logged } = await processWith(ENTERED);
  runtime.hooks.warnOfUnknownPoints();
  await runtime.close();
  expect((await logged("no hook point")).map(({ msg }) => String(msg).split(": ")[1])).toEqual([
    "no hook point freight.mvoe is known here, so that it never runs; did you mean freight.move?",
    "no hook point server.craete is known here, so that it never runs; did you mean server.create?",
  ]);
});
