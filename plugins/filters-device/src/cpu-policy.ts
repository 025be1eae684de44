import { THREAD_POLICIES, type ThreadPolicy } from "./core-packing.js";
import { readCpuMask } from "./cpu-set.js";
import type { HardwareWishes } from "./hardware-wishes.js";

const CPU_POLICIES = ["shared", "dedicated", "mixed"] as const;

export type CpuPolicy = (typeof CPU_POLICIES)[number];

/** How the CPUs of a server are to be had. */
export interface CpuWishes {
  /** Null where nobody has said anything. */
  readonly policy: CpuPolicy | null;
  readonly threads: ThreadPolicy | null;
  /** One host CPU besides for what the emulator does. */
  readonly isolatesEmulator: boolean;
  /** Which CPUs have a host CPU for themselves; the others share. */
  readonly isDedicated: (cpu: number) => boolean;
}

const TRUE = new Set(["1", "t", "true", "on", "y", "yes"]);

/** What flavor and image say of CPU policy, threads, emulator threads and the masks of CPUs. */
export function cpuWishes(wishes: HardwareWishes, vcpus: number): CpuWishes {
  const policy = cpuPolicy(wishes, vcpus);
  const threads = threadPolicy(wishes);
  const emulator = wishes.oneOf("hw:emulator_threads_policy", wishes.flavor("emulator_threads_policy"), [
    "isolate",
    "share",
  ]);
  const realtime = realtimeCpus(wishes, vcpus, emulator !== undefined);
  const dedicated = dedicatedCpus(wishes, vcpus);
  const isPinned = policy === "dedicated" || policy === "mixed";
  if (!isPinned && threads) wishes.complain("hw:cpu_thread_policy needs hw:cpu_policy=dedicated");
  if (!isPinned && emulator === "isolate") {
    wishes.complain("hw:emulator_threads_policy=isolate needs hw:cpu_policy=dedicated");
  }
  if (!isPinned && realtime) wishes.complain("hw:cpu_realtime needs hw:cpu_policy=dedicated or mixed");
  if (policy !== "mixed" && dedicated) wishes.complain("hw:cpu_dedicated_mask needs hw:cpu_policy=mixed");
  if (policy === "mixed" && Boolean(realtime) === Boolean(dedicated)) {
    wishes.complain("hw:cpu_policy=mixed needs either hw:cpu_dedicated_mask or hw:cpu_realtime_mask");
  }
  const mask = dedicated ?? realtime;
  const isDedicated = (cpu: number) => policy === "dedicated" || (policy === "mixed" && (mask?.has(cpu) ?? false));
  return { policy, threads, isolatesEmulator: isPinned && emulator === "isolate", isDedicated };
}

function cpuPolicy(wishes: HardwareWishes, vcpus: number): CpuPolicy | null {
  const flavor = wishes.oneOf("hw:cpu_policy", wishes.flavor("cpu_policy"), CPU_POLICIES);
  const image = wishes.oneOf("hw_cpu_policy", wishes.image("cpu_policy"), CPU_POLICIES);
  const isForbidden =
    (flavor === "mixed" && image === "dedicated") || (flavor === "shared" && image !== undefined && image !== "shared");
  if (isForbidden) wishes.complain(`the flavor's hw:cpu_policy=${flavor} does not allow the image's ${image}`);
  const explicit = flavor ?? image ?? null;
  const [shared, pinned] = [resource(wishes, "VCPU"), resource(wishes, "PCPU")];
  if (explicit && (shared > 0 || pinned > 0)) {
    wishes.complain("hw:cpu_policy does not go together with resources:VCPU and resources:PCPU");
  }
  if (shared > 0 && pinned > 0) wishes.complain("resources:VCPU and resources:PCPU do not go together");
  if (pinned > 0) {
    const needed = wishes.flavor("emulator_threads_policy") === "isolate" ? vcpus + 1 : vcpus;
    if (pinned !== needed) wishes.complain(`resources:PCPU has to be ${needed}`);
    return "dedicated";
  }
  return shared > 0 ? "shared" : explicit;
}

function threadPolicy(wishes: HardwareWishes): ThreadPolicy | null {
  const flavor = wishes.oneOf("hw:cpu_thread_policy", wishes.flavor("cpu_thread_policy"), THREAD_POLICIES);
  const image = wishes.oneOf("hw_cpu_thread_policy", wishes.image("cpu_thread_policy"), THREAD_POLICIES);
  if (flavor && flavor !== "prefer" && image && image !== flavor) {
    wishes.complain(`the flavor's hw:cpu_thread_policy=${flavor} does not allow the image's ${image}`);
  }
  const explicit = flavor ?? image ?? null;
  const trait = hyperthreading(wishes);
  if (explicit && trait) wishes.complain("hw:cpu_thread_policy and trait:HW_CPU_HYPERTHREADING do not go together");
  if (trait === "forbidden") return "isolate";
  return trait === "required" ? "require" : explicit;
}

function hyperthreading({ specs, properties }: HardwareWishes): string | undefined {
  const spec = Object.entries(specs).find(([key]) => /^trait(?:[1-9]\d*)?:HW_CPU_HYPERTHREADING$/.test(key));
  return spec?.[1] ?? (properties["trait:HW_CPU_HYPERTHREADING"] === "required" ? "required" : undefined);
}

function resource({ specs }: HardwareWishes, resourceClass: string): number {
  const key = new RegExp(`^resources(?:[1-9]\\d*)?:${resourceClass}$`);
  const amounts = Object.entries(specs).flatMap(([name, text]) =>
    key.test(name) && /^\d{1,9}$/.test(text) ? [Number(text)] : [],
  );
  return amounts.reduce((sum, amount) => sum + amount, 0);
}

function dedicatedCpus(wishes: HardwareWishes, vcpus: number): ReadonlySet<number> | undefined {
  const mask = wishes.flavor("cpu_dedicated_mask");
  if (mask === undefined) return undefined;
  const cpus = readCpuMask(mask, vcpus);
  if (!cpus || cpus.size === 0 || cpus.size === vcpus) {
    wishes.complain(`hw:cpu_dedicated_mask is no list of some of the CPUs from 0 to ${vcpus - 1}`);
  }
  return cpus;
}

function realtimeCpus(
  wishes: HardwareWishes,
  vcpus: number,
  hasEmulatorPolicy: boolean,
): ReadonlySet<number> | undefined {
  if (!TRUE.has((wishes.flavor("cpu_realtime") ?? "").trim().toLowerCase())) return undefined;
  const mask = wishes.image("cpu_realtime_mask") ?? wishes.flavor("cpu_realtime_mask") ?? `0-${vcpus - 1}`;
  const cpus = readCpuMask(mask, vcpus);
  if (!cpus || cpus.size === 0 || (cpus.size === vcpus && !hasEmulatorPolicy)) {
    wishes.complain(`hw:cpu_realtime_mask is no list of some of the CPUs from 0 to ${vcpus - 1}`);
  }
  return cpus;
}
