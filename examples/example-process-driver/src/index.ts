export { processDriverOptions } from "./options.js";
export { GREETING, ProcessDriver } from "./process-driver.js";
