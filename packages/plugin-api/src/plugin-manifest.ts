import { milliseconds } from "@kilonova/config";
import { z } from "zod";
import { PLUGIN_KINDS } from "./plugin-kind.js";

/** A name as a module exports it. */
const exportName = z.string().regex(/^[A-Za-z_$][A-Za-z0-9_$]*$/, "expected the name of an export");
/** Bounded as option `hooks.use` bounds it: nothing, and more than a timer can, would both mean "at once". */
const timeLimitText = z.templateLiteral([z.number(), z.enum(["ms", "s", "m", "h", "d"])]).check(
  z.regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, { error: "expected a duration such as 250ms, 10s or 5m", abort: true }),
  z.refine<`${number}${"ms" | "s" | "m" | "h" | "d"}`>(
    (text) => milliseconds(text) >= 1 && milliseconds(text) <= milliseconds("1h"),
    "expected a duration from 1ms to 1h",
  ),
);

/** One thing that a package provides. */
const provisionSchema = z.strictObject({
  kind: z.enum(PLUGIN_KINDS).describe("What kind of plugin it is."),
  export: exportName.describe("The name under which the package exports it; also its short name in options."),
  description: z.string().optional().describe("What it does, in a sentence."),
  maturity: z.enum(["sample", "alpha", "beta", "stable"]).optional().describe("How far it may be relied on."),
});

/** A hook that enters by being installed. */
const hookEntrySchema = z.strictObject({
  point: z.string().min(1).describe("The hook point it runs at."),
  export: exportName.describe("The class of the hook; also the name by which hooks.disabled turns it off."),
  description: z.string().optional().describe("What it does there, in a sentence."),
  order: z.number().int().optional().describe("Lower comes first; 100 where nothing is said."),
  failure: z
    .enum(["open", "closed"])
    .optional()
    .describe(
      "open: a failure is logged, and the operation goes on. closed: it aborts. Where nothing is said, a pre is closed and the others are open.",
    ),
  timeLimit: timeLimitText.optional().describe("How long a run may take; 5s where nothing is said."),
});

/**
 * What a package says of itself, under `kilonova` in its `package.json`. Installing it makes what it provides
 * available; an option that names it puts it to use; hooks enter by themselves.
 */
export const pluginManifestSchema = z.strictObject({
  api: z.string().min(1).describe("The range of plugin-api versions it works with, as npm writes ranges."),
  provides: z.array(provisionSchema).default([]).describe("What options may name."),
  hooks: z.array(hookEntrySchema).default([]).describe("The hooks that enter by its being installed."),
  optionGroups: z
    .array(exportName)
    .default([])
    .describe("Exports that are option groups: help, sample and schema show them before anything is made."),
});

export type PluginManifest = Readonly<z.output<typeof pluginManifestSchema>>;
