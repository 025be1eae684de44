import { RequestFilter, type RequestRefusal, type RequestSpec, type ResourceRequestDraft } from "@kilonova/plugin-api";
import { hardwareWish } from "./hardware-wish.js";

/** Asks for hosts with virtio sound devices, where flavor or image has `sound_model` virtio. */
export class VirtioSoundFilter extends RequestFilter {
  override amend(request: RequestSpec, draft: ResourceRequestDraft): RequestRefusal | undefined {
    const model = hardwareWish(request, "sound_model", (text) => text);
    if ("refusal" in model) return model.refusal;
    if (model.value === "virtio") draft.requireTrait("COMPUTE_SOUND_MODEL_VIRTIO");
    return undefined;
  }
}
