import { expect, it } from "vitest";
import { printable, stopwatch, styled, type Terminal } from "./terminal.js";

it("tells how long a command has taken so far", () => {
  const lines: string[] = [];
  const times = [1_000, 1_250, 13_340];
  const tell = stopwatch(
    { print: () => {}, progress: (line) => lines.push(line), width: 80, hasColours: false },
    () => times.shift() ?? 0,
  );
  tell("begun");
  tell("done");
  expect(lines).toEqual(["[  0.3 s] begun", "[ 12.3 s] done"]);
});

it("styles text for those alone who see it", () => {
  const terminal: Terminal = { print: () => {}, progress: () => {}, width: 80, hasColours: true };
  expect(styled(terminal, "good", "placed")).toBe("\u001b[32mplaced\u001b[39m");
  expect(styled({ ...terminal, hasColours: false }, "good", "placed")).toBe("placed");
});

it("lets no text from elsewhere steer the terminal", () => {
  expect(printable("web\u001b[2J\u009b\r\n\u202e-é-✓")).toBe("web\ufffd[2J\ufffd\ufffd\ufffd\ufffd-é-✓");
});
