import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { CloudProcess } from "../e2e/cloud-process.js";

/** The program, as the build makes it. */
const PROGRAM = fileURLToPath(new URL("../dist/chaos/ledger-process.js", import.meta.url));

interface Servers {
  readonly databaseUrl: string;
  readonly brokerUrl: string;
}

/** Processes of one service of the test's own, which write into one table. */
export class Ledger {
  readonly #processes = new Map<string, CloudProcess>();

  private constructor(private readonly servers: Servers) {}

  /** Makes the table. */
  static async make(servers: Servers): Promise<Ledger> {
    const ledger = new Ledger(servers);
    await ledger.#ask("CREATE SCHEMA ledger");
    await ledger.#ask(
      "CREATE TABLE ledger.inbox (message_id text PRIMARY KEY, received_at timestamptz NOT NULL DEFAULT now())",
    );
    // No key: an entry that is made twice is there twice.
    await ledger.#ask("CREATE TABLE ledger.entries (entry integer NOT NULL)");
    return ledger;
  }

  async start(host: string): Promise<void> {
    const { databaseUrl, brokerUrl } = this.servers;
    const env = { LEDGER_DATABASE: databaseUrl, LEDGER_BROKER: brokerUrl };
    const process = CloudProcess.launch([host], { cwd: dirname(PROGRAM), env, file: PROGRAM });
    this.#processes.set(host, process);
    await process.until(/^ready$/m);
  }

  /** Kills a process with -9, and starts it again. */
  async kill(host: string): Promise<void> {
    await this.#processes.get(host)?.end("SIGKILL");
    await this.start(host);
  }

  /** How many different entries there are. */
  async entries(): Promise<number> {
    const [row] = await this.#ask("SELECT count(DISTINCT entry)::int AS n FROM ledger.entries");
    return Number(row?.["n"]);
  }

  /** Entries that were made more than once, a few of them. */
  async doubles(): Promise<readonly Record<string, unknown>[]> {
    return this.#ask(
      "SELECT entry, count(*)::int AS times FROM ledger.entries GROUP BY entry HAVING count(*) > 1 ORDER BY entry LIMIT 10",
    );
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.end("SIGKILL")));
  }

  async #ask(text: string): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.servers.databaseUrl });
    client.on("error", () => {});
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(text);
      return rows;
    } finally {
      await client.end();
    }
  }
}
