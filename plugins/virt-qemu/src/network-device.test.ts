import { execFileSync } from "node:child_process";
import type { PluggedVif } from "@kilonova/plugin-api";
import { describe, expect, it } from "vitest";
import { networkDevice } from "./network-device.js";

function plugged(address: string, prefix: number, gateway: string | null, type = "user"): PluggedVif {
  return {
    type,
    details: {},
    vif: {
      portId: "port",
      networkId: "network",
      networkName: "private",
      macAddress: "fa:16:3e:00:00:01",
      addresses: [{ address, version: 4, prefix, gateway }],
      nameservers: [],
      mtu: 1500,
    },
  };
}

describe("networkDevice", () => {
  it("hands out the recorded address", () => {
    expect(networkDevice(plugged("10.0.3.17", 22, "10.0.0.1"))).toEqual({
      macAddress: "fa:16:3e:00:00:01",
      netdev: {
        type: "user",
        ipv6: false,
        net: "10.0.0.0/22",
        host: "10.0.0.1",
        dhcpstart: "10.0.3.17",
        dns: "10.0.3.254",
      },
    });
  });

  it.each([
    ["10.0.0.14", 28, "10.0.0.1"],
    ["10.0.0.2", 29, null],
    ["10.0.0.6", 29, "10.0.0.5"],
    ["10.0.0.5", 29, "10.0.0.6"],
    ["10.0.0.4", 29, null],
    ["192.168.255.254", 16, "10.0.0.1"],
    ["10.0.0.2", 30, "10.0.0.1"],
  ])("makes a network that QEMU takes, for %s/%i by %s", (address, prefix, gateway) => {
    const { netdev } = networkDevice(plugged(address, prefix, gateway));
    const args = [
      "-nodefaults",
      "-display",
      "none",
      "-machine",
      "none",
      "-netdev",
      JSON.stringify({ ...netdev, id: "n" }),
    ];
    const quit = '{"execute":"qmp_capabilities"}{"execute":"quit"}';
    execFileSync("qemu-system-x86_64", [...args, "-qmp", "stdio"], { input: quit, stdio: ["pipe", "ignore", "pipe"] });
  });

  it("refuses a type that it does not know", () => {
    expect(() => networkDevice(plugged("10.0.0.2", 24, null, "tap"))).toThrow("of the types user, not tap");
  });
});
