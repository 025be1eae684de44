import { describe, expect, it } from "vitest";
import { addressOfWorker, adminAddress, adminAddressText } from "./admin-address.js";

describe("option admin.listen", () => {
  it.each([
    ["9180", { host: "127.0.0.1", port: 9180 }, "http://127.0.0.1:9180"],
    ["0", { host: "127.0.0.1", port: 0 }, "http://127.0.0.1:0"],
    ["node1.example.org:9180", { host: "node1.example.org", port: 9180 }, "http://node1.example.org:9180"],
    ["[::1]:9180", { host: "::1", port: 9180 }, "http://[::1]:9180"],
    ["/run/kilonova/api.sock", { path: "/run/kilonova/api.sock" }, "/run/kilonova/api.sock"],
  ])("is read as an address: %s", (text, address, shown) => {
    expect(adminAddress(text)).toEqual(address);
    expect(adminAddressText(address)).toBe(shown);
  });

  it.each([
    "",
    "node1",
    "65536",
    "-1",
    "9180 ",
    "::1:9180",
    "http://node1:9180",
    "kilonova.sock",
    `/${"x".repeat(100)}`,
  ])("is refused where it is none: %s", (text) => expect(adminAddress(text)).toBeUndefined());

  it("gives each worker an address of its own", () => {
    const port = { host: "127.0.0.1", port: 9180 };
    expect(addressOfWorker(port, 1)).toEqual(port);
    expect(addressOfWorker(port, 3)).toEqual({ ...port, port: 9182 });
    expect(addressOfWorker({ ...port, port: 0 }, 3)).toEqual({ ...port, port: 0 });
    expect(addressOfWorker({ path: "/run/a" }, 1)).toEqual({ path: "/run/a" });
    expect(addressOfWorker({ path: "/run/a" }, 2)).toEqual({ path: "/run/a.2" });
  });
});
