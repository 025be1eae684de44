/**
 * Options of a cloud whose processes a test kills: short leases, so that what a killed process held is soon taken over,
 * guests that take long enough to be killed in, and no quota in the way.
 */
export const SHORT_LEASES = [
  "--fake.spawnDelay",
  "200ms",
  "--conductor.operationLease",
  "15s",
  "--conductor.stepTimeout",
  "10s",
  "--service.reportInterval",
  "1s",
  "--service.downTime",
  "5s",
  "--quota.instances",
  "-1",
  "--quota.cores",
  "-1",
  "--quota.ram",
  "-1",
] as const;
