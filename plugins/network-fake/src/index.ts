export { FakeNetworkDriver } from "./driver.js";
