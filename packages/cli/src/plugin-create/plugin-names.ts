import { builtinModules } from "node:module";

/** What a plugin is called: all of it follows from the name of its package. */
export interface PluginNames {
  /** `gpu-affinity-filter`: the package, its folder and its file. */
  readonly packageName: string;
  /** `GpuAffinityFilter`: the class that it exports. */
  readonly className: string;
  /** `gpuAffinityFilter`: its group of options. */
  readonly groupName: string;
}

const LONGEST = 214;
/** npm allows digits and dots in front; a class cannot begin so. */
const NAME = /^[a-z][a-z0-9]*(?:[-._][a-z0-9]+)*$/;
const RESERVED = new Set([...builtinModules, "node_modules", "favicon.ico"]);

/** @returns the names, or what is wrong with that of the package, in words */
export function pluginNames(packageName: string): PluginNames | { readonly problem: string } {
  const quoted = `"${packageName}"`;
  if (packageName.length > LONGEST)
    return { problem: `${quoted} is longer than the ${LONGEST} letters that npm allows` };
  if (!NAME.test(packageName)) {
    return {
      problem: `${quoted} cannot be the name of a package: expected lower-case letters and digits, with single dashes, dots or underscores between them, such as gpu-affinity-filter`,
    };
  }
  if (RESERVED.has(packageName))
    return { problem: `${quoted} cannot be the name of a package: Node.js uses it itself` };
  const className = packageName
    .split(/[-._]/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
  return { packageName, className, groupName: className.slice(0, 1).toLowerCase() + className.slice(1) };
}
