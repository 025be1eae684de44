import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudProcess } from "./cloud-process.js";
import { OpenstackClient } from "./openstack-client.js";

/** Options with which a guest that never answers the power button does not hold a test up. */
const QUICK = ["--compute.shutdownTimeout", "1s", "--qemu.softRebootTimeout", "1s"];

/** The devices of a cloud under test. */
export type Devices = "fake" | "qemu";

export const DEVICE_OPTIONS: Readonly<Record<Devices, readonly string[]>> = {
  fake: [
    "--compute.driver=@kilonova/virt-fake#FakeDriver",
    "--network.driver=@kilonova/network-fake#FakeNetworkDriver",
  ],
  qemu: [
    "--compute.driver=@kilonova/virt-qemu#QemuDriver",
    "--network.driver=@kilonova/network-user#UserNetworkDriver",
  ],
};

/** A whole cloud in one process, in a temporary folder. */
export class EmbeddedCloud {
  #process: CloudProcess | undefined;

  private constructor(
    readonly folder: string,
    private readonly args: readonly string[],
  ) {}

  static async start(devices: Devices, more: readonly string[] = []): Promise<EmbeddedCloud> {
    const folder = await mkdtemp(join(tmpdir(), "kilonova-e2e-"));
    const cloud = new EmbeddedCloud(folder, [...DEVICE_OPTIONS[devices], ...QUICK, "--http.port", "0", ...more]);
    try {
      await cloud.startAgain();
    } catch (error) {
      await cloud.destroy();
      throw error;
    }
    return cloud;
  }

  get stateFolder(): string {
    return join(this.folder, "state");
  }

  get process(): CloudProcess {
    if (!this.#process) throw new Error("the cloud was never started");
    return this.#process;
  }

  get client(): OpenstackClient {
    return new OpenstackClient(this.cloudsFile, "kilonova");
  }

  get cloudsFile(): string {
    return join(this.stateFolder, "clouds.yaml");
  }

  /** The address that `ready` named. */
  get endpoint(): string {
    return /^ready (\S+)/m.exec(this.process.output)?.[1] ?? "";
  }

  /** Starts it, or starts it again on what the last process left. */
  async startAgain(): Promise<void> {
    this.#process = await CloudProcess.start(["up", "--state-dir", this.stateFolder, ...this.args], {
      cwd: this.folder,
    });
  }

  /** Ends it with its guests, and forgets all. */
  async destroy(): Promise<void> {
    await this.#process?.end("SIGTERM");
    // It knows the options of `up`, not that flag.
    const options = this.args.filter((arg) => arg !== "--first-guest");
    await CloudProcess.launch(["down", "--guests", "--state-dir", this.stateFolder, ...options], {
      cwd: this.folder,
    }).exit();
    await rm(this.folder, { recursive: true, force: true });
  }
}
