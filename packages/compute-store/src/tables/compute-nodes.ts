import type { HostFacts } from "@kilonova/contracts";
import { instant } from "@kilonova/database";
import { sql } from "drizzle-orm";
import { index, integer, jsonb, text, uuid } from "drizzle-orm/pg-core";
import { compute, createdAt, updatedAt } from "./schema.js";

/** Hypervisors, as their computes last described them. */
export const computeNodes = compute.table(
  "compute_nodes",
  {
    id: uuid().primaryKey(),
    host: text().notNull(),
    hypervisorHostname: text("hypervisor_hostname").notNull(),
    hypervisorType: text("hypervisor_type").notNull(),
    hypervisorVersion: integer("hypervisor_version").notNull(),
    hostIp: text("host_ip").notNull(),
    vcpus: integer().notNull(),
    vcpusUsed: integer("vcpus_used").notNull(),
    memoryMb: integer("memory_mb").notNull(),
    memoryMbUsed: integer("memory_mb_used").notNull(),
    diskGb: integer("disk_gb").notNull(),
    diskGbUsed: integer("disk_gb_used").notNull(),
    runningServers: integer("running_servers").notNull(),
    cpuInfo: jsonb("cpu_info").$type<Record<string, unknown>>().notNull(),
    /** Seconds */
    uptime: integer(),
    /** What its driver tells of it for filters and weighers. */
    facts: jsonb().$type<HostFacts>().notNull().default({}),
    /** Builds that failed there since one succeeded. */
    failedBuilds: integer("failed_builds").notNull().default(0),
    /** When something of it changed that schedulers read; what it uses they read at placement. */
    changedAt: instant("changed_at").notNull().default(sql`now()`),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("compute_nodes_of_host").on(table.host),
    index("compute_nodes_of_hypervisor").on(table.hypervisorHostname),
    index("compute_nodes_by_change").on(table.changedAt),
  ],
);
