import { randomUUID } from "node:crypto";
import type { RequestHeaders } from "@kilonova/plugin-api";

const REQUEST_ID = /^req-[0-9a-fA-F-]{36}$/;

export function newRequestId(): string {
  return `req-${randomUUID()}`;
}

/** The caller's own request id, where it sent one that looks like one; anything else is not taken into logs. */
export function globalRequestIdOf(headers: RequestHeaders): string | undefined {
  const header = headers["x-openstack-request-id"];
  return typeof header === "string" && REQUEST_ID.test(header) ? header : undefined;
}
