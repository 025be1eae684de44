export { FileNetworkDriver } from "./file-network-driver.js";
export { fileNetworkOptions } from "./options.js";
