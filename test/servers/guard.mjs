// Runs servers for another process and lets none of them outlive it. The argument is a JSON list of commands with
// their arguments; the working folder holds what they write. Standard input is a pipe from that process: when it
// closes, the servers are killed and the folder is deleted. Servers are killed as well when one of them ends. Start it
// detached: then it and all that it starts are one process group, and whoever kills that ends them all at once. File
// descriptor 3 is a pipe that all of them hold and nobody writes to: it closes when the last of them is gone.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";

const stdio = ["ignore", "ignore", "ignore", "inherit"];
const servers = JSON.parse(process.argv[2]).map(([command, ...args]) => spawn(command, args, { stdio }));
for (const server of servers) server.on("error", killAll).on("exit", killAll);

process.stdin.on("close", killAll).resume();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, killAll);

function killAll() {
  try {
    for (const server of servers) server.kill("SIGKILL");
    if (process.stdin.closed) rmSync(process.cwd(), { recursive: true, force: true, maxRetries: 5 });
  } finally {
    // Whatever keeps the folder from being deleted, such as a server that still writes to it.
    process.kill(-process.pid, "SIGKILL");
  }
}
