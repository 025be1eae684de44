import { z } from "zod";
import { PLUGIN_KINDS } from "./plugin-kind.js";

/** One thing that a package provides. */
const provisionSchema = z.strictObject({
  kind: z.enum(PLUGIN_KINDS).describe("What kind of plugin it is."),
  export: z.string().min(1).describe("The name under which the package exports it; also its short name in lists."),
  description: z.string().optional(),
  maturity: z.enum(["sample", "alpha", "beta", "stable"]).optional(),
});

/** A hook that enters by being installed. */
const hookEntrySchema = z.strictObject({
  point: z.string().min(1).describe("The hook point it runs at."),
  export: z.string().min(1).describe("The class of the hook."),
  order: z.number().int().optional().describe("Lower comes first; 100 where nothing is said."),
  failure: z.enum(["open", "closed"]).optional(),
  timeLimit: z.string().optional(),
});

/**
 * What a package says of itself, under `kilonova` in its `package.json`. Installing it makes what it provides
 * available; an option that names it puts it to use; hooks enter by themselves.
 */
export const pluginManifestSchema = z.strictObject({
  /** The range of plugin-api versions it works with. */
  api: z.string().min(1),
  provides: z.array(provisionSchema).default([]),
  hooks: z.array(hookEntrySchema).default([]),
  /** Exports that are option groups, so that help, sample and schema show them without loading a class. */
  optionGroups: z.array(z.string().min(1)).default([]),
});

export type PluginManifest = Readonly<z.output<typeof pluginManifestSchema>>;
