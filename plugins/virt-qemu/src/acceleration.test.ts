import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseAcceleration } from "./acceleration.js";

describe("chooseAcceleration", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "kilonova-acceleration-"));
  });
  afterEach(() => rm(root, { recursive: true }));

  async function machine(files: Record<string, string>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    }
  }

  it("takes KVM where its module for the processor is loaded", async () => {
    await machine({ "dev/kvm": "", "sys/module/kvm_amd/parameters": "" });
    expect(await chooseAcceleration("auto", root)).toMatchObject({ accelerator: "kvm" });
  });

  it("takes KVM where the processor has the extensions", async () => {
    await machine({ "dev/kvm": "", "proc/cpuinfo": "processor : 0\nflags\t\t: fpu vmx sse\n" });
    expect(await chooseAcceleration("auto", root)).toMatchObject({ accelerator: "kvm" });
  });

  it("does not trust a /dev/kvm without the processor's extensions", async () => {
    await machine({ "dev/kvm": "", "sys/module/kvm_pvm/x": "", "proc/cpuinfo": "flags : fpu sse\nvmx flags : none\n" });
    expect(await chooseAcceleration("auto", root)).toMatchObject({
      accelerator: "tcg",
      reason: expect.stringContaining("neither vmx nor svm"),
    });
  });

  it("takes TCG where there is no /dev/kvm, and where it is asked for", async () => {
    expect(await chooseAcceleration("auto", root)).toEqual({ accelerator: "tcg", reason: "there is no /dev/kvm" });
    await machine({ "dev/kvm": "", "sys/module/kvm_intel/x": "" });
    expect(await chooseAcceleration("qemu", root)).toMatchObject({ accelerator: "tcg" });
  });

  it("refuses KVM that is demanded and does not run guests, and says what to do", async () => {
    await expect(chooseAcceleration("kvm", root)).rejects.toMatchObject({
      code: "virt.failed",
      message: "virtType is kvm, but there is no /dev/kvm; set virtType to auto or qemu",
    });
  });
});
