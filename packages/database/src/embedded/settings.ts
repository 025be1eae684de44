/** What differs between a server that keeps data and one for tests. */
export interface Durability {
  /** False loses data in a power cut: for throw-away servers only. */
  readonly fsync: boolean;
}

/** The fixed port: a part of the socket's name, nothing listens on the network. */
export const PORT = 5432;

/**
 * The whole of postgresql.conf, written anew at every start. `ALTER SYSTEM` still overrides it.
 * Small, and without processes that a single server does not need; errors in statements are told to whoever sent
 * them and not repeated in the log.
 */
export function postgresqlConf(socketFolder: string, { fsync }: Durability): string {
  const settings: Record<string, string | number | boolean> = {
    listen_addresses: "",
    port: PORT,
    unix_socket_directories: socketFolder,
    unix_socket_permissions: "0700",
    password_encryption: "scram-sha-256",
    max_connections: 100,
    shared_buffers: "64MB",
    effective_cache_size: "512MB",
    maintenance_work_mem: "32MB",
    huge_pages: false,
    io_method: "sync",
    fsync,
    synchronous_commit: fsync,
    full_page_writes: fsync,
    wal_level: "minimal",
    max_wal_senders: 0,
    max_wal_size: "512MB",
    checkpoint_timeout: "15min",
    max_logical_replication_workers: 0,
    jit: false,
    timezone: "UTC",
    log_timezone: "UTC",
    log_line_prefix: "%m [%p] %q%u@%d ",
    log_min_messages: "log",
    log_checkpoints: false,
    cluster_name: "kilonova",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quote(value)}`);
  return ["# Written by Kilonova at every start. Your own settings: ALTER SYSTEM SET ...", ...lines, ""].join("\n");
}

/** The whole of pg_hba.conf: the socket, a password, nothing else. */
export const PG_HBA_CONF = "# Written by Kilonova at every start.\nlocal all all scram-sha-256\n";

function quote(value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
