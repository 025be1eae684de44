export { UserNetworkDriver } from "./driver.js";
