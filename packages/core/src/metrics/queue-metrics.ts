import type { Transport } from "@kilonova/messaging";
import type { Metrics } from "./metrics.js";

/** What waits in the queues of this process, where its transport can tell. */
export function addQueueMetrics(metrics: Metrics, transport: Transport): void {
  if (!transport.queueDepths) return;
  metrics.add(
    {
      labels: ["topic", "server", "kind"],
      metrics: {
        kilonova_queue_messages: {
          type: "gauge",
          help: "Messages that wait in the queues this process listens on; server is empty for the queue of a topic.",
        },
      },
    },
    async () => {
      const depths = (await transport.queueDepths?.()) ?? [];
      return depths.map(({ address: { topic, server = "" }, kind, messages }) => ({
        labels: { topic, server, kind },
        values: { kilonova_queue_messages: messages },
      }));
    },
  );
}
