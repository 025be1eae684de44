export { type LivePlacement, livePlacement } from "./live-placement.js";
