import { expect, test } from "vitest";
import { possibleSteps } from "./hook-steps.js";

class Watch {
  post() {}
}
class Child extends Watch {
  error() {}
}
class Fielded extends Watch {
  pre = () => ({ veto: "never" });
}
class GrandChild extends Fielded {}

test.each([
  ["a class", Watch, ["post"]],
  ["a class with an ancestor", Child, ["post", "error"]],
  ["a class with a field, which shows on what is made alone", Fielded, ["pre", "post"]],
  ["a class whose ancestor has a field", GrandChild, ["pre", "post"]],
  ["an object", { error: () => {}, pre: "no function" }, ["error"]],
  ["a factory, of which nothing is known", () => new Watch(), ["pre", "post", "error"]],
])("the steps of %s", (_, value, expected) => {
  expect([...possibleSteps(value)]).toEqual(expected);
});
