import type { Fault } from "@kilonova/contracts";

const MAX_MESSAGE = 255;

/** What a user is told of a failure. */
export function faultOf(message: string, details: string | null = null): Fault {
  const short = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 1)}…` : message;
  return { code: 500, message: short, details: details ?? (short === message ? null : message) };
}

/** The scheduler's reason, in the words that clients look for. */
export function noValidHost(reason: string): Fault {
  return faultOf(reason.startsWith("No valid host") ? reason : `No valid host was found. ${reason}`);
}
