import { type AggregateRecord, ZONE_KEY } from "@kilonova/compute-store";
import { isoMicroseconds } from "./instant.js";

/** An aggregate as its making is answered. */
export function briefAggregateView(aggregate: AggregateRecord, minor: number) {
  return {
    id: aggregate.id,
    name: aggregate.name,
    availability_zone: aggregate.metadata[ZONE_KEY] ?? null,
    created_at: isoMicroseconds(aggregate.createdAt),
    updated_at: isoMicroseconds(aggregate.updatedAt),
    deleted_at: null,
    deleted: false,
    ...(minor >= 41 ? { uuid: aggregate.uuid } : undefined),
  };
}

/** An aggregate with its hosts and its metadata. */
export function aggregateView(aggregate: AggregateRecord, minor: number) {
  return { ...briefAggregateView(aggregate, minor), hosts: aggregate.hosts, metadata: aggregate.metadata };
}
