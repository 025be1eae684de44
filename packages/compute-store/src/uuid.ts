const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for what PostgreSQL reads as a UUID: nothing else can be the id of a row. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
