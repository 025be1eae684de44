import { randomInt } from "node:crypto";

const LENGTH = 12;
/** Nothing that looks like something else. */
const SYMBOLS = ["23456789", "ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnopqrstuvwxyz"] as const;

/** A password for the administrator of a guest: at least one of each kind of symbol. */
export function generateAdminPassword(): string {
  const every = SYMBOLS.join("");
  const symbols = Array.from({ length: LENGTH }, (_, index) => pick(SYMBOLS[index] ?? every));
  // The first few are of a known kind each: hide which.
  for (let last = symbols.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [symbols[last], symbols[other]] = [symbols[other] ?? "", symbols[last] ?? ""];
  }
  return symbols.join("");
}

/** An id for all servers of one request. */
export function generateReservationId(): string {
  return `r-${Array.from({ length: 8 }, () => pick("abcdefghijklmnopqrstuvwxyz0123456789")).join("")}`;
}

function pick(symbols: string): string {
  return symbols.charAt(randomInt(symbols.length));
}
