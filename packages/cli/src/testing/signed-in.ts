import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { FakeCloud, PASSWORD } from "./fake-cloud.js";

/** A cloud whose administrator the commands of a test are, by a `clouds.yaml` that the environment names. */
export interface SignedIn {
  readonly cloud: FakeCloud;
  /** Ends the cloud, and gives the environment back. */
  end(): Promise<void>;
}

export async function signedIn(): Promise<SignedIn> {
  const cloud = await FakeCloud.start();
  const folder = await mkdtemp(join(tmpdir(), "kilonova-cli-"));
  const auth = { auth_url: `${cloud.url}/identity`, username: "admin", password: PASSWORD, project_name: "admin" };
  await writeFile(join(folder, "clouds.yaml"), JSON.stringify({ clouds: { "kilonova-admin": { auth } } }));
  vi.stubEnv("OS_CLIENT_CONFIG_FILE", join(folder, "clouds.yaml"));
  vi.stubEnv("OS_CLOUD", "");
  vi.stubEnv("OS_AUTH_URL", "");
  return {
    cloud,
    end: async () => {
      vi.unstubAllEnvs();
      await cloud.stop();
      await rm(folder, { recursive: true });
    },
  };
}
