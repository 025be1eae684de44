import type { ImageService } from "@kilonova/contracts";
import { patientCall } from "@kilonova/core";
import { KilonovaError, type RequestContext, type RpcClient } from "@kilonova/messaging";
import type { ClientTls, Clock, GuestImage, ImageSource } from "@kilonova/plugin-api";

/** Images of servers, as a virt driver is given them. */
export class ServerImages {
  constructor(
    private readonly image: RpcClient<ImageService>,
    private readonly clock: Clock,
    private readonly tls: ClientTls | undefined,
  ) {}

  /**
   * The image, and a ticket for its bytes when the driver asks for it.
   *
   * @throws KilonovaError `image.unavailable`, `details.reason` being `content`: no host can have it
   */
  async find(context: RequestContext, imageId: string | null): Promise<GuestImage | null> {
    if (imageId === null) return null;
    const found = await patientCall(this.clock, context.signal, () => this.image.call.getImage(context, { imageId }));
    if (!found.ok) throw unavailable(`Image ${imageId} could not be found.`);
    return { image: found.value, source: () => this.#source(context, imageId) };
  }

  async #source(context: RequestContext, imageId: string): Promise<ImageSource> {
    const issued = await patientCall(this.clock, context.signal, () =>
      this.image.call.issueTicket(context, { imageId }),
    );
    if (issued.ok) {
      const headers = { authorization: `Bearer ${issued.value.ticket}` };
      return { url: issued.value.url, headers, ...(this.tls ? { tls: this.tls } : {}) };
    }
    if (issued.refusal === "imageNotFound") throw unavailable(`Image ${imageId} could not be found.`);
    throw unavailable(`Image ${imageId} is ${issued.details.status}, not active.`);
  }
}

function unavailable(words: string): KilonovaError {
  return new KilonovaError("image.unavailable", words, { details: { reason: "content" } });
}
