import { type Database, databaseOf } from "@kilonova/database";
import {
  imageDiscovery,
  imageFaults,
  TokenAuthenticator,
  type WebService,
  type WebServiceFactory,
} from "@kilonova/http";
import type { Rpc } from "@kilonova/messaging";
import {
  CLOCK,
  type Clock,
  driver,
  type ImageStore,
  inject,
  LOGGER,
  type Logger,
  options,
  RPC,
} from "@kilonova/plugin-api";
import { IMAGE_ROOT } from "./data-url.js";
import { DiscardedData } from "./discarded-data.js";
import { ImageReceiver } from "./image-receiver.js";
import { Images } from "./images.js";
import { type ImageOptions, imageOptions } from "./options.js";
import { ImageActionsController } from "./rest/image-actions.js";
import { ImageDataController } from "./rest/image-data.js";
import { ImageTagsController } from "./rest/image-tags.js";
import { ImagesController } from "./rest/images.js";
import { InfoController } from "./rest/info.js";
import { imagePolicies } from "./rest/policies.js";
import { SchemasController } from "./rest/schemas.js";
import { TicketAuthenticator } from "./ticket-authenticator.js";
import { Tickets, ticketKeysOf } from "./tickets.js";
import { Uploads } from "./uploads.js";

/** Newest first. */
const VERSIONS = ["v2.9", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0"];

/** The Image API, version 2. */
export class ImageWeb implements WebServiceFactory {
  constructor(
    @inject(databaseOf("image")) private readonly database: Database,
    @inject(RPC) private readonly rpc: Rpc,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly logger: Logger,
    @options(imageOptions) private readonly settings: ImageOptions,
    @driver("image.store") private readonly store: ImageStore,
  ) {}

  webService(): WebService {
    const { database, rpc, clock, logger, settings, store } = this;
    const limit = Math.floor(settings.maxSizeGb * 2 ** 30);
    const images = new Images(database);
    const receiver = new ImageReceiver(new Uploads(database), store, clock, logger, limit);
    const tickets = new Tickets(ticketKeysOf(database), clock, settings.ticketLifetime);
    return {
      name: "image",
      root: IMAGE_ROOT,
      controllers: [
        new ImagesController(database, images, new DiscardedData(database, store, logger)),
        new ImageDataController(images, receiver, store, limit),
        new ImageActionsController(images),
        new ImageTagsController(images),
        new SchemasController(),
        new InfoController(),
      ],
      faultStyle: imageFaults,
      authenticators: [new TokenAuthenticator(rpc, clock), new TicketAuthenticator(tickets)],
      policies: imagePolicies,
      discovery: imageDiscovery(VERSIONS),
    };
  }
}
