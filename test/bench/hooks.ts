import { type Hook, Hooks, hook, hookPoint, RequestContext, silentLogger, systemClock, Weaver } from "@kilonova/core";
import { z } from "zod";
import type { Benchmark } from "./benchmark.js";
import { percentile } from "./statistics.js";

const WARM_UP = 10_000;
const CALLS = 20_000;
const ROUNDS = 15;

/** As large as the payloads of the cloud are. */
const payload = z.object({
  server: z.object({ id: z.string(), name: z.string(), metadata: z.record(z.string(), z.string()) }),
  networks: z.array(z.object({ networkId: z.string() })),
});
const point = hookPoint("bench.call", { payload, result: z.number() });

class Bare {
  calls = 0;
  async call(_context: RequestContext, _payload: z.output<typeof payload>): Promise<number> {
    this.calls += 1;
    return this.calls;
  }
}

class Marked extends Bare {
  @hook(point)
  override async call(_context: RequestContext, _payload: z.output<typeof payload>): Promise<number> {
    this.calls += 1;
    return this.calls;
  }
}

const none = () => undefined;
const CASES: Readonly<Record<string, () => Bare>> = {
  bare: () => new Bare(),
  woven_no_hook: () => woven(),
  woven_pre: () => woven({ pre: none }),
  woven_pre_post: () => woven({ pre: none, post: none }),
  woven_three_pre: () => woven({ pre: none }, { pre: none }, { pre: none }),
};

/** What the call of a method costs, bare, marked as a hook point that nobody is on, and with hooks. */
export const hooksBenchmark: Benchmark = {
  name: "hooks",
  timeLimit: 300,
  needsCloud: false,
  async measure({ report }) {
    const rounds = new Map(Object.keys(CASES).map((name) => [name, [] as number[]]));
    const objects = Object.entries(CASES).map(([name, make]) => [name, make()] as const);
    for (const [, object] of objects) await microsecondsOf(object, WARM_UP);
    // In turn, so that what else the machine does is in all of them alike.
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const [name, object] of objects) rounds.get(name)?.push(await microsecondsOf(object, CALLS));
      report(`round ${round} of ${ROUNDS}`);
    }
    const readings = [...rounds].map(
      ([metric, values]) => ({ metric, value: percentile(values, 0.5), unit: "us" }) as const,
    );
    const readingOf = (metric: string) => readings.find((each) => each.metric === metric)?.value ?? Number.NaN;
    return [
      ...readings,
      { metric: "cost_no_hook", value: readingOf("woven_no_hook") - readingOf("bare"), unit: "us" },
      { metric: "cost_pre", value: readingOf("woven_pre") - readingOf("bare"), unit: "us" },
    ];
  },
};

function woven(...entered: readonly Hook[]): Bare {
  const hooks = new Hooks(silentLogger);
  entered.forEach((each, index) => {
    hooks.enter(`hook ${index}`, { point: point.name }, async () => each);
  });
  const locks = () => {
    throw new Error("no lock is taken");
  };
  const object = new Marked();
  new Weaver({ hooks, clock: systemClock, locks }).weave(object);
  return object;
}

/** One call after another. */
async function microsecondsOf(object: Bare, calls: number): Promise<number> {
  const context = RequestContext.admin();
  const given = {
    server: { id: "6a2f", name: "one", metadata: { owner: "someone" } },
    networks: [{ networkId: "9b1c" }],
  };
  const before = object.calls;
  const start = performance.now();
  for (let call = 0; call < calls; call += 1) await object.call(context, given);
  const time = performance.now() - start;
  if (object.calls - before !== calls) throw new Error("not every call came through");
  return (time * 1_000) / calls;
}
