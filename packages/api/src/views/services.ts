import type { ServiceRecord } from "@kilonova/contracts";
import { isoMicroseconds } from "./instant.js";

/** The zone of hosts that run servers, and that of all others. */
export const COMPUTE_ZONE = "nova";
export const INTERNAL_ZONE = "internal";

/** The names that clients know our services by. */
export function binaryView({ binary }: ServiceRecord): string {
  return binary.replace(/^kilonova-/, "nova-");
}

/** One of `GET /os-services`. */
export function serviceView(service: ServiceRecord, up: boolean, minor: number) {
  return {
    // Numbers went out of use with 2.53; records have no other number.
    id: minor >= 53 ? service.id : numberOf(service.id),
    binary: binaryView(service),
    host: service.host,
    zone: service.topic === "compute" ? COMPUTE_ZONE : INTERNAL_ZONE,
    status: service.disabled ? "disabled" : "enabled",
    state: up ? "up" : "down",
    updated_at: isoMicroseconds(service.lastSeenAt),
    disabled_reason: service.disabledReason,
    ...(minor >= 11 ? { forced_down: service.forcedDown } : undefined),
  };
}

/** A number for those who ask with an old microversion: always the same for the same id. */
export function numberOf(id: string): number {
  return Number.parseInt(id.replaceAll("-", "").slice(-7), 16) + 1;
}
