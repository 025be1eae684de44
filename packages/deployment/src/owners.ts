import { computeMigrations } from "@kilonova/compute-store";
import type { OwnerMigrations } from "@kilonova/database";
import { identityMigrations } from "@kilonova/identity";
import { imageMigrations } from "@kilonova/image";
import { networkMigrations } from "@kilonova/network";
import { placementMigrations } from "@kilonova/placement";

/** Everybody who owns tables, the framework apart. */
export const OWNERS: readonly OwnerMigrations[] = [
  identityMigrations,
  imageMigrations,
  placementMigrations,
  networkMigrations,
  computeMigrations,
];

/** Whose tables each service in the box has. One of an outsider's has none of ours. */
const OWNERS_OF_SERVICE: Readonly<Record<string, readonly OwnerMigrations[]>> = {
  identity: [identityMigrations],
  image: [imageMigrations],
  placement: [placementMigrations],
  network: [networkMigrations],
  scheduler: [computeMigrations],
  conductor: [computeMigrations],
  api: [computeMigrations],
  compute: [],
};

/** The owners whose databases these services need. */
export function ownersOf(services: readonly string[]): readonly OwnerMigrations[] {
  return [...new Set(services.flatMap((service) => OWNERS_OF_SERVICE[service] ?? []))];
}

/** True where a service must be able to reach the database. */
export function needsDatabase(service: string): boolean {
  return (OWNERS_OF_SERVICE[service] ?? []).length > 0;
}
