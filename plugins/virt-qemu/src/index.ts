export { QemuDriver } from "./driver.js";
export { qemuOptions } from "./options.js";
export { MAX_GREETING_LENGTH, tinyImage } from "./tiny-image.js";
