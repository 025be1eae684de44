import { declareRoute, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";

const showImport = declareRoute({
  method: "GET",
  path: "/info/import",
  policy: "get_images",
  replies: {
    200: z.object({
      "import-methods": z.object({ description: z.string(), type: z.literal("array"), value: z.array(z.string()) }),
    }),
  },
});
const showStores = declareRoute({
  method: "GET",
  path: "/info/stores",
  policy: "get_images",
  replies: { 200: z.object({ stores: z.array(z.object({ id: z.string(), default: z.literal("true") })) }) },
});

/** What clients ask before they choose a way to bring an image. */
export class InfoController {
  @route(showImport)
  async import(_request: RouteRequest<typeof showImport>): Promise<Reply<typeof showImport>> {
    const methods = { description: "Import methods available.", type: "array" as const, value: [] };
    return { status: 200, body: { "import-methods": methods } };
  }

  @route(showStores)
  async stores(_request: RouteRequest<typeof showStores>): Promise<Reply<typeof showStores>> {
    return { status: 200, body: { stores: [{ id: "default", default: "true" }] } };
  }
}
