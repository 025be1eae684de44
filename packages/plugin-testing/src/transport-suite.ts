import assert from "node:assert/strict";
import {
  DELIVERY_LIMIT,
  type DeadLetter,
  type DeadLetterObserver,
  isKilonovaError,
  KilonovaError,
  type Transport,
} from "@kilonova/messaging";
import { isOfKind } from "@kilonova/plugin-api";
import type { ContractCheck } from "./contract-check.js";
import { Mailbox } from "./mailbox.js";
import { rejectsWith, soon } from "./settled.js";
import { type MakeTransport, patient, TransportWorld, uniqueTopic } from "./transport-world.js";

/** What every transport promises, as checks for any test runner. */
export function transportSuite(
  makeTransport: MakeTransport,
  options: { readonly newTopic?: () => string } = {},
): readonly ContractCheck[] {
  return Object.entries({ ...calls, ...addressing, ...casts, ...deadLetters, ...watching, ...endings }).map(
    ([name, check]) => ({
      name,
      run: async () => {
        const world = new TransportWorld(makeTransport, options.newTopic ?? uniqueTopic);
        try {
          await check(world);
        } finally {
          await world.end();
        }
      },
    }),
  );
}

type Checks = Readonly<Record<string, (world: TransportWorld) => Promise<void>>>;

const calls: Checks = {
  "a transport says that it is one": async (world) => {
    assert.ok(isOfKind(await world.transport(), "transport"), "its class says nothing of its kind");
  },

  "a call is answered by who listens": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    await server.listen({ topic: world.topic, server: "one" }, async ({ kind, body }) => `${kind} of ${body}`);
    assert.equal(await client.call({ topic: world.topic }, "tea", patient()), "call of tea");
  },

  "messages of each kind tell who sent them just where the transport vouches for it": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    const heard = new Mailbox<boolean>();
    await server.listen({ topic: world.topic, server: "one" }, async ({ sender }) => {
      heard.put(sender !== undefined);
      return "heard";
    });
    await client.call({ topic: world.topic }, "x", patient());
    await client.cast({ topic: world.topic }, "x");
    await client.fanout(world.topic, "x");
    for (const kind of ["call", "cast", "fanout"])
      assert.equal(await heard.take(`the ${kind}`), server.vouchesForSenders ?? false, `the sender of a ${kind}`);
  },

  "a body of 1 MiB and every kind of character go both ways unharmed": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    await server.listen({ topic: world.topic, server: "one" }, async ({ body }) => body);
    const body = `${'Grüße, 世界 \u{1F30C} \u0000\r\n"\\ '.repeat(50_000)}${"x".repeat(2 ** 20)}`;
    assert.ok((await client.call({ topic: world.topic }, body, patient())) === body, "the body came back changed");
    assert.equal(await client.call({ topic: world.topic }, "", patient()), "");
  },

  "many calls at the same time each get their own answer": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    await server.listen({ topic: world.topic, server: "one" }, async ({ body }) => `answer ${body}`);
    const numbers = Array.from({ length: 500 }, (_, number) => String(number));
    const answers = await Promise.all(numbers.map((body) => client.call({ topic: world.topic }, body, patient())));
    assert.deepEqual(
      answers,
      numbers.map((body) => `answer ${body}`),
    );
  },

  "a beat reaches the caller before the answer does": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    const { held } = await world.hold(server, "one");
    const beats = new Mailbox<string>();
    const answer = client.call({ topic: world.topic }, "long", patient({ onBeat: () => beats.put("beat") }));
    const work = await held.take("the call");
    for (const nth of ["first", "second"]) {
      work.delivery.beat();
      await beats.take(`the ${nth} beat`);
    }
    work.finish("done");
    assert.equal(await soon("the answer", answer), "done");
  },

  "a call whose time is up fails, and its late answer harms nobody": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    const { held } = await world.hold(server, "one");
    await rejectsWith("rpc.deadlineExceeded", client.call({ topic: world.topic }, "slow", { timeLeft: 100 }));
    const next = client.call({ topic: world.topic }, "next", patient());
    (await held.take("the slow call")).finish("late");
    (await held.take("the next call")).finish("in time");
    assert.equal(await soon("the next answer", next), "in time");
  },

  "a call that its caller gives up fails at once": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    const { held } = await world.hold(server, "one");
    const caller = new AbortController();
    const answer = client.call({ topic: world.topic }, "unwanted", patient({ signal: caller.signal }));
    const work = await held.take("the call");
    caller.abort();
    await rejectsWith("rpc.cancelled", answer);
    work.finish();
    await rejectsWith("rpc.cancelled", client.call({ topic: world.topic }, "x", patient({ signal: caller.signal })));
  },

  "a call whose handler breaks fails with rpc.failed": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    await server.listen({ topic: world.topic, server: "one" }, async () => {
      throw new Error("the handler broke");
    });
    await rejectsWith("rpc.failed", client.call({ topic: world.topic }, "x", patient()));
  },

  "a call fails where nobody ever listened, on the topic or on that host": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    await rejectsWith("rpc.noListener", client.call({ topic: world.topic }, "x", patient()));
    await server.listen({ topic: world.topic, server: "one" }, async () => "here");
    await rejectsWith("rpc.noListener", client.call({ topic: world.topic, server: "two" }, "x", patient()));
    assert.equal(await client.call({ topic: world.topic, server: "one" }, "x", patient()), "here");
  },

  "a call fails once the only listener has stopped, and once it has died": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    const listener = await server.listen({ topic: world.topic, server: "one" }, async () => "here");
    await listener.stop();
    await unheard(client, world.topic, "one");
    await server.listen({ topic: world.topic, server: "one" }, async () => "here again");
    assert.equal(await client.call({ topic: world.topic }, "x", patient()), "here again");
    await server.close();
    await unheard(client, world.topic, "one");
  },
};

const addressing: Checks = {
  "listeners of a topic share its calls and casts": async (world) => {
    const client = await world.transport();
    const begun = new Mailbox<{ readonly server: string; readonly finish: (answer: string) => void }>();
    for (const server of ["one", "two"]) {
      const transport = await world.transport();
      const work = () => new Promise<string>((finish) => begun.put({ server, finish }));
      await transport.listen({ topic: world.topic, server }, work, { concurrency: 5 });
    }
    const bodies = Array.from({ length: 10 }, (_, number) => String(number));
    const send: Readonly<Record<"call" | "cast", (body: string) => Promise<unknown>>> = {
      call: (body) => client.call({ topic: world.topic }, body, patient()),
      cast: (body) => client.cast({ topic: world.topic }, body),
    };
    // One alone may work on half of them only: none ends before all are begun.
    for (const kind of ["call", "cast"] as const) {
      const sent = bodies.map(send[kind]);
      const works = [];
      for (const body of bodies) works.push(await begun.take(`${kind} ${body} of ${bodies.length}`));
      assert.deepEqual(new Set(works.map(({ server }) => server)), new Set(["one", "two"]));
      for (const { finish } of works) finish("done");
      await Promise.all(sent);
    }
    assert.equal(begun.length, 0, "a message was worked on twice");
  },

  "what is addressed to a host reaches that host alone, whatever its name": async (world) => {
    const client = await world.transport();
    const names = ["node1.example.org", "two words", "ü/\\#*?%", "h".repeat(250), `${"h".repeat(249)}i`];
    const done = new Mailbox<string>();
    for (const name of names) {
      const transport = await world.transport();
      await transport.listen({ topic: world.topic, server: name }, async ({ kind }) => {
        if (kind === "cast") done.put(name);
        return name;
      });
    }
    for (const server of names) {
      assert.equal(await client.call({ topic: world.topic, server }, "who?", patient()), server);
      await client.cast({ topic: world.topic, server }, "work");
      assert.equal(await done.take(`the cast for ${server}`), server);
    }
  },

  "a fanout reaches everyone who listens now": async (world) => {
    const client = await world.transport();
    await client.fanout(world.topic, "too early");
    const heard = new Mailbox<string>();
    for (const server of ["one", "two", "three"]) {
      const transport = await world.transport();
      await transport.listen({ topic: world.topic, server }, async ({ kind, body }) => {
        heard.put(`${server} ${kind} ${body}`);
        return undefined;
      });
    }
    await client.fanout(world.topic, "news");
    const all = [await heard.take("one"), await heard.take("two"), await heard.take("three")];
    assert.deepEqual(all.sort(), ["one fanout news", "three fanout news", "two fanout news"]);
  },
};

const casts: Checks = {
  "a cast waits for the first listener, of the topic or of the host": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    await client.cast({ topic: world.topic }, "for anyone");
    await client.cast({ topic: world.topic, server: "one" }, "for one");
    const { held } = await world.hold(server, "one");
    const works = [await held.take("the first"), await held.take("the second")];
    for (const work of works) work.finish();
    assert.deepEqual(works.map(({ delivery }) => delivery.body).sort(), ["for anyone", "for one"]);
    assert.ok(works.every(({ delivery }) => delivery.kind === "cast" && !delivery.redelivered));
  },

  "a cast whose listener dies at work is delivered to another": async (world) => {
    const [client, first, second] = [await world.transport(), await world.transport(), await world.transport()];
    const dying = await world.hold(first, "one");
    await client.cast({ topic: world.topic }, "work");
    assert.equal((await dying.held.take("the first delivery")).delivery.redelivered, false);
    const { held } = await world.hold(second, "two");
    await first.close();
    const { delivery, finish } = await held.take("the second delivery");
    assert.equal(delivery.body, "work");
    assert.equal(delivery.redelivered, true);
    finish();
  },

  "a cast to a host whose listener dies at work waits for the host to come back": async (world) => {
    const [client, first, second] = [await world.transport(), await world.transport(), await world.transport()];
    const dying = await world.hold(first, "one");
    await client.cast({ topic: world.topic, server: "one" }, "work");
    await dying.held.take("the first delivery");
    await first.close();
    const { held } = await world.hold(second, "one");
    const { delivery, finish } = await held.take("the second delivery");
    assert.deepEqual([delivery.body, delivery.redelivered], ["work", true]);
    finish();
  },

  "a cast that is done is not delivered again": async (world) => {
    const [client, first, second] = [await world.transport(), await world.transport(), await world.transport()];
    const { held, listener } = await world.hold(first, "one");
    await client.cast({ topic: world.topic }, "once");
    (await held.take("the delivery")).finish();
    await listener.stop();
    await first.close();
    const after = await world.hold(second, "one");
    await client.cast({ topic: world.topic }, "next");
    const { delivery, finish } = await after.held.take("the next cast");
    assert.equal(delivery.body, "next");
    finish();
  },

  "a cast that fails is delivered again, up to the limit, and others go on": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    for (const address of [{ topic: world.topic }, { topic: world.topic, server: "one" }]) {
      const deliveries = new Mailbox<string>();
      const listener = await server.listen({ topic: world.topic, server: "one" }, async ({ body, redelivered }) => {
        deliveries.put(`${body} ${redelivered ? "again" : "first"}`);
        if (body !== "good") throw new Error("failed as the check wants it");
        return undefined;
      });
      await client.cast(address, "bad");
      assert.equal(await deliveries.take("the first try"), "bad first");
      await client.cast(address, "good");
      const tries = [await deliveries.take("a delivery"), await deliveries.take("a delivery")];
      assert.deepEqual(tries.sort(), ["bad again", "good first"]);
      for (let tried = 2; tried < DELIVERY_LIMIT; tried++) {
        assert.equal(await deliveries.take(`try ${tried + 1}`), "bad again");
      }
      // A listener that stops gives back what it has not finished: had the bad one a try left, it would come first now.
      await listener.stop();
      await client.cast(address, "next");
      const after = await world.hold(server, "one");
      const { delivery, finish } = await after.held.take("the next cast");
      assert.equal(delivery.body, "next");
      finish();
      await after.listener.stop();
    }
  },

  "no more is worked on at the same time than the listener wants": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    let running = 0;
    let most = 0;
    await server.listen(
      { topic: world.topic, server: "one" },
      async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return "done";
      },
      { concurrency: 3 },
    );
    const all = Array.from({ length: 60 }, () => client.call({ topic: world.topic }, "x", patient()));
    await soon("all answers", Promise.all(all));
    assert.equal(most, 3);
  },
};

/** For transports that keep dead letters: of one that does not, these hold by default. */
const deadLetters: Checks = {
  "a cast that failed too often is kept as a dead letter, with what it was and why": async (world) => {
    const transport = await world.transport();
    if (!transport.deadLetters) return;
    const unlucky = async () => {
      throw new Error("no such luck at amqp://ada:s3cret@broker");
    };
    const told = new Mailbox<Parameters<DeadLetterObserver>[0]>();
    const onDeadLetter: DeadLetterObserver = ({ deliveries, reason, body }) => told.put({ deliveries, reason, body });
    await transport.listen({ topic: world.topic, server: "one" }, unlucky, { onDeadLetter });
    await transport.cast({ topic: world.topic, server: "one" }, "unlucky");
    const [letter, ...others] = await lettersOf(transport, world.topic, 1);
    assert.deepEqual(others, []);
    assert.ok(letter);
    const { id, at, ...rest } = letter;
    assert.ok(id.length > 0 && at > 0, `a letter without id or time: ${id} at ${at}`);
    const reason = "no such luck at amqp://ada:***@broker";
    const dead = { deliveries: DELIVERY_LIMIT, reason, body: "unlucky" };
    assert.deepEqual(rest, { address: { topic: world.topic, server: "one" }, ...dead });
    assert.deepEqual(await told.take("what is told of the letter"), dead);
    assert.deepEqual(await transport.deadLetters.list(world.topic, 10), [letter], "looking at it changed it");
  },

  "a cast that nobody can ever do is a dead letter at once": async (world) => {
    const transport = await world.transport();
    if (!transport.deadLetters) return;
    let deliveries = 0;
    await transport.listen({ topic: world.topic, server: "one" }, async () => {
      deliveries++;
      throw new KilonovaError("rpc.unknownMethod", "there is no method fly.");
    });
    await transport.cast({ topic: world.topic }, "hopeless");
    const [letter] = await lettersOf(transport, world.topic, 1);
    assert.equal(deliveries, 1);
    assert.equal(letter?.reason, "rpc.unknownMethod: there is no method fly.");
    assert.deepEqual(letter.address, { topic: world.topic });
  },

  "a dead letter is cast again when somebody says so, and another is dropped, each once": async (world) => {
    const transport = await world.transport();
    const box = transport.deadLetters;
    if (!box) return;
    const done = new Mailbox<string>();
    let isMended = false;
    await transport.listen({ topic: world.topic, server: "one" }, async ({ body, redelivered }) => {
      if (!isMended) throw new KilonovaError("rpc.unknownMethod", "not yet.");
      done.put(`${body} ${redelivered}`);
      return undefined;
    });
    for (const body of ["first", "second", "third"]) await transport.cast({ topic: world.topic, server: "one" }, body);
    const letters = await lettersOf(transport, world.topic, 3);
    const idOf = (body: string) => letters.find((letter) => letter.body === body)?.id ?? "";
    isMended = true;
    assert.equal(await box.retry(world.topic, idOf("second")), true);
    assert.equal(await done.take("the letter that was cast again"), "second false");
    assert.equal(await box.retry(world.topic, idOf("second")), false);
    assert.equal(await box.drop(world.topic, idOf("first")), true);
    assert.equal(await box.drop(world.topic, idOf("first")), false);
    const left = await box.list(world.topic, 10);
    assert.deepEqual(
      left.map(({ body }) => body),
      ["third"],
    );
  },
};

/** Waits until there are so many. A broker tells nobody when one comes. */
async function lettersOf(transport: Transport, topic: string, howMany: number): Promise<readonly DeadLetter[]> {
  const look = async (): Promise<readonly DeadLetter[]> => {
    const letters = (await transport.deadLetters?.list(topic, 10)) ?? [];
    if (letters.length >= howMany) return letters;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return look();
  };
  return soon(`${howMany} dead letters`, look());
}

/** Where a transport cannot tell, there is nothing to check. */
const watching: Checks = {
  "what waits is told for each queue that a listener has, and for none when it has stopped": async (world) => {
    const transport = await world.transport();
    if (!transport.queueDepths) return;
    const listener = await transport.listen({ topic: world.topic, server: "one" }, async () => undefined);
    const told = async () =>
      (await transport.queueDepths?.())?.filter(
        ({ address, kind }) => address.topic === world.topic && kind === "cast",
      );
    const depths = (await told()) ?? [];
    const empty = { kind: "cast", messages: 0 };
    assert.deepEqual(
      [...depths].sort((one, other) => (one.address.server ?? "").localeCompare(other.address.server ?? "")),
      [
        { address: { topic: world.topic }, ...empty },
        { address: { topic: world.topic, server: "one" }, ...empty },
      ],
    );
    await listener.stop();
    assert.deepEqual(await told(), []);
  },

  "it can be reached while it is connected, and not after it was closed": async (world) => {
    const transport = await world.transport();
    if (!transport.check) return;
    await transport.listen({ topic: world.topic, server: "one" }, async () => undefined);
    await transport.check();
    await transport.close();
    await rejectsWith("transport.closed", transport.check());
  },
};

const endings: Checks = {
  "a listener that stops finishes what it took and takes nothing new": async (world) => {
    const [client, first, second] = [await world.transport(), await world.transport(), await world.transport()];
    const { listener, held } = await world.hold(first, "one");
    const answer = client.call({ topic: world.topic }, "last", patient());
    await client.cast({ topic: world.topic }, "last cast");
    const works = [await held.take("the call"), await held.take("the cast")];
    let stopped = false;
    const stopping = listener.stop().then(() => {
      stopped = true;
    });
    await second.listen({ topic: world.topic, server: "two" }, async () => "the other");
    await eventually("calls go to the other", async () => {
      return (await client.call({ topic: world.topic }, "new", { timeLeft: 1_000 })) === "the other";
    });
    assert.equal(stopped, false, "it stopped before its work was done");
    for (const { finish } of works) finish("finished");
    assert.equal(await soon("the last answer", answer), "finished");
    await soon("the stop", stopping);
    await listener.stop();
  },

  "calls in flight fail when their transport closes, and it takes no more": async (world) => {
    const [client, server] = [await world.transport(), await world.transport()];
    const { held } = await world.hold(server, "one");
    const answer = client.call({ topic: world.topic }, "x", patient());
    await held.take("the call");
    const failure = rejectsWith("transport.closed", answer);
    await client.close();
    await failure;
    await client.close();
    await rejectsWith("transport.closed", client.call({ topic: world.topic }, "x", patient()));
    await rejectsWith("transport.closed", client.cast({ topic: world.topic }, "x"));
    await rejectsWith("transport.closed", client.fanout(world.topic, "x"));
    await rejectsWith(
      "transport.closed",
      client.listen({ topic: world.topic, server: "one" }, async () => undefined),
    );
  },
};

/** A broker needs a moment to notice that a listener is gone. */
async function unheard(client: Transport, topic: string, server: string): Promise<void> {
  for (const address of [{ topic }, { topic, server }]) {
    await eventually("nobody listens", async () => {
      const failure = await client.call(address, "x", { timeLeft: 500 }).then(
        () => undefined,
        (error: unknown) => error,
      );
      return isKilonovaError(failure, "rpc.noListener");
    });
  }
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const attempt = async (): Promise<void> => {
    while (!(await holds().catch(() => false))) await new Promise((resolve) => setImmediate(resolve));
  };
  await soon(what, attempt());
}
