import type { ServiceRecord } from "@kilonova/contracts";
import { INTERNAL_ZONE, type ZoneOf } from "../hosts/availability-zones.js";
import { isoMicroseconds } from "./instant.js";

/** The names that clients know our services by. */
export function binaryView({ binary }: ServiceRecord): string {
  return binary.replace(/^kilonova-/, "nova-");
}

/** One of `GET /os-services`. */
export function serviceView(service: ServiceRecord, up: boolean, zoneOf: ZoneOf, minor: number) {
  return {
    // Numbers went out of use with 2.53; records have no other number.
    id: minor >= 53 ? service.id : numberOf(service.id),
    binary: binaryView(service),
    host: service.host,
    zone: service.topic === "compute" ? zoneOf(service.host) : INTERNAL_ZONE,
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
