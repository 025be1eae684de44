import { access, constants } from "node:fs/promises";

/** True where a path is there and, with a mode of `fs.constants`, may be used so. */
export async function canAccess(path: string, mode = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
