export { PoliteGreeting, politeOptions } from "./polite-greeting.js";
