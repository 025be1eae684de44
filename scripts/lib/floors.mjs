// The floors of docs/architecture.md as data: an import goes to a lower floor, never sideways.

/** Folder names under packages/, the lowest floor first. */
export const floors = [
  ["config"],
  ["messaging"],
  ["contracts"],
  ["plugin-api"],
  ["plugin-testing"],
  ["core"],
  ["http", "database"],
  ["compute-store", "candidates"],
  ["identity", "image", "placement", "network", "volume", "scheduler", "conductor", "compute"],
  ["api", "console"],
  ["deployment"],
  ["cli", "testing-cloud", "create-kilonova"],
];

/** What a plugin may import of ours; its tests may import the contract suites too. */
export const pluginMayImport = ["plugin-api"];
export const pluginTestsMayImport = ["plugin-api", "plugin-testing"];

/** A transport is below plugin-api: the plugins that are one, and what they may import. */
export const transportPlugins = /^transport-/;
export const transportMayImport = ["config", "messaging"];

/** From this floor on, packages put plugins into the box: the deployment that composes, and the command people install. */
export const pluginsInTheBoxFrom = "deployment";
