// Runs servers for another process and lets none of them outlive it. The argument is a JSON list of commands with
// their arguments; the working folder holds what they write. Standard input is a pipe from that process: when it
// closes, the servers are killed and the folder is deleted, unless "keep" was written to it before. Servers are killed
// as well when one of them ends. Start it detached: then it and all that it starts are one process group.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";

let keep = false;
const servers = JSON.parse(process.argv[2]).map(([command, ...args]) => spawn(command, args, { stdio: "ignore" }));
for (const server of servers) server.on("error", killAll).on("exit", killAll);

process.stdin.on("data", (data) => {
  keep = data.toString() === "keep";
});
process.stdin.on("close", killAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, killAll);

function killAll() {
  for (const server of servers) server.kill("SIGKILL");
  if (!keep && process.stdin.closed) rmSync(process.cwd(), { recursive: true, force: true, maxRetries: 5 });
  process.kill(-process.pid, "SIGKILL");
}
