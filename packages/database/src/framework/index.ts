export { databaseState } from "./database-state.js";
export { DatabaseDriverState } from "./driver-state.js";
export { DatabaseLocks } from "./locks.js";
export { DatabaseServiceRecords, type ServiceSettings } from "./service-records.js";
