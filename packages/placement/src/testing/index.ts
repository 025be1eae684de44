export { type LivePlacement, livePlacement } from "./live-placement.js";
export { claimOf, eight, PlacementScene, value } from "./placement-scene.js";
