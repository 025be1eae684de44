/** The topics of the services in the box. */
export const TOPICS = [
  "api",
  "compute",
  "conductor",
  "identity",
  "image",
  "network",
  "placement",
  "scheduler",
] as const;

export type BoxedTopic = (typeof TOPICS)[number];
