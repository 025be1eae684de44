import { describe, expect, it } from "vitest";
import { MAX_GREETING_LENGTH, tinyImage } from "./tiny-image.js";

describe("tinyImage", () => {
  it("is a disk of 1 MiB with a boot signature and an empty partition table", () => {
    const image = tinyImage({ greeting: "x".repeat(MAX_GREETING_LENGTH) });
    expect(image.length).toBe(1024 * 1024);
    expect([...image.subarray(510, 512)]).toEqual([0x55, 0xaa]);
    expect(image.subarray(440, 510).every((byte) => byte === 0)).toBe(true);
  });

  it("holds the greeting where its program looks for it, ended by a line break and a zero", () => {
    const image = tinyImage({ greeting: "one\ntwo" });
    const offset = image.readUInt16LE(6) - 0x7c00;
    expect(image.toString("latin1", offset, offset + 11)).toBe("one\r\ntwo\r\n\0");
  });

  it("refuses a greeting that is too long, or not printable ASCII", () => {
    expect(() => tinyImage({ greeting: "x".repeat(MAX_GREETING_LENGTH + 1) })).toThrow(RangeError);
    expect(() => tinyImage({ greeting: "grüß dich" })).toThrow(RangeError);
    expect(() => tinyImage({ greeting: "a\0b" })).toThrow(RangeError);
  });
});
