import { expect, it } from "vitest";
import { stopwatch } from "./terminal.js";

it("tells how long a command has taken so far", () => {
  const lines: string[] = [];
  const times = [1_000, 1_250, 13_340];
  const tell = stopwatch(
    { print: () => {}, progress: (line) => lines.push(line), width: 80 },
    () => times.shift() ?? 0,
  );
  tell("begun");
  tell("done");
  expect(lines).toEqual(["[  0.3 s] begun", "[ 12.3 s] done"]);
});
