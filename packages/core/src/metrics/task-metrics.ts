import type { PeriodicTasks } from "../service/periodic-tasks.js";
import type { Metrics } from "./metrics.js";

/** How the periodic tasks of a service fare. */
export function addTaskMetrics(metrics: Metrics, service: string, tasks: Pick<PeriodicTasks, "counts">): void {
  metrics.add(
    {
      labels: ["service", "task"],
      metrics: {
        kilonova_task_runs_total: { type: "counter", help: "Runs of a periodic task that began." },
        kilonova_task_failures_total: { type: "counter", help: "Runs of a periodic task that failed." },
        kilonova_task_overdue_total: {
          type: "counter",
          help: "Runs of a periodic task that were over their time limit.",
        },
        kilonova_task_left_to_others_total: {
          type: "counter",
          help: "Times that another service of the cluster ran a task that runs once in it.",
        },
        kilonova_task_seconds_total: { type: "counter", help: "How long the runs of a task took in all, in seconds." },
        kilonova_task_last_end_timestamp_seconds: {
          type: "gauge",
          help: "When a run of the task ended last, well or badly, in seconds since 1970.",
        },
      },
    },
    () =>
      [...tasks.counts()].map(([task, { runs, failures, overdue, leftToOthers, time, lastEnd }]) => ({
        labels: { service, task },
        values: {
          kilonova_task_runs_total: runs,
          kilonova_task_failures_total: failures,
          kilonova_task_overdue_total: overdue,
          kilonova_task_left_to_others_total: leftToOthers,
          kilonova_task_seconds_total: time / 1_000,
          ...(lastEnd === undefined ? {} : { kilonova_task_last_end_timestamp_seconds: lastEnd / 1_000 }),
        },
      })),
  );
}
