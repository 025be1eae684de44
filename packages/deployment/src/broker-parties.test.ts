import { describe, expect, it } from "vitest";
import { brokerParties } from "./broker-parties.js";

const users = (hosts: readonly string[], together: Readonly<Record<string, readonly string[]>>) =>
  brokerParties({ hosts, together: new Map(Object.entries(together)) }).map(({ user }) => user);

describe("the broker users of a cloud", () => {
  it("are one for each service, each host's compute, and the operator", () => {
    const services = ["api", "conductor", "identity", "image", "network", "placement", "scheduler"];
    expect(users(["one", "two"], {})).toEqual([...services, "compute.one", "compute.two", "operator"]);
  });

  it("are one for services that share a process, which may do what each of them does", () => {
    const [control] = brokerParties({ hosts: [], together: new Map([["control", ["api", "conductor"]]]) });
    expect(control).toEqual({
      user: "control",
      listens: [{ topic: "api" }, { topic: "conductor" }],
      calls: ["identity", "image", "network", "scheduler", "compute", "placement"],
      casts: ["conductor", "compute"],
    });
  });

  it.each([
    ["a compute shares one", { together: ["compute"] }, /"compute" cannot share a broker user/],
    ["there is no such service", { together: ["imge"] }, /"imge" cannot share a broker user\. Those that can: api,/],
    ["a name is another service's", { image: ["network"] }, /Two are to have the broker user image/],
    ["a name is the operator's", { operator: ["network"] }, /Two are to have the broker user operator/],
  ])("are refused where %s", (_what, together, words) => {
    expect(() => users([], together)).toThrow(words);
  });
});
