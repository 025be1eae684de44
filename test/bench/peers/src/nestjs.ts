import "reflect-metadata";
import { Controller, Logger, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import {
  ClientProxyFactory,
  Ctx,
  Payload as Data,
  EventPattern,
  MessagePattern,
  RmqContext,
  type RmqOptions,
  Transport,
} from "@nestjs/microservices";
import { firstValueFrom } from "rxjs";
import { type Payload, runPeer } from "./peer-program.js";

// Nest makes the controller itself.
let countCast = () => {};

@Controller()
class BenchController {
  @MessagePattern("echo")
  echo(@Data() payload: Payload): Payload {
    return payload;
  }

  @EventPattern("tick")
  tick(@Data() _payload: Payload, @Ctx() context: unknown): void {
    if (!(context instanceof RmqContext)) throw new Error("not over RabbitMQ");
    countCast();
    context.getChannelRef().ack(context.getMessage());
  }
}

@Module({ controllers: [BenchController] })
class BenchModule {}

/** Calls as they are by default: acknowledged by nobody, and lost with the broker. */
function calls(url: string, topic: string): RmqOptions {
  return {
    transport: Transport.RMQ,
    options: { urls: [url], queue: `nestjs.${topic}.call`, queueOptions: { durable: false, autoDelete: true } },
  };
}

/** Casts with the promises that Kilonova makes: a quorum queue, confirmed, acknowledged after the work. */
function casts(url: string, topic: string, noAck: boolean): RmqOptions {
  return {
    transport: Transport.RMQ,
    options: {
      urls: [url],
      queue: `nestjs.${topic}.cast`,
      queueOptions: { durable: true, arguments: { "x-queue-type": "quorum", "x-delivery-limit": 20 } },
      persistent: true,
      noAck,
      prefetchCount: 64,
    },
  };
}

// Standard output belongs to the answers.
Logger.overrideLogger(false);

await runPeer({
  async serve(url, topic, worked) {
    countCast = worked;
    for (const options of [calls(url, topic), casts(url, topic, false)]) {
      const application = await NestFactory.createMicroservice(BenchModule, options);
      await application.listen();
    }
  },
  async connect(url, topic) {
    const caller = ClientProxyFactory.create(calls(url, topic));
    // Answers are not acknowledged: the direct reply-to of RabbitMQ knows no other way.
    const caster = ClientProxyFactory.create(casts(url, topic, true));
    await caller.connect();
    await caster.connect();
    return {
      call: (payload) => firstValueFrom(caller.send<Payload>("echo", payload)),
      cast: async (payload) => {
        await firstValueFrom(caster.emit("tick", payload), { defaultValue: undefined });
      },
    };
  },
});
