export { ChanceScheduler } from "./chance-scheduler.js";
