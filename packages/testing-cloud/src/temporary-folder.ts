import { readFileSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

/** The folder outside the state folder that a PostgreSQL has while it runs, for paths of sockets are short. */
const RUNTIME_FOLDER = /^kilonova-[0-9a-f]{12}$/;

/**
 * The folder of a cloud, which does not outlive it. A process that leaves without having closed its cloud (a test runner
 * that was told to exit) takes folder and PostgreSQL along.
 */
export class TemporaryFolder {
  readonly #abandon = () => this.#removeNow();

  private constructor(readonly path: string) {
    process.on("exit", this.#abandon);
  }

  static async make(): Promise<TemporaryFolder> {
    // Short: sockets lie in it, whose paths have a limit.
    return new TemporaryFolder(await mkdtemp(join(tmpdir(), "kn-")));
  }

  /** Safe to repeat. */
  async remove(): Promise<void> {
    process.off("exit", this.#abandon);
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }

  get state(): string {
    return join(this.path, "state");
  }

  get configuration(): string {
    return join(this.path, "configuration");
  }

  /** The process leaves: nothing that takes its turn later is run any more. */
  #removeNow(): void {
    try {
      this.#endPostgresNow();
    } catch {
      // None runs, or it has just ended.
    }
    rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
  }

  /** At once: nobody wants its data. What it says of itself names its process first, the folder of its socket fifth. */
  #endPostgresNow(): void {
    const pidFile = join(this.state, "postgresql", "data", "postmaster.pid");
    const [pid = "", , , , socketFolder = ""] = readFileSync(pidFile, "utf8").split("\n");
    if (Number(pid) > 1) process.kill(Number(pid), "SIGQUIT");
    const runtimeFolder = dirname(socketFolder.trim());
    if (RUNTIME_FOLDER.test(basename(runtimeFolder))) rmSync(runtimeFolder, { recursive: true, force: true });
  }
}
