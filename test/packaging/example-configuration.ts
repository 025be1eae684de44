import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";

/** By group and option. */
export type WrittenConfiguration = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const writtenSchema = z.record(z.string(), z.record(z.string(), z.unknown()));

/** What the page of each of these examples tells to write, all in one; what comes later wins. */
export async function exampleConfiguration(
  examples: readonly string[],
  more: WrittenConfiguration = {},
): Promise<WrittenConfiguration> {
  const written = await Promise.all(examples.map(readExample));
  const merged: Record<string, Record<string, unknown>> = {};
  for (const [group, values] of [...written, more].flatMap((each) => Object.entries(each))) {
    merged[group] = { ...merged[group], ...values };
  }
  return merged;
}

async function readExample(name: string): Promise<WrittenConfiguration> {
  const file = new URL(`../../examples/example-${name}/kilonova.config.yaml`, import.meta.url);
  return writtenSchema.parse(parse(await readFile(file, "utf8")));
}
