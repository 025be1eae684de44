import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const COMMAND = fileURLToPath(new URL("../dist/bins/kilonova.js", import.meta.url));

it("a command whose output nobody reads to its end ends as it would have, and complains to nobody", async () => {
  const child = spawn(process.execPath, [COMMAND, "config", "--help"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const [code] = await once(child, "close");
  expect(complaints).toBe("");
  expect(code).toBe(0);
});
