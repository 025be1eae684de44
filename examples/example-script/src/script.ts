import { basename } from "node:path";
import { helpText, loadConfiguration, restOfCommandLine } from "@kilonova/config";
import { uploadOptions } from "./options.js";
import { upload } from "./upload.js";

const groups = [uploadOptions];
const program = "example-upload";

/**
 * Uploads the files that the command line names.
 *
 * @param argv the arguments behind the program's name
 * @param print takes what is told to the user, line by line
 * @throws ConfigurationError naming every option that is wrong; Error of a file that cannot be uploaded
 */
// #region script
export async function main(argv: readonly string[], print: (line: string) => void): Promise<void> {
  // No file is read for this: help is there however broken the configuration is.
  if (restOfCommandLine(argv, groups).includes("--help")) {
    return print(helpText({ program, description: "Uploads files.", positionals: "FILE…", groups }));
  }
  const configuration = await loadConfiguration({ program, argv, groups });
  const options = configuration.get(uploadOptions); // throws one message that names everything wrong in the group
  configuration.check(); // and this for names that nobody declared
  for (const warning of configuration.warnings) print(`warning: ${warning}`);
  for (const file of configuration.rest) {
    if (options.skip.includes(basename(file))) continue;
    await upload(file, options);
    print(`${file} is uploaded`);
  }
}
// #endregion
