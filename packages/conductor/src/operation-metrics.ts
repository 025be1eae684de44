import { operationCounts } from "@kilonova/compute-store";
import type { Metrics } from "@kilonova/core";
import type { Database } from "@kilonova/database";

/** The operations of the whole cloud, which each conductor tells of alike. */
export function addOperationMetrics(metrics: Metrics, database: Database): void {
  metrics.add(
    {
      labels: ["action", "state"],
      metrics: {
        kilonova_operations: { type: "gauge", help: "Operations of the cloud that are not over." },
        kilonova_operation_oldest_age_seconds: {
          type: "gauge",
          help: "How long ago the oldest operation that is not over was asked for, in seconds; 0 where there is none.",
        },
      },
    },
    async () =>
      (await operationCounts(database)).map(({ action, state, count, oldest }) => ({
        labels: { action, state },
        values: { kilonova_operations: count, kilonova_operation_oldest_age_seconds: oldest / 1_000 },
      })),
  );
}
