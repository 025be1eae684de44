#!/usr/bin/env node
// Installs RabbitMQ for the tests where it is missing and can be installed, and leaves no service of it running.
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { findRabbitMq } from "../test/servers/rabbitmq.mjs";
import { canInstallSystemPackages, installSystemPackages } from "./lib/apt.mjs";
import { run } from "./lib/command.mjs";
import { report } from "./lib/progress.mjs";

/** Gives what stands in the way of RabbitMQ in one line, or nothing when it is there. */
export async function provideRabbitMq() {
  if (findRabbitMq() !== undefined) return undefined;
  if (!canInstallSystemPackages()) {
    return "RabbitMQ is not installed: install rabbitmq-server, or set KILONOVA_TEST_AMQP_URL to a server that tests may use";
  }
  report("installing rabbitmq-server");
  const hadPortMapper = await runsPortMapper();
  const failure = await installSystemPackages(["rabbitmq-server"]);
  await stopService();
  if (!hadPortMapper) await run("epmd", ["-kill"]);
  if (failure !== undefined) return `RabbitMQ could not be installed: ${failure}`;
  return findRabbitMq() === undefined ? "rabbitmq-server was installed, but its start script was not found" : undefined;
}

/** Debian starts a service as it installs it, unless policy-rc.d forbids: the machine did not run one before. */
async function stopService() {
  if (existsSync("/run/systemd/system")) {
    await run("systemctl", ["stop", "rabbitmq-server.service", "epmd.service", "epmd.socket"]);
    return;
  }
  if (existsSync("/etc/init.d/rabbitmq-server")) await run("service", ["rabbitmq-server", "stop"]);
}

/** Erlang's port mapper, which the installation may leave behind. */
async function runsPortMapper() {
  return (await run("epmd", ["-names"])).code === 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const problem = await provideRabbitMq();
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 1;
  }
}
