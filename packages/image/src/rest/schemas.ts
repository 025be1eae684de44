import { declareRoute, type Reply, type RouteRequest, route } from "@kilonova/http";
import { z } from "zod";
import { attributes } from "./attributes.js";
import { imageView } from "./views.js";

const showImageSchema = declareRoute({
  method: "GET",
  path: "/schemas/image",
  policy: "get_schema",
  replies: { 200: z.looseObject({}) },
});
const showImagesSchema = declareRoute({
  method: "GET",
  path: "/schemas/images",
  policy: "get_schema",
  replies: { 200: z.looseObject({}) },
});

/** The documents by which older clients know which attributes an image has. */
export class SchemasController {
  @route(showImageSchema)
  async image(_request: RouteRequest<typeof showImageSchema>): Promise<Reply<typeof showImageSchema>> {
    return { status: 200, body: imageSchema };
  }

  @route(showImagesSchema)
  async images(_request: RouteRequest<typeof showImagesSchema>): Promise<Reply<typeof showImagesSchema>> {
    return { status: 200, body: imagesSchema };
  }
}

const readOnly = Object.fromEntries(
  Object.entries(propertiesIn(imageView)).map(([name, schema]) => [name, { ...schema, readOnly: true }]),
);

const imageSchema = {
  name: "image",
  properties: { ...readOnly, ...propertiesIn(z.object(attributes)) },
  additionalProperties: { type: "string" },
  links: [
    { rel: "self", href: "{self}" },
    { rel: "enclosure", href: "{file}" },
    { rel: "describedby", href: "{schema}" },
  ],
};

const imagesSchema = {
  name: "images",
  properties: {
    images: { type: "array", items: imageSchema },
    first: { type: "string" },
    next: { type: "string" },
    schema: { type: "string" },
  },
  links: [
    { rel: "first", href: "{first}" },
    { rel: "next", href: "{next}" },
    { rel: "describedby", href: "{schema}" },
  ],
};

/** In the draft that those clients understand; a pattern in JavaScript's own dialect is nothing for them. */
function propertiesIn(schema: z.ZodObject): Readonly<Record<string, object>> {
  const { properties = {} } = z.toJSONSchema(schema, {
    target: "draft-4",
    override: ({ jsonSchema }) => {
      delete jsonSchema.pattern;
    },
  });
  return Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, nullableInOne(one as NullableSchema)]),
  );
}

interface NullableSchema {
  readonly anyOf?: readonly { readonly type?: string; readonly enum?: readonly unknown[] }[];
}

/** "Text or null" as those clients write it: one schema of two types. */
function nullableInOne({ anyOf, ...schema }: NullableSchema): object {
  const value = anyOf?.find(({ type }) => type !== "null");
  if (!value) return schema;
  return { ...schema, ...value, type: [value.type, "null"], ...(value.enum ? { enum: [...value.enum, null] } : {}) };
}
