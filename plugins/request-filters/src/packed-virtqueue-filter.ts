import { RequestFilter, type RequestRefusal, type RequestSpec, type ResourceRequestDraft } from "@kilonova/plugin-api";
import { isWished } from "./hardware-wish.js";

/** Asks for hosts with packed virtqueues, where flavor or image has `virtio_packed_ring`. */
export class PackedVirtqueueFilter extends RequestFilter {
  override amend(request: RequestSpec, draft: ResourceRequestDraft): RequestRefusal | undefined {
    const wish = isWished(request, "virtio_packed_ring");
    if ("refusal" in wish) return wish.refusal;
    if (wish.value) draft.requireTrait("COMPUTE_NET_VIRTIO_PACKED");
    return undefined;
  }
}
