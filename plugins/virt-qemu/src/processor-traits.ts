import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Accelerator } from "./acceleration.js";

/** What each flag of a processor (`/proc/cpuinfo`) is called at Placement, behind `HW_CPU_X86_`. */
const NAMES: Readonly<Record<string, string>> = {
  "3dnow": "3DNOW",
  abm: "ABM",
  aes: "AESNI",
  avx: "AVX",
  avx2: "AVX2",
  avx512_bitalg: "AVX512BITALG",
  avx512_vbmi2: "AVX512VBMI2",
  avx512_vnni: "AVX512VNNI",
  avx512_vpopcntdq: "AVX512VPOPCNTDQ",
  avx512bw: "AVX512BW",
  avx512cd: "AVX512CD",
  avx512dq: "AVX512DQ",
  avx512er: "AVX512ER",
  avx512f: "AVX512F",
  avx512ifma: "AVX512IFMA",
  avx512pf: "AVX512PF",
  avx512vbmi: "AVX512VBMI",
  avx512vl: "AVX512VL",
  bmi1: "BMI",
  bmi2: "BMI2",
  f16c: "F16C",
  fma: "FMA3",
  fma4: "FMA4",
  gfni: "AVX512GFNI",
  mmx: "MMX",
  mpx: "MPX",
  pclmulqdq: "CLMUL",
  pdpe1gb: "PDPE1GB",
  pni: "SSE3",
  rtm: "TSX",
  sha_ni: "SHA",
  sse: "SSE",
  sse2: "SSE2",
  sse4_1: "SSE41",
  sse4_2: "SSE42",
  sse4a: "SSE4A",
  ssse3: "SSSE3",
  tbm: "TBM",
  vaes: "AVX512VAES",
  vpclmulqdq: "AVX512VPCLMULQDQ",
  xop: "XOP",
};

/**
 * What guests find in their processor, as traits. With KVM they have the host's own, so these are its flags; an emulated
 * processor has whatever this QEMU emulates, slowly: nothing is promised of it.
 *
 * @param root where `proc` is: `/`, but for tests.
 */
export async function processorTraits(accelerator: Accelerator, root = "/"): Promise<readonly string[]> {
  if (accelerator !== "kvm") return [];
  const cpuinfo = await readFile(join(root, "proc/cpuinfo"), "utf8").catch(() => "");
  const [, flags = ""] = /^flags\s*:(.*)$/m.exec(cpuinfo) ?? [];
  const names = flags.split(/\s+/).flatMap((flag) => (Object.hasOwn(NAMES, flag) ? [`HW_CPU_X86_${NAMES[flag]}`] : []));
  return names.sort();
}
