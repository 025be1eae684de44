import { isKilonovaError, KilonovaError, messageOf } from "@kilonova/messaging";

/** What RabbitMQ answers to a request that will never do. */
const REFUSALS = new Set(["ACCESS_REFUSED", "NOT_ALLOWED", "PRECONDITION_FAILED", "RESOURCE_LOCKED", "INVALID_PATH"]);

/** The address in a URL, for messages: without the password. */
export function shownAddress(url: string): string {
  const { protocol, username, host, pathname } = new URL(url);
  return `${protocol}//${username === "" ? "" : `${username}@`}${host}${pathname === "/" ? "" : pathname}`;
}

/** How RabbitMQ, or the library, names a failure: `ACCESS_REFUSED`, `NOT_FOUND`. */
export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code);
}

/** The user that a URL names; RabbitMQ's own where it names none. */
export function brokerUser(url: string): string {
  return decodeURIComponent(new URL(url).username) || "guest";
}

/** The virtual host that a URL names, percent-encoded as the path; RabbitMQ's own where it names none. */
export function virtualHost(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1)) || "/";
}

/** True where to try again would not help. */
export function isRefusal(error: unknown): boolean {
  return REFUSALS.has(codeOf(error));
}

/** The library's failure in this project's words. */
export function brokerError(url: string, doing: string, error: unknown): KilonovaError {
  if (isKilonovaError(error)) return error;
  const address = shownAddress(url);
  if (isRefusal(error)) {
    return new KilonovaError("transport.refused", `RabbitMQ at ${address} refused ${doing}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  if (codeOf(error) === "NOT_FOUND") {
    const words = `RabbitMQ at ${address} lacks what ${doing} takes: ${messageOf(error)}.`;
    const next = "Where broker users have rights of their own, `kilonova rpc declare` makes what services share.";
    return new KilonovaError("transport.unreachable", `${words} ${next}`, { cause: error });
  }
  return unreachable(url, `${doing}: ${messageOf(error)}`, error);
}

export function unreachable(url: string, what: string, cause?: unknown): KilonovaError {
  return new KilonovaError(
    "transport.unreachable",
    `RabbitMQ at ${shownAddress(url)} can't be reached (${what}). Start it, or correct the option rabbitmq.url.`,
    { cause },
  );
}

/** What TLS found fault with, on either side. */
export function untrusted(url: string, why: string, cause: unknown): KilonovaError {
  const words = `RabbitMQ at ${shownAddress(url)} can't be spoken to by TLS: ${why}.`;
  return new KilonovaError("transport.unreachable", words, { cause });
}

export function closed(): KilonovaError {
  return new KilonovaError("transport.closed", "The transport is closed.");
}
