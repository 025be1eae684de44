import { customType } from "drizzle-orm/pg-core";

/**
 * A column of instants: `timestamptz` to the millisecond there, the ISO 8601 text of the wire here. The one place where
 * PostgreSQL's times are read.
 */
export const instant = customType<{ data: string; driverData: string }>({
  dataType: () => "timestamp(3) with time zone",
  fromDriver: isoInstant,
});

/** PostgreSQL's text of a `timestamptz` as ISO 8601 with milliseconds, in UTC. */
export function isoInstant(text: string): string {
  return new Date(text).toISOString();
}
