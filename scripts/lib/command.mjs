import { spawn } from "node:child_process";
import { constants } from "node:os";
import { repositoryRoot } from "./repository.mjs";

/**
 * Runs a command to its end and gives `{ code, output }`, standard output and error in one string.
 * A command that can't be started has code 127; nothing is thrown. `show` lets the output through while it runs.
 */
export function run(command, args, { show = false, env = process.env, cwd = repositoryRoot } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        output += text;
        if (show) process.stderr.write(text);
      });
    }
    child.on("error", (error) => resolve({ code: 127, output: `${command}: ${error.message}` }));
    child.on("close", (code, signal) => resolve({ code: exitCode(code, signal), output }));
  });
}

/** npm tells its child of a Ctrl-C that the terminal has told it already: what comes within this time is the same one. */
const sameSignalWithinMilliseconds = 400;

/**
 * Runs a command in this terminal and gives its exit code when it has ended.
 * The command leads a process group of its own, so that a Ctrl-C reaches it once, from here, however many of its
 * ancestors pass the signal on. A terminal that closes (SIGHUP) ends it; it would read SIGHUP itself as "reload".
 */
export function runInForeground(command, args, { env = process.env, cwd = repositoryRoot } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: "inherit", detached: true });
    const last = new Map();
    const forward = (signal) => {
      const now = Date.now();
      const repeated = now - (last.get(signal) ?? 0) < sameSignalWithinMilliseconds;
      last.set(signal, now);
      if (!repeated) child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    const settle = (then) => {
      for (const signal of signals) process.off(signal, forward);
      then();
    };
    child.on("error", (error) => settle(() => reject(error)));
    child.on("exit", (code, signal) => settle(() => resolve(exitCode(code, signal))));
  });
}

/** What a shell would say: the code, or 128 and the number of the signal. */
function exitCode(code, signal) {
  return code ?? 128 + (constants.signals[signal] ?? 0);
}
