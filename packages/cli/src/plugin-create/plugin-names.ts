import { builtinModules } from "node:module";

/** What a plugin is called: all of it follows from the name of its package. */
export interface PluginNames {
  /** `gpu-affinity-filter`, or `@acme/gpu-affinity-filter`: the package. */
  readonly packageName: string;
  /** `gpu-affinity-filter`: its folder and its file. */
  readonly fileName: string;
  /** `GpuAffinityFilter`: the class that it exports. */
  readonly className: string;
  /** `gpuAffinityFilter`: its group of options. */
  readonly groupName: string;
}

const LONGEST = 214;
/** npm allows digits and dots in front; a class cannot begin so. */
const NAME = /^[a-z][a-z0-9]*(?:[-._][a-z0-9]+)*$/;
const SCOPE = /^@[a-z0-9]+(?:[-._][a-z0-9]+)*$/;
/** What a file's name ends in that the compiler, or the run of the tests, takes for another sort of file. */
const OTHER_SORT = /\.(?:d|test)$/;
const RESERVED = new Set([...builtinModules, "node_modules", "favicon.ico"]);
const OURS = new Set(["kilonova", "create-kilonova"]);

/**
 * @param fileName of the package's folder
 * @param parent the name of the folder that it is in: a scope where it begins with an @
 * @returns the names, or what is wrong with that of the package, in words
 */
export function pluginNames(fileName: string, parent = ""): PluginNames | { readonly problem: string } {
  const scope = parent.startsWith("@") ? `${parent}/` : "";
  const packageName = `${scope}${fileName}`;
  const quoted = `"${packageName}"`;
  if (scope && !SCOPE.test(parent)) {
    return {
      problem: `"${parent}" cannot be the scope of a package: expected an @, then lower-case letters and digits, with single dashes, dots or underscores between them, such as @acme`,
    };
  }
  if (packageName.length > LONGEST)
    return { problem: `${quoted} is longer than the ${LONGEST} letters that npm allows` };
  if (!NAME.test(fileName) || OTHER_SORT.test(fileName)) {
    return {
      problem: `${quoted} cannot be the name of a package: expected lower-case letters and digits, with single dashes, dots or underscores between them, such as gpu-affinity-filter${OTHER_SORT.test(fileName) ? ", and neither .d nor .test at the end" : ""}`,
    };
  }
  if (OURS.has(packageName) || scope === "@kilonova/") {
    return { problem: `${quoted} cannot be the name of a package of yours: it is one of Kilonova's own` };
  }
  if (!scope && RESERVED.has(fileName))
    return { problem: `${quoted} cannot be the name of a package: Node.js uses it itself` };
  const className = fileName
    .split(/[-._]/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
  const groupName = className.slice(0, 1).toLowerCase() + className.slice(1);
  return { packageName, fileName, className, groupName };
}
