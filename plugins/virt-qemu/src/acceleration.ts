import { constants } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { KilonovaError } from "@kilonova/plugin-api";

/** What the operator asks for: `auto` takes KVM where it really runs guests. */
export type VirtType = "auto" | "kvm" | "qemu";

/** How QEMU runs the guest's instructions. */
export type Accelerator = "kvm" | "tcg";

export interface Acceleration {
  readonly accelerator: Accelerator;
  /** Why, in words for the log. */
  readonly reason: string;
}

/**
 * Chooses KVM or TCG for guests of this machine's kind (x86-64).
 *
 * A `/dev/kvm` that opens proves little: under a hypervisor that offers only paravirtualised KVM, QEMU accepts it and then an
 * ordinary Linux guest hangs at boot, without an error. So KVM counts only where the processor's own extensions are there.
 *
 * @param root where `dev`, `proc` and `sys` are: `/`, but for tests.
 * @throws KilonovaError `virt.failed` where KVM is demanded and does not run guests here.
 */
export async function chooseAcceleration(virtType: VirtType, root = "/"): Promise<Acceleration> {
  if (virtType === "qemu") return { accelerator: "tcg", reason: "virtType is qemu" };
  const obstacle = await kvmObstacle(root);
  if (obstacle === undefined)
    return { accelerator: "kvm", reason: "KVM has the processor's virtualisation extensions" };
  if (virtType === "auto") return { accelerator: "tcg", reason: obstacle };
  throw new KilonovaError("virt.failed", `virtType is kvm, but ${obstacle}; set virtType to auto or qemu`);
}

async function kvmObstacle(root: string): Promise<string | undefined> {
  const device = join(root, "dev/kvm");
  if (!(await exists(device))) return "there is no /dev/kvm";
  try {
    await access(device, constants.R_OK | constants.W_OK);
  } catch {
    return "this user may not read and write /dev/kvm";
  }
  const modules = ["sys/module/kvm_intel", "sys/module/kvm_amd"].map((module) => exists(join(root, module)));
  if ((await Promise.all(modules)).includes(true) || (await hasExtensions(root))) return undefined;
  return "/dev/kvm is there without the processor's virtualisation extensions (neither vmx nor svm), so ordinary guests would hang";
}

async function hasExtensions(root: string): Promise<boolean> {
  const cpuinfo = await readFile(join(root, "proc/cpuinfo"), "utf8").catch(() => "");
  return /^flags\s*:.*\b(vmx|svm)\b/m.test(cpuinfo);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
