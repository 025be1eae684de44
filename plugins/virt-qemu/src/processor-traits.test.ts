import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processorTraits } from "./processor-traits.js";

describe("processorTraits", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "kilonova-processor-"));
    await mkdir(join(root, "proc"));
  });
  afterEach(() => rm(root, { recursive: true }));

  const flags = (line: string) => writeFile(join(root, "proc/cpuinfo"), `processor : 0\n${line}\nbugs : spectre_v1\n`);

  it("names the flags of the host's processor where guests have it as it is", async () => {
    await flags("flags\t\t: fpu sse2 pni avx512_vnni hypervisor sha_ni");
    expect(await processorTraits("kvm", root)).toEqual([
      "HW_CPU_X86_AVX512VNNI",
      "HW_CPU_X86_SHA",
      "HW_CPU_X86_SSE2",
      "HW_CPU_X86_SSE3",
    ]);
  });

  it("promises nothing of an emulated processor", async () => {
    await flags("flags : sse2");
    expect(await processorTraits("tcg", root)).toEqual([]);
  });

  it("promises nothing where the flags cannot be read", async () => {
    expect(await processorTraits("kvm", root)).toEqual([]);
    await flags("vmx flags : ept");
    expect(await processorTraits("kvm", root)).toEqual([]);
  });
});
