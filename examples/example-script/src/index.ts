export { uploadOptions } from "./options.js";
export { main } from "./script.js";
