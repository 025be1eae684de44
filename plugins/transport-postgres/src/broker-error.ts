import { isKilonovaError, KilonovaError, messageOf } from "@kilonova/messaging";

/** Classes of SQLSTATE that another attempt would not change: log-in, unknown database, bad value, missing right or table. */
const REFUSALS = /^(28|3D|3F|22|42)/;

/** The address in a URL, for messages: without the password and parameters. */
export function shownAddress(url: string): string {
  const { username, host, pathname } = new URL(url);
  return `postgresql://${username === "" ? "" : `${username}@`}${decodeURIComponent(host)}${pathname}`;
}

/** True where to try again would not help. */
export function isRefusal(error: unknown): boolean {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" && code.length === 5 && REFUSALS.test(code);
}

/** The library's failure in this project's words. */
export function brokerError(url: string, doing: string, error: unknown): KilonovaError {
  if (isKilonovaError(error)) return error;
  if (!isRefusal(error)) return unreachable(url, `${doing}: ${reasonOf(error)}`, error);
  const words = `PostgreSQL at ${shownAddress(url)} refused ${doing}: ${reasonOf(error)}.`;
  return new KilonovaError("transport.refused", words, { cause: error });
}

export function unreachable(url: string, what: string, cause?: unknown): KilonovaError {
  return new KilonovaError(
    "transport.unreachable",
    `PostgreSQL at ${shownAddress(url)} can't be reached (${what}). Start it, or correct the option transportPostgres.url.`,
    { cause },
  );
}

/** What TLS found fault with, on either side. */
export function untrusted(url: string, why: string, cause: unknown): KilonovaError {
  const words = `PostgreSQL at ${shownAddress(url)} can't be spoken to by TLS: ${why}.`;
  return new KilonovaError("transport.unreachable", words, { cause });
}

export function closed(): KilonovaError {
  return new KilonovaError("transport.closed", "The transport is closed.");
}

/** Several addresses of one name fail as one error without words of its own. */
export function reasonOf(error: unknown): string {
  const words = error instanceof AggregateError ? error.errors.map(messageOf).join("; ") : messageOf(error);
  return words || "no reason given";
}
