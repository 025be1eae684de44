import { type ImageService, imageContract } from "@kilonova/contracts";
import { type Database, databaseOf } from "@kilonova/database";
import { type Args, type Handlers, ok, type RequestContext, type Result, refused } from "@kilonova/messaging";
import {
  CLOCK,
  type Clock,
  driver,
  type ImageStore,
  inject,
  LOGGER,
  type Logger,
  Manager,
  manager,
  options,
  periodicTask,
  rpcMethod,
} from "@kilonova/plugin-api";
import { dataUrl } from "./data-url.js";
import { DiscardedData } from "./discarded-data.js";
import { imageOf } from "./image-of.js";
import { Images } from "./images.js";
import { type ImageOptions, imageOptions } from "./options.js";
import { Tickets, ticketKeysOf } from "./tickets.js";
import { Uploads } from "./uploads.js";

/** Answers what other services ask of image, and clears up after uploads that died. */
@manager(imageContract)
export class ImageManager extends Manager implements Handlers<ImageService> {
  readonly #images: Images;
  readonly #uploads: Uploads;
  readonly #discarded: DiscardedData;
  readonly #tickets: Tickets;

  constructor(
    @inject(databaseOf("image")) database: Database,
    @inject(CLOCK) clock: Clock,
    @inject(LOGGER) private readonly logger: Logger,
    @options(imageOptions) private readonly settings: ImageOptions,
    @driver("image.store") store: ImageStore,
  ) {
    super();
    this.#images = new Images(database);
    this.#uploads = new Uploads(database);
    this.#discarded = new DiscardedData(database, store, logger);
    this.#tickets = new Tickets(ticketKeysOf(database), clock, settings.ticketLifetime);
  }

  override async initHost(context: RequestContext): Promise<void> {
    await this.clearUp(context);
  }

  @rpcMethod()
  async getImage(
    context: RequestContext,
    { imageId }: Args<ImageService, "getImage">,
  ): Promise<Result<ImageService, "getImage">> {
    const found = await this.#images.find(context, imageId);
    return found ? ok(imageOf(found)) : refused("imageNotFound", { imageId });
  }

  @rpcMethod()
  async issueTicket(
    context: RequestContext,
    { imageId }: Args<ImageService, "issueTicket">,
  ): Promise<Result<ImageService, "issueTicket">> {
    const found = await this.#images.find(context, imageId);
    if (!found) return refused("imageNotFound", { imageId });
    if (found.status !== "active") return refused("imageNotActive", { imageId, status: found.status });
    const { ticket, expiresAt } = await this.#tickets.issue(imageId);
    return ok({
      url: dataUrl(this.settings.publicEndpoint, imageId),
      ticket,
      expiresAt: new Date(expiresAt).toISOString(),
    });
  }

  /** Images whose upload died are queued again; bytes that no image has are removed. */
  @periodicTask({ every: "15s" })
  async clearUp(context: RequestContext): Promise<void> {
    const abandoned = await this.#uploads.putBackAbandoned();
    if (abandoned > 0) this.logger.warn({ abandoned }, "images whose upload died are queued again");
    await this.#discarded.removeDue(context.signal);
  }
}
