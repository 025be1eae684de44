import type { Flavor, NetworkInfo, PowerState, RequestSpec, TaskState, VmState } from "@kilonova/contracts";
import { instant } from "@kilonova/database";
import { isNull, sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, text, uuid } from "drizzle-orm/pg-core";
import { compute, createdAt, updatedAt } from "./schema.js";

/**
 * Servers that keep the disks of their host busy. The task states are those that the original counts, whether a server can
 * be in them yet or not. In words, not parameters: a query finds the index by them.
 */
export const busyServers = sql.raw(`deleted_at is null and host is not null and (vm_state = 'building' or task_state in
  ('image_backup', 'image_snapshot', 'rebuilding', 'rescuing', 'resize_migrating', 'resize_prep', 'unshelving'))`);

/** Servers. One that is deleted stays, with `deleted_at`. */
export const servers = compute.table(
  "servers",
  {
    id: uuid().primaryKey(),
    projectId: text("project_id").notNull(),
    userId: text("user_id").notNull(),
    name: text().notNull(),
    hostname: text().notNull(),
    description: text(),
    vmState: text("vm_state").$type<VmState>().notNull(),
    taskState: text("task_state").$type<TaskState>(),
    powerState: text("power_state").$type<PowerState>().notNull(),
    flavor: jsonb().$type<Flavor>().notNull(),
    /** Of the flavor, for lists and for counting quotas: PostgreSQL fills them. */
    flavorId: text("flavor_id").notNull().generatedAlwaysAs(sql`flavor ->> 'id'`),
    vcpus: integer().notNull().generatedAlwaysAs(sql`(flavor ->> 'vcpus')::integer`),
    memoryMb: integer("memory_mb").notNull().generatedAlwaysAs(sql`(flavor ->> 'memoryMb')::integer`),
    imageId: text("image_id"),
    keyName: text("key_name"),
    publicKey: text("public_key"),
    userData: text("user_data"),
    metadata: jsonb().$type<Record<string, string>>().notNull(),
    configDrive: boolean("config_drive").notNull(),
    /** `AUTO` or `MANUAL`. */
    diskConfig: text("disk_config").$type<"AUTO" | "MANUAL">().notNull(),
    accessIpV4: text("access_ip_v4"),
    accessIpV6: text("access_ip_v6"),
    locked: boolean().notNull().default(false),
    lockedReason: text("locked_reason"),
    host: text(),
    node: text(),
    availabilityZone: text("availability_zone"),
    reservationId: text("reservation_id").notNull(),
    launchIndex: integer("launch_index").notNull(),
    /** What the network service last said of it. */
    networkInfo: jsonb("network_info").$type<NetworkInfo>().notNull().default([]),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    launchedAt: instant("launched_at"),
    terminatedAt: instant("terminated_at"),
    deletedAt: instant("deleted_at"),
    /** The newest that was given out. */
    fence: bigint({ mode: "number" }).notNull().default(0),
  },
  (table) => [
    index("servers_of_project")
      .on(table.projectId, table.createdAt.desc(), table.id.desc())
      .where(isNull(table.deletedAt)),
    index("servers_by_age").on(table.createdAt.desc(), table.id.desc()).where(isNull(table.deletedAt)),
    index("servers_of_host").on(table.host).where(isNull(table.deletedAt)),
    index("servers_of_reservation").on(table.reservationId),
    index("servers_by_change").on(table.updatedAt),
    index("servers_busy").on(table.host).where(busyServers),
  ],
);

/** What each server needs of its host; goes when the server is deleted. */
export const requestSpecs = compute.table("request_specs", {
  serverId: uuid("server_id")
    .primaryKey()
    .references(() => servers.id, { onDelete: "cascade" }),
  spec: jsonb().$type<RequestSpec>().notNull(),
});

/** What went wrong with servers; the newest is the one that is shown. */
export const serverFaults = compute.table(
  "server_faults",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    serverId: uuid("server_id")
      .notNull()
      .references(() => servers.id, { onDelete: "cascade" }),
    code: integer().notNull(),
    message: text().notNull(),
    details: text(),
    host: text(),
    createdAt: createdAt(),
  },
  (table) => [index("faults_of_server").on(table.serverId, table.id.desc())],
);
