import fc from "fast-check";
import { expect, it } from "vitest";
import { AddressRange, FIRST_SERVER_POSITION } from "./address-range.js";

it.each([
  ["10.0.0.0/16", 4, "10.0.0.1", "10.0.0.2", "10.0.255.254"],
  ["192.168.7.77/24", 4, "192.168.7.1", "192.168.7.2", "192.168.7.254"],
  ["10.1.1.0/30", 4, "10.1.1.1", "10.1.1.2", "10.1.1.2"],
  ["fd00:1::/120", 6, "fd00:1::1", "fd00:1::2", "fd00:1::ff"],
])("counts the addresses of %s", (cidr, version, gateway, first, last) => {
  const range = new AddressRange(cidr);
  expect({ version: range.version, gateway: range.gateway }).toEqual({ version, gateway });
  expect(range.at(FIRST_SERVER_POSITION)).toBe(first);
  expect(range.at(range.end - 1)).toBe(last);
});

it.each(["10.0.0.0", "10.0.0.1", "10.0.255.255", "10.1.0.5", "fd00::5", "nonsense", ""])(
  "has no position for %s, which no server of 10.0.0.0/16 may have",
  (address) => {
    expect(new AddressRange("10.0.0.0/16").positionOf(address)).toBeUndefined();
  },
);

it("finds each address at its own position", () => {
  const cidr = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 29 })).map(([address, prefix]) => `${address}/${prefix}`);
  fc.assert(
    fc.property(cidr, fc.nat(), (text, seed) => {
      const range = new AddressRange(text);
      const position = FIRST_SERVER_POSITION + (seed % (range.end - FIRST_SERVER_POSITION));
      expect(range.positionOf(range.at(position))).toBe(position);
    }),
  );
});
