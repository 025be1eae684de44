import type { LiveImage } from "./live-image.js";

/** Asks the Image API as somebody, over its real port. For tests. */
export class ApiClient {
  constructor(
    private readonly image: Pick<LiveImage, "url">,
    /** `ann/alpha/member` */
    private readonly token: string,
  ) {}

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const isRaw = body === undefined || body instanceof Uint8Array || typeof body === "string";
    const response = await fetch(this.image.url + path, {
      method,
      headers: {
        "X-Auth-Token": this.token,
        ...(body === undefined ? {} : { "Content-Type": isRaw ? "application/octet-stream" : "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: (isRaw ? body : JSON.stringify(body)) as NonNullable<RequestInit["body"]> }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") ?? false;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** The id of a new image. */
  async create(values: object = {}): Promise<string> {
    const { status, body } = await this.ask("POST", "/images", { ...bootable, ...values });
    if (status !== 201) throw new Error(`${status}: ${JSON.stringify(body)}`);
    return String((body as { id: unknown }).id);
  }

  patch(id: string, ...operations: readonly object[]): Promise<Answer> {
    const type = { "Content-Type": "application/openstack-images-v2.1-json-patch" };
    return this.ask("PATCH", `/images/${id}`, operations, type);
  }

  async statusOf(id: string): Promise<unknown> {
    const { body } = await this.ask("GET", `/images/${id}`);
    return (body as { status: unknown }).status;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

const bootable = { name: "cirros", disk_format: "raw", container_format: "bare" };
