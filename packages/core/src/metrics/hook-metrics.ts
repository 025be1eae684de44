import type { Hooks } from "../hooks/hooks.js";
import type { Metrics } from "./metrics.js";

/** What hooks did, and how long that took. */
export function addHookMetrics(metrics: Metrics, hooks: Hooks): void {
  metrics.add(
    {
      labels: ["point", "hook"],
      metrics: {
        kilonova_hook_runs_total: { type: "counter", help: "Steps of a hook; its pre and its post are two." },
        kilonova_hook_vetoes_total: { type: "counter", help: "Operations that a hook refused." },
        kilonova_hook_failures_total: { type: "counter", help: "Steps of a hook that failed, time limits included." },
        kilonova_hook_timeouts_total: { type: "counter", help: "Steps of a hook that were over their time limit." },
        kilonova_hook_seconds_total: { type: "counter", help: "How long the steps of a hook took in all, in seconds." },
        kilonova_hook_longest_seconds: { type: "gauge", help: "How long the longest step of a hook took, in seconds." },
      },
    },
    () =>
      hooks.counts().map(({ point, hook, runs, vetoes, failures, timeouts, time, longest }) => ({
        labels: { point, hook },
        values: {
          kilonova_hook_runs_total: runs,
          kilonova_hook_vetoes_total: vetoes,
          kilonova_hook_failures_total: failures,
          kilonova_hook_timeouts_total: timeouts,
          kilonova_hook_seconds_total: time / 1_000,
          kilonova_hook_longest_seconds: longest / 1_000,
        },
      })),
  );
}
