import { join } from "node:path";
import { type HypervisorResources, hostFactsSchema } from "@kilonova/plugin-api";
import { z } from "zod";
import { readIfThere } from "./guest-folder.js";

const fakeHostSchema = z.object({
  vcpus: z.number().int().nonnegative(),
  /** MiB */
  memoryMb: z.number().int().nonnegative(),
  /** GiB */
  diskGb: z.number().int().nonnegative(),
  traits: z.array(z.string()).optional(),
  facts: hostFactsSchema.optional(),
});

/** What the options and `_host.json` may say of a host. */
export type FakeHost = Required<Pick<HypervisorResources, keyof z.output<typeof fakeHostSchema>>>;

/**
 * What a host has: what the options say, unless `_host.json` in its folder says otherwise. Hardware may fail while a
 * compute runs; whoever wants to see that, or hosts that differ, writes the file.
 */
export async function fakeHost(folder: string, configured: FakeHost): Promise<FakeHost> {
  const text = await readIfThere(join(folder, "_host.json"));
  if (text === undefined) return configured;
  const { traits, facts, ...size } = fakeHostSchema.parse(JSON.parse(text));
  return { ...size, traits: traits ?? configured.traits, facts: facts ?? configured.facts };
}
