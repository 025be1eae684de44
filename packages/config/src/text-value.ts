import { parse } from "yaml";
import { z } from "zod";
import { isList } from "./schema-parts.js";

/**
 * The value that texts from the environment or the command line stand for: the text itself where the option's schema
 * takes it, else what it means as a YAML (hence JSON) value, for a list also its parts between commas. Several texts are
 * the elements of a list; for anything but a list the last one counts. Where nothing fits, the likeliest reading, for the
 * message.
 */
export function valueOfTexts(type: z.core.$ZodType, texts: readonly string[]): unknown {
  const readings = isList(type) ? listReadings(texts) : scalarReadings(texts.at(-1) ?? "");
  return readings.find((reading) => accepts(type, reading)) ?? readings.at(-1);
}

/** True when the schema takes the value; a schema that throws doesn't. */
export function accepts(type: z.core.$ZodType, value: unknown): boolean {
  try {
    return z.safeParse(type, value).success;
  } catch {
    return false;
  }
}

function scalarReadings(text: string): readonly unknown[] {
  const meaning = meaningOf(text);
  return meaning === null ? [text, meaning, text] : [text, meaning];
}

function listReadings(texts: readonly string[]): readonly unknown[] {
  const [text = ""] = texts;
  const meaning = texts.length === 1 ? meaningOf(text) : undefined;
  if (Array.isArray(meaning)) return [meaning];
  const parts = texts.length > 1 ? texts : text.split(",").flatMap((part) => part.trim() || []);
  return [parts, parts.map(meaningOf)];
}

function meaningOf(text: string): unknown {
  try {
    return parse(text, { prettyErrors: false, logLevel: "error" });
  } catch {
    return text;
  }
}
