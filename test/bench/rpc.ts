import { fileURLToPath } from "node:url";
import { startRabbitMq } from "#servers/rabbitmq.mjs";
import type { CaseReading, Comparison } from "./comparison.js";
import { PeerPair } from "./peer-pair.js";
import { percentile } from "./statistics.js";

const ROUNDS = 5;
const CONCURRENCIES = [1, 16, 64] as const;
/** For each number of calls at a time, in a round. */
const SECONDS = 1.5;
const WARM_UP = 1;
const CASTS = 5_000;
/** So many are on their way at the same time. */
const CASTS_AT_ONCE = 64;

/** What the ratios are to: the connection library and nothing else. */
const CEILING = "bare";

const program = (name: string) => [
  process.execPath,
  fileURLToPath(new URL(`../../bench/peers/dist/${name}.js`, import.meta.url)),
];

interface PeerCase {
  readonly command: readonly string[];
  /**
   * What its casts are called: those of Kilonova are durable, confirmed, and acknowledged after the work. Who promises
   * less is not in the same row.
   */
  readonly casts: string;
}

const PEERS: Readonly<Record<string, PeerCase>> = {
  kilonova: { command: program("kilonova"), casts: "casts_per_s" },
  oslo: {
    // Debian's: a Python that was put in front of it knows none of its packages.
    command: ["/usr/bin/python3", fileURLToPath(new URL("../../bench/peers/oslo/oslo-peer.py", import.meta.url))],
    casts: "casts_per_s_acknowledged_before_the_work",
  },
  nestjs: { command: program("nestjs"), casts: "casts_per_s" },
  moleculer: { command: program("moleculer"), casts: "casts_per_s_neither_confirmed_nor_acknowledged" },
  [CEILING]: { command: program(CEILING), casts: "casts_per_s" },
};

/**
 * Calls and casts over one RabbitMQ, each case with a server and a client of its own, in two processes: Kilonova's,
 * OpenStack's oslo.messaging, two frameworks of Node's, and the library alone that Kilonova's transport stands on.
 */
export const rpcComparison: Comparison = {
  name: "rpc",
  timeLimit: 600,
  cases: Object.keys(PEERS),
  async compare({ cases, signal, report }) {
    report("starting a throw-away RabbitMQ");
    const broker = await startRabbitMq();
    const pairs = new Map<string, PeerPair>();
    try {
      for (const name of cases) {
        const { command } = PEERS[name] ?? { command: [] };
        pairs.set(name, await PeerPair.start(name, command, broker.url, signal));
      }
      const found = new Found();
      for (const [, pair] of pairs) await pair.calls({ concurrency: 16, seconds: WARM_UP });
      for (let round = 1; round <= ROUNDS; round += 1) {
        await measure(pairs, found);
        for (const name of pairs.keys()) report(`round ${round} of ${ROUNDS}, ${name}: ${found.lastOf(name)}`);
      }
      return [...found.readings(), ...found.ratiosTo(CEILING)];
    } finally {
      await Promise.all([...pairs.values()].map((pair) => pair.stop()));
      await broker.stop();
    }
  },
};

/** One round: what is compared stands side by side, for machines have moods of seconds. */
async function measure(pairs: ReadonlyMap<string, PeerPair>, found: Found): Promise<void> {
  for (const concurrency of CONCURRENCIES) {
    for (const [name, pair] of pairs) {
      const { perSecond, p50, p99 } = await pair.calls({ concurrency, seconds: SECONDS });
      found.add(name, `calls_per_s_at_${concurrency}`, "1/s", perSecond);
      found.add(name, `latency_p50_at_${concurrency}`, "ms", p50);
      found.add(name, `latency_p99_at_${concurrency}`, "ms", p99);
    }
  }
  for (const [name, pair] of pairs) {
    const seconds = await pair.secondsForCasts({ concurrency: CASTS_AT_ONCE, count: CASTS });
    found.add(name, PEERS[name]?.casts ?? "", "1/s", CASTS / seconds);
  }
}

/** The values of all rounds. */
class Found {
  readonly #series = new Map<string, { of: Omit<CaseReading, "value">; values: number[] }>();

  add(caseName: string, metric: string, unit: CaseReading["unit"], value: number): void {
    const key = `${caseName} ${metric}`;
    const series = this.#series.get(key) ?? { of: { case: caseName, metric, unit }, values: [] };
    series.values.push(value);
    this.#series.set(key, series);
  }

  /** The last rates of a case, in words. */
  lastOf(caseName: string): string {
    return [...this.#series.values()]
      .filter(({ of }) => of.case === caseName && of.unit === "1/s")
      .map(({ values }) => Math.round(values.at(-1) ?? Number.NaN))
      .join(", ");
  }

  /** Medians. */
  readings(): readonly CaseReading[] {
    return [...this.#series.values()].map(({ of, values }) => ({ ...of, value: percentile(values, 0.5) }));
  }

  /** The rates of all others as parts of the ceiling's: the median over the rounds, each compared within itself. */
  ratiosTo(ceiling: string): readonly CaseReading[] {
    return [...this.#series.values()].flatMap(({ of, values }) => {
      const ceilings = this.#series.get(`${ceiling} ${of.metric}`)?.values;
      if (of.unit !== "1/s" || of.case === ceiling || !ceilings) return [];
      const ratios = values.map((value, round) => value / (ceilings[round] ?? Number.NaN));
      return [{ case: of.case, metric: `${of.metric}_to_${ceiling}`, unit: "1", value: percentile(ratios, 0.5) }];
    });
  }
}
