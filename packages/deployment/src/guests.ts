import { computeOptions } from "@kilonova/compute";
import { type Runtime, serviceOptions } from "@kilonova/core";
import { HOST, type VirtDriver } from "@kilonova/plugin-api";

/** How many guests of this host run. They outlive the cloud. */
export async function countRunningGuests(runtime: Runtime): Promise<number> {
  return withVirtDriver(runtime, async (driver) => (await runningGuests(driver)).length);
}

/** Shuts the guests of this host down; answers how many go on all the same. */
export async function shutDownGuests(runtime: Runtime, onProgress: (message: string) => void): Promise<number> {
  const { shutdownTimeout } = runtime.configuration.get(computeOptions);
  return withVirtDriver(runtime, async (driver) => {
    for (const serverId of await runningGuests(driver)) {
      onProgress(`shutting down guest ${serverId}`);
      await driver.powerOff(runtime.context(), serverId, { timeout: shutdownTimeout });
    }
    return (await runningGuests(driver)).length;
  });
}

/** A virt driver of one's own: the compute service is not running when this is called. */
async function withVirtDriver<Value>(runtime: Runtime, work: (driver: VirtDriver) => Promise<Value>): Promise<Value> {
  const { host } = runtime.configuration.get(serviceOptions);
  const container = runtime.container.child();
  container.register(HOST, host);
  const path = runtime.configuration.get(computeOptions).driver;
  const driver = (await container.load(path, "option compute.driver", "virt-driver")) as VirtDriver;
  await driver.initHost(host);
  try {
    return await work(driver);
  } finally {
    await driver.cleanupHost();
  }
}

async function runningGuests(driver: VirtDriver): Promise<readonly string[]> {
  const running: string[] = [];
  for (const serverId of await driver.listServers()) {
    if ((await driver.getPowerState(serverId)) === "running") running.push(serverId);
  }
  return running;
}
