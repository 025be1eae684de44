import { z } from "zod";

/** An id as OpenStack makes them: a UUID, with or without dashes. The length is bounded, the form is the owner's matter. */
export const identifier = z.string().min(1).max(64);

/** A host's name: the `host` of services, the second part of a queue's name. */
export const hostName = z.string().min(1).max(255);

/** An instant as ISO 8601 with milliseconds, in UTC. The wire knows no Date. */
export const instant = z.string().min(1).max(40);

/**
 * Grows with each owner that an operation on a server gets. Whoever writes for an operation sends it along; placement,
 * network and conductor keep the highest they saw for a server and refuse an older one.
 */
export const fence = z.number().int().nonnegative();
