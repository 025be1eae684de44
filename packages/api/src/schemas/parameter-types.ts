import { z } from "zod";

/** The largest number that a column takes. */
export const MAX_INTEGER = 0x7fff_ffff;

const PRINTABLE = "\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Zs}";

/** A name: 1 to 255 printable characters, no blanks at either end. */
export const name = z
  .string()
  .min(1)
  .max(255)
  .regex(new RegExp(`^(?!\\p{Zs})[${PRINTABLE}]*(?<!\\p{Zs})$`, "u"));

/** The same with blanks at its ends, which are cut off: at least one character is none. */
export const spacedName = z
  .string()
  .min(1)
  .max(255)
  .regex(new RegExp(`^[${PRINTABLE}]*[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}][${PRINTABLE}]*$`, "u"));

/** The name of a zone: a {@link name} without colons, which part a zone from a host. */
export const zoneName = z
  .string()
  .min(1)
  .max(255)
  .regex(new RegExp(`^(?!\\p{Zs})(?!.*:)[${PRINTABLE}]*(?<!\\p{Zs})$`, "u"));

/** A text of printable characters and line ends, or none. */
export const description = z
  .string()
  .max(255)
  .regex(new RegExp(`^[${PRINTABLE}\\s]*$`, "u"))
  .nullable();

/** A UUID, with or without dashes, as OpenStack's clients write it. */
export const uuid = z.string().regex(/^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$/);

const TRUE_WORDS = ["True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes"] as const;
const FALSE_WORDS = ["False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no"] as const;

/** A boolean, or one of the words that OpenStack takes for one. Read it with {@link isTrue}. */
export const boolean = z.union([z.boolean(), z.enum([...TRUE_WORDS, ...FALSE_WORDS])]);

/** What a {@link boolean} means; false where there is none. */
export function isTrue(value: boolean | string | undefined): boolean {
  return typeof value === "string" ? (TRUE_WORDS as readonly string[]).includes(value) : value === true;
}

/** A whole number, or its digits. Read it with `Number`. */
export function integer(minimum: number, maximum = MAX_INTEGER) {
  const digits = minimum < 0 ? /^-?[0-9]{1,10}$/ : /^[0-9]{1,10}$/;
  return z.union([z.number().int().min(minimum).max(maximum), z.string().regex(digits)]);
}

/** Metadata of servers and the like: words for words. */
export const metadata = z.record(z.string().regex(/^[a-zA-Z0-9\-_:. ]{1,255}$/), z.string().max(255));

/** Changes of metadata: what is null goes. */
export const metadataChanges = z.record(z.string().regex(/^[a-zA-Z0-9\-_:. ]{1,255}$/), z.string().max(255).nullable());

/** Bytes as text, base64. */
export const base64 = z.string().regex(/^(?:[A-Za-z0-9+/\s]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*$/);

/** An address of either kind. */
export const ipAddress = z.union([z.ipv4(), z.ipv6()]);

/** The name of a host: no blanks, nothing that a path or an address would trip over. */
export const hostName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[a-zA-Z0-9\-._]*$/);

/** A name without dots, as a guest may call itself. */
export const hostname = z
  .string()
  .min(2)
  .max(63)
  .regex(/^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$/);

/** The same, with a domain. */
export const fullHostname = z
  .string()
  .min(2)
  .max(255)
  .regex(/^[a-zA-Z0-9]+[a-zA-Z0-9\-.]*[a-zA-Z0-9]+$/);

/** A tag: no slash, no comma. */
export const tag = z
  .string()
  .min(1)
  .max(60)
  .regex(/^[^,/]*$/);
