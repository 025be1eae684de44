#!/usr/bin/env node
// A throw-away RabbitMQ for tests, private to who starts it: free ports of 127.0.0.1, everything in a temporary folder.
// Run as a command, it prints the address for KILONOVA_TEST_AMQP_URL and stays until Ctrl-C.
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { findExecutable } from "../../scripts/lib/executables.mjs";

const guard = fileURLToPath(new URL("guard.mjs", import.meta.url));
const address = "127.0.0.1";
const bootMilliseconds = 90_000;
const ctlMilliseconds = 60_000;
const endMilliseconds = 30_000;

/** The start script itself, or nothing where RabbitMQ is not installed: Debian's in /usr/sbin would change the user. */
export function findRabbitMq() {
  const folders = ["/usr/lib/rabbitmq/bin", "/opt/homebrew/opt/rabbitmq/sbin", "/usr/local/opt/rabbitmq/sbin"];
  return findExecutable(...folders.map((folder) => `${folder}/rabbitmq-server`));
}

/**
 * Starts a server and resolves when it speaks AMQP. With files of TLS it listens on a second port, `tlsPort`, where it asks
 * everybody for a certificate.
 * It ends with `stop()`, and whenever the calling process ends in whatever way.
 */
export async function startRabbitMq(tls) {
  const server = new RabbitMqServer(mkdtempSync(join(tmpdir(), "kilonova-rabbitmq-")), await freePorts(4), tls);
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

class RabbitMqServer {
  #folder;
  #ports;
  #guard;
  #ending = Promise.resolve();
  #tls;
  /** Tells it from any other RabbitMQ, whichever port that has. */
  #name = `kilonova${randomBytes(6).toString("hex")}`;

  constructor(folder, [port, distributionPort, epmdPort, tlsPort], tls) {
    this.#folder = folder;
    this.#tls = tls;
    this.tlsPort = tlsPort;
    this.#ports = { port, distributionPort, epmdPort };
    this.port = port;
    this.url = `amqp://guest:guest@${address}:${port}`;
  }

  /** The processes under which all of the server's are: those that its guard started. */
  get pids() {
    const pid = this.#guard?.pid;
    if (pid === undefined) return [];
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  }

  /** Starts the server, after `kill()` with the ports and the data that it had. */
  async start() {
    if (this.#guard !== undefined) throw new Error("this RabbitMQ runs already");
    const { commands, env } = this.#describe();
    this.#guard = spawn(process.execPath, [guard, JSON.stringify(commands)], {
      cwd: this.#folder,
      env,
      stdio: ["pipe", "ignore", "ignore", "pipe"],
      detached: true,
    });
    this.#guard.stdin.on("error", () => {});
    this.#guard.stdio[3].on("error", () => {}).resume();
    await this.#waitUntilReady(Date.now() + bootMilliseconds);
  }

  /**
   * Runs a line of a shell, in which `rabbitmqctl` is this server's, to its end.
   *
   * @param input what it reads
   * @returns what it printed @throws with that where it fails
   */
  async shell(line, input = "") {
    const { env } = this.#describe();
    const path = `${dirname(findRabbitMq())}:${env.PATH}`;
    const child = spawn("sh", ["-c", line], {
      cwd: this.#folder,
      env: { ...env, PATH: path },
      detached: true,
    });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (printed += data));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    const closed = new Promise((resolve) => child.once("close", resolve));
    try {
      // Closed is its output when all have ended that it started.
      const code = await within(
        ctlMilliseconds,
        closed,
        () => `${line} goes on:\n${processesOf(child.pid)}\n${printed}`,
      );
      if (code !== 0) throw new Error(`${line} failed:\n${printed}`);
      return printed;
    } catch (error) {
      killGroup(child.pid);
      throw error;
    }
  }

  /** Ends it at once, as a power cut would; data and ports stay for `start()`. Whoever calls it again waits for the same. */
  kill() {
    const running = this.#guard;
    this.#guard = undefined;
    if (running !== undefined) this.#ending = this.#end(running);
    return this.#ending;
  }

  /** Ends it at once and deletes what it had: it comes back empty. */
  async lose() {
    await this.kill();
    rmSync(join(this.#folder, "data"), { recursive: true, force: true, maxRetries: 5 });
  }

  /** Ends it and deletes all that it had. */
  async stop() {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /**
   * Kills guard and servers, though the guard may be gone already, and waits until nothing of them is left. Their port says
   * nothing of that: it may be another server's by then.
   */
  async #end({ pid, stdio: [, , , shared] }) {
    if (shared.closed) return;
    const closed = new Promise((resolve) => shared.once("close", resolve));
    killGroup(pid);
    const complaint = () => `RabbitMQ on port ${this.port} was killed and is not gone:\n${processesOf(pid)}`;
    await within(endMilliseconds, closed, complaint);
  }

  #describe() {
    const { port, distributionPort, epmdPort } = this.#ports;
    const path = (name) => join(this.#folder, name);
    writeFileSync(
      path("rabbitmq.conf"),
      [
        `listeners.tcp.local = ${address}:${port}`,
        "disk_free_limit.absolute = 10MB",
        "log.file.level = info",
        "log.file = server.log",
        ...this.#tlsSettings(),
        "",
      ].join("\n"),
    );
    writeFileSync(path("enabled_plugins"), "[].\n");
    mkdirSync(path("home"), { recursive: true });
    const env = {
      ...process.env,
      HOME: path("home"),
      ERL_EPMD_ADDRESS: address,
      ERL_EPMD_PORT: String(epmdPort),
      RABBITMQ_NODENAME: `${this.#name}@localhost`,
      RABBITMQ_DIST_PORT: String(distributionPort),
      RABBITMQ_CONF_ENV_FILE: path("no-environment-file"),
      RABBITMQ_CONFIG_FILE: path("rabbitmq.conf"),
      RABBITMQ_ENABLED_PLUGINS_FILE: path("enabled_plugins"),
      RABBITMQ_LOG_BASE: path("log"),
      RABBITMQ_MNESIA_BASE: path("data"),
      RABBITMQ_PID_FILE: path("pid"),
      // Two schedulers that don't spin: the tests need the processors.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `+S 2:2 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}`,
    };
    // Erlang's port mapper would start itself as a daemon that outlives the server; here it is one of ours.
    const epmd = findExecutable("epmd", "/usr/lib/erlang/bin/epmd");
    const server = findRabbitMq();
    if (server === undefined || epmd === undefined) throw new Error("RabbitMQ is not installed");
    return { commands: [[epmd], [server]], env };
  }

  #tlsSettings() {
    if (this.#tls === undefined) return [];
    return [
      `listeners.ssl.local = ${address}:${this.tlsPort}`,
      `ssl_options.cacertfile = ${this.#tls.sslCaFile}`,
      `ssl_options.certfile = ${this.#tls.sslCertFile}`,
      `ssl_options.keyfile = ${this.#tls.sslKeyFile}`,
      "ssl_options.verify = verify_peer",
      "ssl_options.fail_if_no_peer_cert = true",
    ];
  }

  async #waitUntilReady(deadline) {
    const running = this.#guard;
    while (!(await speaksAmqp(this.port, this.#name))) {
      if (running.exitCode !== null || running.signalCode !== null) throw this.#failure("ended while it started");
      if (Date.now() > deadline) throw this.#failure(`did not answer within ${bootMilliseconds / 1000} s`);
      await wait(100);
    }
  }

  #failure(what) {
    return new Error(`RabbitMQ on port ${this.port} ${what}. The end of its log:\n${this.#logEnd()}`);
  }

  #logEnd() {
    try {
      return readFileSync(join(this.#folder, "log", "server.log"), "utf8")
        .split("\n")
        .slice(-60)
        .join("\n");
    } catch {
      return "(it wrote none)";
    }
  }
}

/**
 * Whether the node of that name answers the protocol header with a frame, which says what it is called: the port alone
 * answers a little too early, and may have been taken by another server meanwhile.
 */
function speaksAmqp(port, name) {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const settle = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => settle(false));
    socket.on("connect", () => socket.write(Buffer.from("AMQP\0\0\x09\x01", "latin1")));
    socket.on("data", (data) => settle(data[0] === 1 && data.includes(`${name}@`)));
    socket.on("error", () => settle(false));
    socket.on("close", () => settle(false));
  });
}

/** What the promise comes to. @throws with the complaint where the limit is over before */
function within(milliseconds, promise, complaint) {
  return new Promise((resolve, reject) => {
    const tooLate = () => reject(new Error(`after ${milliseconds / 1000} s, ${complaint()}`));
    const limit = setTimeout(tooLate, milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(limit));
  });
}

/** Kills who is left of a process group. */
function killGroup(id) {
  try {
    process.kill(-id, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/** The processes of a group, for whoever has to find out what keeps them. */
function processesOf(group) {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pgid=,ppid=,pid=,stat=,wchan=,comm="], { encoding: "utf8" });
  const lines = (stdout ?? "").split("\n").filter((line) => line.trim().startsWith(`${group} `));
  return lines.join("\n") || `none of group ${group}: one that left it has its pipe`;
}

/** Ports that nobody listens on, all held at once so that they differ. */
async function freePorts(count) {
  const listeners = await Promise.all(
    Array.from({ length: count }, () => {
      const listener = createServer();
      return new Promise((resolve) => listener.listen(0, address, () => resolve(listener)));
    }),
  );
  const ports = listeners.map((listener) => listener.address().port);
  await Promise.all(listeners.map((listener) => new Promise((resolve) => listener.close(resolve))));
  return ports;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const server = await startRabbitMq();
  console.log(server.url);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => server.stop().then(() => process.exit(0)));
}
