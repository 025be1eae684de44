import { fileURLToPath } from "node:url";
import { ChildProgram } from "./child-program.js";
import { testFolder } from "./folder.js";

const dist = (name: string) => fileURLToPath(new URL(`../../../${name}/dist/index.js`, import.meta.url));

/** A manager that prints each of its steps, and what it does there is told by a variable: `STEP=deed`. */
const MANAGER = `
import { Manager, manager, method, rpcContract, rpcMethod } from ${JSON.stringify(dist("plugin-api"))};
const say = (words) => process.stdout.write(words + " " + process.pid + "\\n");
const deeds = {
  wait: ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  hang: () => new Promise(() => setInterval(() => {}, 1000)),
  fail: async () => { throw new Error("no hypervisor"); },
  block: () => { for (;;); },
  linger: async () => { setInterval(() => {}, 1000); },
};
const step = async (name, context) => {
  say(name);
  const deed = deeds[process.env[name.toUpperCase()]];
  if (deed) await deed(context);
};
export class LifeManager extends Manager {
  async initHost(context) { await step("initHost", context); }
  async postStartHook(context) { await step("postStartHook", context); }
  async cleanupHost(context) { await step("cleanupHost", context); }
  async reset() { await step("reset"); }
  async work() {}
}
manager(rpcContract("life", "1.0", { work: method({}) }))(LifeManager);
rpcMethod()(LifeManager.prototype, "work", {});
`;

/** A transport that no other process hears, and that does not say so: enough for workers that need not meet; and one whose broker never answers. */
const TRANSPORT = `
import { MemoryTransport } from ${JSON.stringify(dist("messaging"))};
export class Lonely extends MemoryTransport {}
export class Silent extends MemoryTransport {
  connect() {
    process.stdout.write("connecting\\n");
    return new Promise(() => setInterval(() => {}, 1000));
  }
}
`;

const PROGRAM = `
import { runService } from ${JSON.stringify(dist("core"))};
import { optionGroup } from ${JSON.stringify(dist("config"))};
import { z } from ${JSON.stringify(import.meta.resolve("zod"))};
const lifeOptions = optionGroup("life", z.object({
  manager: z.string().default("./manager.mjs#LifeManager").describe("Its manager."),
  colour: z.string().default("grey").describe("What it is painted in."),
}));
await runService({ groups: [lifeOptions], description: "Lives.", version: "4.2.0" });
`;

/** Starts a service program of a temporary folder, with all that it needs but its command line. */
export async function serviceProgram(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<ChildProgram> {
  const folder = await testFolder({
    "kilonova-life.mjs": PROGRAM,
    "manager.mjs": MANAGER,
    "transport.mjs": TRANSPORT,
    // Another program shares the file.
    "kilonova.config.yaml": "service: { state: memory }\nlog: { level: warn }\nbakery: { flour: rye }\n",
  });
  const file = `${folder}/kilonova-life.mjs`;
  return new ChildProgram(file, ["--config-file", `${folder}/kilonova.config.yaml`, ...args], env);
}

/** The command line of a program with workers. */
export const WORKERS = ["--transport.driver", "./transport.mjs#Lonely", "--service.workers"] as const;

/** The processes that printed a step, in their order. */
export function pidsOf(output: string, step: string): readonly number[] {
  return [...output.matchAll(new RegExp(`^${step} (\\d+)$`, "gm"))].map(([, pid]) => Number(pid));
}
