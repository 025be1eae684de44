import { RequestFilter, type RequestRefusal, type RequestSpec, type ResourceRequestDraft } from "@kilonova/plugin-api";
import { hardwareWish } from "./hardware-wish.js";

const LEVELS = ["user", "host", "deployment"];

/**
 * For servers with a virtual TPM (`tpm_version` of flavor or image): asks for hosts that keep its secret as the flavor's
 * `hw:tpm_secret_security` says, or `user`.
 */
export class TpmSecretSecurityFilter extends RequestFilter {
  override amend(request: RequestSpec, draft: ResourceRequestDraft): RequestRefusal | undefined {
    const version = hardwareWish(request, "tpm_version", (text) => text);
    if ("refusal" in version) return version.refusal;
    if (version.value === undefined) return undefined;
    const level = request.flavor.extraSpecs["hw:tpm_secret_security"] || "user";
    if (!LEVELS.includes(level)) {
      return { code: "bad-tpm-secret-security", words: `there is no TPM secret security ${JSON.stringify(level)}` };
    }
    draft.requireTrait(`COMPUTE_SECURITY_TPM_SECRET_SECURITY_${level.toUpperCase()}`);
    return undefined;
  }
}
