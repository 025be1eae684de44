import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Credentials } from "@kilonova/deployment";
import { z } from "zod";

const secretsSchema = z.object({ adminPassword: z.string(), userPassword: z.string() });

/** Who may log in to the cloud of a state folder. */
export async function credentialsIn(
  stateDirectory: string,
  endpoint: string,
): Promise<{ readonly admin: Credentials; readonly user: Credentials }> {
  const text = await readFile(join(stateDirectory, "secrets.json"), "utf8");
  const { adminPassword, userPassword } = secretsSchema.parse(JSON.parse(text));
  const of = (name: string, password: string) => ({
    identityUrl: `${endpoint}/identity/v3`,
    userName: name,
    projectName: name,
    password,
  });
  return { admin: of("admin", adminPassword), user: of("kilonova", userPassword) };
}
