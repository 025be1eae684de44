import type { Channel } from "rabbitmq-client";

/**
 * Ends a channel: in good order, or with its connection where that is lost. The library's own `close` never settles where
 * the connection is lost while something is still to be sent on the channel; that the channel is gone it tells in any case.
 */
export async function closeChannel(channel: Channel): Promise<void> {
  if (!channel.active) return;
  await new Promise<void>((resolve) => {
    channel.once("close", resolve);
    void channel.close();
  });
}
