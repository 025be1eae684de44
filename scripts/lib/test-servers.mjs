import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { startRabbitMq } from "../../test/servers/rabbitmq.mjs";
import { provideOpenssl } from "../install-openssl.mjs";
import { provideOpenstackClient } from "../install-openstack-client.mjs";
import { provideOsloMessaging } from "../install-oslo-messaging.mjs";
import { provideQemu } from "../install-qemu.mjs";
import { provideRabbitMq } from "../install-rabbitmq.mjs";
import { report, SetupError } from "./progress.mjs";
import { repositoryRoot } from "./repository.mjs";

const amqpVariable = "KILONOVA_TEST_AMQP_URL";

/**
 * Makes sure of the servers that tests need and gives `{ env, stop }`: what to run the tests with, and what to call
 * afterwards. `files` limits them to what the packages of these test files mention; without it all are provided.
 * Throws a `SetupError` that names what to install.
 */
export async function provideTestServers(files) {
  const mentions = (text) => files === undefined || files.some((file) => packageMentions(file, text));
  if (mentions("qemu")) await insist(provideQemu);
  if (mentions("TestAuthority")) await insist(provideOpenssl);
  if (mentions("oslo_messaging")) await insist(provideOsloMessaging);
  if (mentions("OpenstackClient")) await insist(provideOpenstackClient);
  if (!mentions(amqpVariable) || process.env[amqpVariable]) return { env: {}, stop: async () => {} };

  await insist(provideRabbitMq);
  report("starting a throw-away RabbitMQ");
  const server = await startRabbitMq();
  report(`RabbitMQ answers on port ${server.port}`);
  return { env: { [amqpVariable]: server.url }, stop: () => server.stop() };
}

async function insist(provide) {
  const problem = await provide();
  if (problem !== undefined) throw new SetupError(problem);
}

/** Whether a source beside the test mentions the text: in its package or suite, or in a suite that one of these imports. */
function packageMentions(file, text) {
  const [parent, child, ...rest] = relative(repositoryRoot, file).split("/");
  if (rest.length === 0) return false;
  const own = sourcesIn(join(repositoryRoot, parent, child));
  const imported = new Set(
    own.flatMap((source) => [...source.matchAll(/ from "\.\.\/(\w+)\/[^/"]+"/g)].map(([, name]) => name)),
  );
  const others =
    parent === "test" ? [...imported].flatMap((name) => sourcesIn(join(repositoryRoot, parent, name))) : [];
  return [...own, ...others].some((source) => source.includes(text));
}

/** The texts of all sources in a folder. */
function sourcesIn(folder) {
  // By entries: names alone are found through links as well, and each package is linked from all that depend on it.
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|py)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(node_modules|dist)\//.test(relative(repositoryRoot, path)))
    .map((path) => readFileSync(path, "utf8"));
}
