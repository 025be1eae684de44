/**
 * Suites that can go on for long have two lengths: the whole one where such a suite is run by itself (`npm run
 * test:scale`), the short one beside all others (`npm test`) and in a test run by its name.
 */
export function inLength<T>(lengths: { readonly short: T; readonly whole: T }): T {
  return process.env["KILONOVA_TEST_LENGTH"] === "whole" ? lengths.whole : lengths.short;
}
