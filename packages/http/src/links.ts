/** Makes absolute links out of the configured public endpoint, never out of what a request says of itself. */
export class Links {
  /**
   * @param endpointOf answers how users reach the listener, without a slash at the end; asked when a link is made, for
   *   a listener on any free port knows its own only then
   * @param rootPath of the web service: `/compute/v2.1`
   */
  constructor(
    private readonly endpointOf: () => string,
    private readonly rootPath: string,
  ) {}

  /** The web service's root as its users reach it, without a slash at the end. */
  get root(): string {
    return this.endpointOf() + this.rootPath;
  }

  /** The link of something below the web service's root: `links.to("/servers/7")`. */
  to(path: string): string {
    return this.root + path;
  }

  /** The same without the version: `links.bookmark("/servers/7")` is `http://…/compute/servers/7`. */
  bookmark(path: string): string {
    return this.root.slice(0, this.root.lastIndexOf("/")) + path;
  }
}
