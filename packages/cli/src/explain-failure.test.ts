import { ConfigurationError } from "@kilonova/config";
import { KilonovaError } from "@kilonova/messaging";
import { describe, expect, it } from "vitest";
import { explainFailure } from "./explain-failure.js";

describe("a failure", () => {
  it("in the options ends with 2 and names the program once", () => {
    const problem = { option: "http.port", place: "command line --http.port", expected: "number", received: '"x"' };
    const { message, exitCode } = explainFailure(new ConfigurationError("kilonova", [problem]));
    expect(exitCode).toBe(2);
    expect(message).toMatch(/^kilonova: a problem in the configuration\n {2}http\.port /);
  });

  it("that is known to another copy of the package ends with 2 as well", () => {
    const error = Object.assign(new Error("kilonova: a problem"), { code: "config.invalid", problems: [] });
    expect(explainFailure(error)).toEqual({ message: "kilonova: a problem", exitCode: 2 });
  });

  it("of the world around ends with 1 and its sentence alone", () => {
    const cause = new Error("ECONNREFUSED");
    const error = new KilonovaError("database.unreachable", "PostgreSQL cannot be reached.", { cause });
    expect(explainFailure(error)).toEqual({ message: "kilonova: PostgreSQL cannot be reached.", exitCode: 1 });
  });

  it("that nobody foresaw ends with 1 and shows where it comes from", () => {
    const error = new TypeError("it is not a function");
    expect(explainFailure(error)).toEqual({ message: `kilonova: ${error.stack}`, exitCode: 1 });
    expect(explainFailure(new KilonovaError("internal", "lost")).message).toMatch(/lost\n\s+at /);
    expect(explainFailure("thrown")).toEqual({ message: "kilonova: thrown", exitCode: 1 });
  });
});
