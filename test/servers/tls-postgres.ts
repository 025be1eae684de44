import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { startThrowAwayPostgres } from "@kilonova/database/testing";
import { Client, escapeLiteral } from "pg";

/** A PostgreSQL that listens on 127.0.0.1, to TLS alone. */
export interface TlsPostgres {
  /** A database to which whoever has the password may come. */
  readonly url: string;
  /** One for which a certificate is asked besides. */
  readonly demandingUrl: string;
  stop(): Promise<void>;
}

interface ServerFiles {
  readonly sslCaFile: string;
  readonly sslCertFile: string;
  readonly sslKeyFile: string;
}

/** Starts one. The server itself writes its files: nobody else may own its key. */
export async function startTlsPostgres(files: ServerFiles): Promise<TlsPostgres> {
  const server = await startThrowAwayPostgres();
  try {
    const port = await freePort();
    const client = new Client({ connectionString: server.url });
    await client.connect();
    const { name } = await server.createDatabase();
    const { name: demanding } = await server.createDatabase();
    const rules = [
      "local all all scram-sha-256",
      `hostssl ${demanding} all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca`,
      "hostssl all all 127.0.0.1/32 scram-sha-256",
    ];
    await put(client, "tls.ca", await readFile(files.sslCaFile, "utf8"));
    await put(client, "tls.crt", await readFile(files.sslCertFile, "utf8"));
    await put(client, "tls.key", await readFile(files.sslKeyFile, "utf8"));
    await put(client, "tls-hba.conf", rules.join("\n"));
    const settings = {
      listen_addresses: "127.0.0.1",
      port: String(port),
      ssl: "on",
      ssl_ca_file: "tls.ca",
      ssl_cert_file: "tls.crt",
      ssl_key_file: "tls.key",
      hba_file: "tls-hba.conf",
    };
    for (const [setting, value] of Object.entries(settings)) {
      await client.query(`alter system set ${setting} = ${escapeLiteral(value)}`);
    }
    await client.end();
    await server.crash();
    const urlOf = (database: string) => {
      const url = new URL(server.url);
      url.hostname = "localhost";
      url.port = String(port);
      url.pathname = `/${database}`;
      return url.href;
    };
    return { url: urlOf(name), demandingUrl: urlOf(demanding), stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** A file in the server's data folder, which it alone can read. */
async function put(client: Client, name: string, text: string): Promise<void> {
  const program = escapeLiteral(`umask 077 && cat > ${name}`);
  await client.query(`copy (select string_to_table(${escapeLiteral(text)}, E'\\n')) to program ${program}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
