import type { StallWatch } from "../loop-watch/stall-watch.js";
import type { Metrics } from "./metrics.js";

/** When the event loop was held, for how long, and by whom. */
export function addStallMetrics(metrics: Metrics, stalls: StallWatch): void {
  metrics.add(
    {
      labels: ["package", "function"],
      metrics: {
        kilonova_event_loop_stalls_total: {
          type: "counter",
          help: "Times that the event loop was held for more than 50 ms, by the code that held it.",
        },
        kilonova_event_loop_stalled_seconds_total: {
          type: "counter",
          help: "How long the event loop was held in all, of the times that it was for more than 50 ms, in seconds.",
        },
        kilonova_event_loop_longest_stall_seconds: {
          type: "gauge",
          help: "The longest time that the event loop was held, in seconds.",
        },
      },
    },
    () =>
      stalls.counts().map(({ package: owner, function: name, stalls: count, time, longest }) => ({
        labels: { package: owner, function: name },
        values: {
          kilonova_event_loop_stalls_total: count,
          kilonova_event_loop_stalled_seconds_total: time / 1_000,
          kilonova_event_loop_longest_stall_seconds: longest / 1_000,
        },
      })),
  );
}
