import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { OutsideFolder } from "./outside-folder.js";

let folder: OutsideFolder;
beforeAll(async () => {
  folder = await OutsideFolder.create();
  await folder.install("kilonova-example-script");
});
afterAll(() => folder?.remove());

it("the example script, installed outside the repository, takes its options from files and command line, and its other arguments", async () => {
  const received: { readonly url: string | undefined; readonly token: string | undefined; readonly body: string }[] =
    [];
  const server = createServer(async (request, response) => {
    received.push({ url: request.url, token: request.headers.authorization, body: await text(request) });
    response.writeHead(201).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await folder.write("kilonova.config.yaml", "upload: { token: a-long-secret }\n");
    await folder.write("site.d/10-server.toml", `[upload]\nurl = "http://127.0.0.1:${port}/in"\n`);
    await folder.write("report.txt", "all is well");
    const script = folder.command("example-upload");
    const { code, stdout, stderr } = await folder.start(script, "report.txt", "--config-dir", "site.d").ended();
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "report.txt is uploaded\n", stderr: "" });
    expect(received).toEqual([{ url: "/in/report.txt", token: "Bearer a-long-secret", body: "all is well" }]);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

it("the example script ends with 2 and one message for wrong options, and shows its help all the same", async () => {
  await folder.write("kilonova.config.yaml", "upload: { url: nowhere, atempts: 3, token: hidden1 }\n");
  const script = folder.command("example-upload");
  const { code, stdout, stderr } = await folder.start(script).ended();
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^example-upload: 2 problems[\s\S]*upload\.url [\s\S]*upload\.token /);
  expect(stderr).not.toMatch(/hidden1|\n {4}at /);
  const help = await folder.start(script, "--help").ended();
  expect(help.code).toBe(0);
  expect(help.stdout).toContain("--upload.timeLimit");
});
