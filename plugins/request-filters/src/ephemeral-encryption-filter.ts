import { RequestFilter, type RequestRefusal, type RequestSpec, type ResourceRequestDraft } from "@kilonova/plugin-api";
import { hardwareWish, isWished } from "./hardware-wish.js";

const TRAIT = "COMPUTE_EPHEMERAL_ENCRYPTION";
const FORMATS = ["luks", "plain"];

/** Asks for hosts that encrypt ephemeral disks, and in the format, where flavor or image has `ephemeral_encryption`. */
export class EphemeralEncryptionFilter extends RequestFilter {
  override amend(request: RequestSpec, draft: ResourceRequestDraft): RequestRefusal | undefined {
    const wish = isWished(request, "ephemeral_encryption");
    if ("refusal" in wish) return wish.refusal;
    if (!wish.value) return undefined;
    const format = hardwareWish(request, "ephemeral_encryption_format", (text) => text);
    if ("refusal" in format) return format.refusal;
    if (format.value !== undefined && !FORMATS.includes(format.value)) {
      const words = `there is no ephemeral encryption format ${JSON.stringify(format.value)}`;
      return { code: "bad-encryption-format", words };
    }
    draft.requireTrait(TRAIT);
    if (format.value !== undefined) draft.requireTrait(`${TRAIT}_${format.value.toUpperCase()}`);
    return undefined;
  }
}
