import { createServer } from "node:net";
import { KilonovaError, messageOf } from "@kilonova/messaging";

/**
 * The port itself, or, for 0, one that is free: so that a port that is taken is said before anything has been started.
 *
 * @throws KilonovaError `listen.failed`
 */
export async function freePort(host: string, port: number): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const words = `Port ${port} of ${host} cannot be listened on (${messageOf(cause)}). Stop what uses it, or choose another by --http.host and --http.port.`;
      reject(new KilonovaError("listen.failed", words, { cause }));
    });
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}
