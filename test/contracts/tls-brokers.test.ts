import { readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { inspect } from "node:util";
import { isConfigurationError, postgresTls, type TlsFiles } from "@kilonova/config";
import { connectDatabase, databaseOptions, frameworkMigrations, Migrator } from "@kilonova/database";
import { KilonovaError, type Transport } from "@kilonova/messaging";
import { PostgresTransport, transportPostgresOptions } from "@kilonova/transport-postgres";
import { RabbitmqTransport, rabbitmqOptions } from "@kilonova/transport-rabbitmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RabbitMqServer, startRabbitMq } from "../servers/rabbitmq.mjs";
import { TestAuthority } from "../servers/test-certificates.js";
import { startTlsPostgres, type TlsPostgres } from "../servers/tls-postgres.js";

/** Whom the servers trust and are signed by, and one that nobody knows. */
let authority: TestAuthority;
let stranger: TestAuthority;
/** What a client may show. */
let shown: TlsFiles;
let strange: TlsFiles;
beforeAll(async () => {
  [authority, stranger] = await Promise.all([TestAuthority.make(), TestAuthority.make()]);
  shown = { sslCaFile: authority.caFile, ...(await authority.sign()) };
  strange = { sslCaFile: authority.caFile, ...(await stranger.sign()) };
});
afterAll(() => Promise.all([authority?.remove(), stranger?.remove()]));

/** The one error of a connection that must not come to be. */
async function failureOf(connecting: Promise<unknown>): Promise<{ code: unknown; message: string }> {
  const failure = await connecting.then(
    () => expect.fail("it connected"),
    (error: unknown) => error,
  );
  if (!(failure instanceof KilonovaError) && !isConfigurationError(failure)) throw failure;
  const key = await readFile(shown.sslKeyFile ?? "", "utf8");
  expect(inspect([failure, failure.cause, failure.stack], { depth: 8 })).not.toContain(key.slice(30, 60));
  return { code: failure.code, message: failure.message.replaceAll(`${authority.folder}/`, "") };
}

async function echoOver(make: () => Transport): Promise<string> {
  const [server, client] = [make(), make()];
  try {
    await server.listen({ topic: "tls", server: "one" }, async ({ body }) => `echo of ${body}`);
    return await client.call({ topic: "tls" }, "words", { timeLeft: 20_000 });
  } finally {
    await Promise.all([server.close(), client.close()]);
  }
}

async function connecting(transport: Transport): Promise<void> {
  try {
    await transport.connect();
  } finally {
    await transport.close();
  }
}

describe("RabbitMQ over TLS", () => {
  let broker: RabbitMqServer;
  beforeAll(async () => {
    const certificate = await authority.sign({ names: ["DNS:localhost"] });
    broker = await startRabbitMq({ sslCaFile: authority.caFile, ...certificate });
  });
  afterAll(() => broker?.stop());

  const transport = (files: TlsFiles, host = "localhost") => {
    const url = `amqps://guest:guest@${host}:${broker.tlsPort}`;
    return new RabbitmqTransport(rabbitmqOptions.schema.parse({ url, connectTimeout: "60s", ...files }));
  };

  it("carries calls to and from who has a certificate", async () => {
    expect(await echoOver(() => transport(shown))).toBe("echo of words");
  });

  it.each<[string, () => TlsFiles, string, RegExp]>([
    [
      "a certificate of an unknown authority",
      () => ({ ...shown, sslCaFile: stranger.caFile }),
      "localhost",
      /its certificate is from no authority that .*ca\.crt names, \w+; see option rabbitmq\.sslCaFile\.$/,
    ],
    [
      "a certificate of an authority that nobody named",
      () => ({ sslCertFile: shown.sslCertFile, sslKeyFile: shown.sslKeyFile }),
      "localhost",
      /its certificate is from no authority that Node\.js trusts by itself, \w+; see option rabbitmq\.sslCaFile\.$/,
    ],
    [
      "a certificate for another name",
      () => shown,
      "127.0.0.1",
      /its certificate is for another name: IP: 127\.0\.0\.1 is not in the cert's list/,
    ],
    [
      "that none is shown",
      () => ({ sslCaFile: authority.caFile }),
      "localhost",
      /it asks for a certificate, \w+; see options rabbitmq\.sslCertFile and rabbitmq\.sslKeyFile\.$/,
    ],
    [
      "one of an authority that the broker does not know",
      () => strange,
      "localhost",
      /it does not take the certificate in .*\.crt, \w+; see options rabbitmq\.sslCertFile/,
    ],
  ])("is not begun for %s, and that is said at once", async (_, files, host, words) => {
    const { code, message } = await failureOf(connecting(transport(files(), host)));
    expect(message).toMatch(words);
    expect(message).toMatch(/^RabbitMQ at amqps:\/\/guest@[\w.]+:\d+ can't be spoken to by TLS: /);
    expect(code).toBe("transport.unreachable");
  });

  it("is not begun with a port that is plain", async () => {
    const url = `amqps://guest:guest@localhost:${broker.port}`;
    const options = rabbitmqOptions.schema.parse({ url, connectTimeout: "60s", ...shown });
    const { message } = await failureOf(connecting(new RabbitmqTransport(options)));
    expect(message).toMatch(/by TLS: it does not speak TLS at that port, \w+\.$/);
  });

  it("is not given up for plain AMQP: at its port that goes nowhere", async () => {
    const url = `amqp://guest:guest@127.0.0.1:${broker.tlsPort}`;
    const options = rabbitmqOptions.schema.parse({ url, connectTimeout: "1s" });
    expect((await failureOf(connecting(new RabbitmqTransport(options)))).code).toBe("transport.unreachable");
    expect(rabbitmqOptions.schema.safeParse({ url, ...shown }).error?.issues).toMatchObject([
      { path: ["url"], message: "expected an amqps:// address, as files of TLS are set" },
    ]);
  });

  it("is not begun with files that cannot be used: each is named", async () => {
    const { code, message } = await failureOf(connecting(transport({ ...shown, sslCaFile: "/no/ca.crt" })));
    expect(code).toBe("config.invalid");
    expect(message).toContain("rabbitmq.sslCaFile (/no/ca.crt): expected a file that this user can read");
  });
});

describe("PostgreSQL over TLS", () => {
  let server: TlsPostgres;
  beforeAll(async () => {
    const certificate = await authority.sign({ names: ["DNS:localhost"] });
    server = await startTlsPostgres({ sslCaFile: authority.caFile, ...certificate });
  });
  afterAll(() => server?.stop());

  const trusting = () => ({ sslCaFile: authority.caFile });
  const byAddress = (url: string) => url.replace("localhost", "127.0.0.1");

  async function ask(url: string, files: TlsFiles): Promise<unknown> {
    const options = databaseOptions.schema.parse({ url, ...files });
    const limits = { applicationName: "tls-test", poolSize: 1, connectTimeout: 20_000, statementTimeout: 20_000 };
    const database = await connectDatabase({ ...limits, ...postgresTls("database", options.url ?? "", options) });
    const asked = "select version as tls, client_dn is not null as named from pg_stat_ssl where pid = pg_backend_pid()";
    const { rows } = await database.$client.query<{ tls: string; named: boolean }>(asked);
    await database.$client.end();
    return rows[0];
  }
  const transport = (url: string, files: TlsFiles) =>
    new PostgresTransport(transportPostgresOptions.schema.parse({ url, connectTimeout: "60s", ...files }));

  it("is what connections to it are, with a certificate and without, whatever else its address says", async () => {
    expect(await ask(server.url, trusting())).toEqual({ tls: "TLSv1.3", named: false });
    expect(await ask(`${server.url}?sslmode=verify-full`, trusting())).toEqual({ tls: "TLSv1.3", named: false });
    expect(await ask(server.demandingUrl, shown)).toEqual({ tls: "TLSv1.3", named: true });
  });

  it("carries migrations and messages", async () => {
    const { url, tls } = postgresTls("database", server.url, trusting());
    expect(await new Migrator(url, [frameworkMigrations], tls).migrate()).not.toEqual([]);
    expect(await echoOver(() => transport(server.demandingUrl, shown))).toBe("echo of words");
  });

  it.each<[string, (server: TlsPostgres) => string, () => TlsFiles, RegExp]>([
    [
      "a certificate of an unknown authority",
      ({ url }) => url,
      () => ({ sslCaFile: stranger.caFile }),
      /its certificate is from no authority that .*ca\.crt names, \w+; see option GROUP\.sslCaFile\.$/,
    ],
    [
      "a certificate of an authority that nobody named",
      ({ url }) => `${url}?sslmode=verify-full`,
      () => ({}),
      /its certificate is from no authority that Node\.js trusts by itself, \w+; see option GROUP\.sslCaFile\.$/,
    ],
    [
      "a certificate for another name",
      ({ url }) => byAddress(url),
      trusting,
      /its certificate is for another name: IP: 127\.0\.0\.1 is not in the cert's list/,
    ],
    ["that none is shown", ({ demandingUrl }) => demandingUrl, trusting, /requires a valid client certificate/],
    [
      "one of an authority that the server does not know",
      ({ demandingUrl }) => demandingUrl,
      () => strange,
      /it does not take the certificate in .*\.crt, \w+; see options GROUP\.sslCertFile and GROUP\.sslKeyFile\.$/,
    ],
    ["a connection that is plain", ({ url }) => byAddress(url), () => ({}), /no pg_hba\.conf entry.*no encryption/],
  ])("is not begun for %s, and that is said at once", async (_, urlOf, files, words) => {
    const url = urlOf(server);
    const says = (group: string) => new RegExp(words.source.replaceAll("GROUP", group));
    const asked = await failureOf(ask(url, files()));
    expect(asked).toMatchObject({ code: "database.unreachable", message: expect.stringMatching(says("database")) });
    expect((await failureOf(connecting(transport(url, files())))).message).toMatch(says("transportPostgres"));
  });

  it("is not given up for a server that does not speak it", async () => {
    const plain = createServer((socket) => socket.once("data", () => socket.end("N")));
    await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
    const { port } = plain.address() as AddressInfo;
    const { message } = await failureOf(ask(`postgresql://u@127.0.0.1:${port}/d`, trusting()));
    expect(message).toContain("The server does not support SSL connections");
    plain.close();
  });

  it("is not asked for beside an address that says not to", () => {
    const options = { url: `${server.url}?sslmode=disable`, ...trusting() };
    for (const { schema } of [databaseOptions, transportPostgresOptions]) {
      expect(schema.safeParse(options).error?.issues).toMatchObject([
        { path: ["url"], message: "expected an address without sslmode=disable, as files of TLS are set" },
      ]);
    }
  });

  it.each(["sslmode=require", "sslmode=prefer", "sslrootcert=/x", "sslmode=verify-full&sslcert=/x", "ssl=true"])(
    "is not asked for by %s",
    (parameter) => {
      const { error } = databaseOptions.schema.safeParse({ url: `postgresql://u@h/d?${parameter}` });
      expect(error?.issues[0]?.message).toMatch(/^expected sslmode=verify-full or sslmode=disable and no other ssl/);
    },
  );
});
