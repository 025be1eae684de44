import { expect, test } from "vitest";
import { generateAdminPassword, generateReservationId } from "./generated-words.js";

test("a password has a digit and letters of both cases, and is another each time", () => {
  const passwords = Array.from({ length: 50 }, generateAdminPassword);
  for (const password of passwords) {
    expect(password).toHaveLength(12);
    expect(password).toMatch(/[2-9]/);
    expect(password).toMatch(/[A-Z]/);
    expect(password).toMatch(/[a-z]/);
  }
  expect(new Set(passwords).size).toBe(50);
});

test("a reservation id looks as clients expect it", () => {
  expect(generateReservationId()).toMatch(/^r-[a-z0-9]{8}$/);
});
