import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RequestContext } from "@kilonova/plugin-api";
import { authenticatorSuite } from "@kilonova/plugin-testing";
import { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

const SECRET = "correct horse battery staple";

function makeAuthenticator(written: Readonly<Record<string, unknown>> = {}): SamplePlugin {
  const clients = [
    { secret: "another secret, of another client", userId: "backups", projectId: "backups", roles: ["admin"] },
    { secret: SECRET, userId: "reports", projectId: "reports", roles: ["reader"] },
  ];
  return new SamplePlugin(samplePluginOptions.schema.parse({ clients, ...written }));
}

async function makeWorld() {
  return {
    authenticator: makeAuthenticator(),
    good: { "x-client-secret": SECRET },
    userId: "reports",
    bad: [{ "x-client-secret": "a wrong secret of some length" }],
    end: async () => {},
  };
}

describe("SamplePlugin does what every authenticator promises:", () => {
  for (const { name, run } of authenticatorSuite(makeWorld)) it(name, run);
});

describe("SamplePlugin", () => {
  it("lets a client act as its entry says", async () => {
    const context = await makeAuthenticator().authenticate({ "x-client-secret": SECRET }, new RequestContext());
    assert.ok(context instanceof RequestContext);
    const { userId, projectId, roles, isAdmin } = context;
    assert.deepEqual(
      { userId, projectId, roles, isAdmin },
      {
        userId: "reports",
        projectId: "reports",
        roles: ["reader"],
        isAdmin: false,
      },
    );
  });

  it("reads the header that its option names", async () => {
    const authenticator = makeAuthenticator({ header: "x-reports" });
    assert.equal(await authenticator.authenticate({ "x-client-secret": SECRET }, new RequestContext()), undefined);
    assert.notEqual(await authenticator.authenticate({ "x-reports": SECRET }, new RequestContext()), "invalid");
  });

  it("refuses a secret in its options that is too short to be one", () => {
    const client = { secret: "short", userId: "u", projectId: "p", roles: [] };
    assert.equal(samplePluginOptions.schema.safeParse({ clients: [client] }).success, false);
  });
});
