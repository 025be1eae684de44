import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RequestContext } from "@kilonova/plugin-api";
import { SampleCloud, sampleRequestSpec, schedulerSuite } from "@kilonova/plugin-testing";
import { SamplePlugin, samplePluginOptions } from "./sample-plugin.js";

function makeScheduler({ hosts, claims }: SampleCloud): SamplePlugin {
  return new SamplePlugin(hosts, claims, samplePluginOptions.schema.parse({}));
}

describe("SamplePlugin does what every scheduling strategy promises:", () => {
  for (const { name, run } of schedulerSuite(makeScheduler)) it(name, run);
});

describe("SamplePlugin", () => {
  it("takes no host that is down or disabled", async () => {
    const cloud = new SampleCloud("good");
    cloud.addHost({ host: "down", up: false });
    cloud.addHost({ host: "disabled", disabled: true });
    const scheduler = makeScheduler(cloud);
    for (let fence = 1; fence <= 20; fence++) {
      const answer = await scheduler.selectDestinations(RequestContext.admin(), {
        requestSpec: sampleRequestSpec(),
        servers: [{ serverId: "server", fence }],
        alternates: 2,
        ignoredHosts: [],
      });
      assert.ok(answer.ok);
      const [selection] = answer.value;
      assert.deepEqual([selection?.destination.host, selection?.alternates], ["good", []]);
    }
  });
});
