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
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [index("compute_nodes_of_host").on(table.host)],
);
