import { Client } from "pg";

/** What `pg` needs to reach a database over the server's socket. */
export interface Connection {
  /** The folder of the socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** The same as one string, which `pg` and `psql` read alike. It carries the password. */
export function connectionUrl({ host, port, user, password, database }: Connection): string {
  const [folder, role, secret, name] = [host, user, password, database].map(encodeURIComponent);
  return `postgresql://${role}:${secret}@${folder}:${port}/${name}`;
}

/** Runs statements over a connection of their own, within ten seconds each. */
export async function withClient<T>(connection: Connection, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    ...connection,
    application_name: "kilonova-embedded",
    connectionTimeoutMillis: 10_000,
    query_timeout: 30_000,
  });
  // A server that is killed breaks the connection; the statement at work tells.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
