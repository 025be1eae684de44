import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { shellWord } from "./shell-word.js";

const run = promisify(execFile);

it.each(["my-cloud", "../a/b.c_d", "@acme"])("leaves %s as it is", (path) => expect(shellWord(path)).toBe(path));

it.each(["my cloud", "it's mine", '$HOME; `ls` "x" \\ *', "back\\slash", "Kölner Wolke", "a\tb"])(
  "makes one word of %j",
  async (path) => {
    const { stdout } = await run("sh", ["-c", `printf '%s|' ${shellWord(path)}`]);
    expect(stdout).toBe(`${path}|`);
  },
);

it("lets no folder be taken for an option", () => expect(shellWord("-my-cloud")).toBe("'./-my-cloud'"));
