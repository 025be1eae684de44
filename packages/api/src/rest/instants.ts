import { ApiFault } from "@kilonova/http";

const INSTANT = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/**
 * An instant of a query as ISO 8601 with milliseconds, in UTC; one without a zone is in UTC.
 *
 * @throws ApiFault 400 for a text that is none
 */
export function instantOf(text: string | undefined, name: string): string | undefined {
  if (text === undefined) return undefined;
  // A plus sign that nobody escaped arrives as a blank.
  const asked = text.replace(/ (?=\d{2}:?\d{2}$)/, "+").replace(",", ".");
  if (INSTANT.test(asked)) {
    const zoned = /[Z]$|[+-]\d{2}(?::?\d{2})?$/.test(asked.slice(10)) || asked.length === 10 ? asked : `${asked}Z`;
    const milliseconds = Date.parse(zoned.replace(" ", "T"));
    if (!Number.isNaN(milliseconds)) return new Date(milliseconds).toISOString();
  }
  throw new ApiFault(400, `Invalid input for query parameters ${name}. Value: ${text}. ${text} is not a 'date-time'.`);
}
