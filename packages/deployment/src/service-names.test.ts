import { loadConfiguration } from "@kilonova/config";
import { describe, expect, it } from "vitest";
import { IN_BOX_GROUPS } from "./in-box.js";
import { checkServiceNames } from "./service-names.js";

async function check(names: readonly string[], argv: readonly string[] = []): Promise<void> {
  const settings = { program: "kilonova", argv, env: {}, searchFolders: [], groups: IN_BOX_GROUPS };
  checkServiceNames(await loadConfiguration(settings), names);
}

describe("the services that a process is to run", () => {
  it("are those in the box, by manager or web service", async () => {
    await check(["identity", "image", "placement", "network", "conductor", "scheduler", "compute", "api"]);
  });

  it("are one's own where an option names what runs them", async () => {
    await check(["greeter"], ["--greeter.manager", "./greeter.js#GreeterManager"]);
    await check(["dashboard"], ["--dashboard.web", "./dashboard.js#Dashboard"]);
  });

  it("are refused where one is named twice", async () => {
    await expect(check(["compute", "scheduler", "compute"])).rejects.toMatchObject({
      code: "config.invalid",
      problems: [{ option: "service compute", expected: "each service once", received: "it twice" }],
    });
  });

  it("are refused all at once where nothing runs them, with the name that was meant", async () => {
    await expect(check(["schedulr", "compute", "quota"])).rejects.toMatchObject({
      code: "config.invalid",
      problems: [
        { option: "service schedulr", suggestion: "scheduler", expected: expect.stringContaining("schedulr.manager") },
        { option: "service quota" },
      ],
    });
  });
});
