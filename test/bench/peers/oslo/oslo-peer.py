"""A peer of the benchmark of RPC in oslo.messaging: `serve` or `send`, with the words of src/peer-program.ts."""
import concurrent.futures
import json
import logging
import os
import sys
import threading
import time

from oslo_config import cfg
import oslo_messaging

PAYLOAD = {"uuid": "x" * 36, "payload": "y" * 80}


def say(what):
    print(json.dumps(what), flush=True)


class Endpoint:
    """Answers calls with what they bring, and counts casts."""

    def __init__(self):
        self.expected = None
        self.worked = 0
        self.lock = threading.Lock()

    def echo(self, _context, payload):
        return payload

    def tick(self, _context, payload):
        with self.lock:
            self.worked += 1
            if self.worked == self.expected:
                say({"worked": self.worked})

    def expect(self, count):
        with self.lock:
            self.expected = count
            self.worked = 0
        say("expecting")


def serve(transport, topic):
    endpoint = Endpoint()
    target = oslo_messaging.Target(topic=topic, server="bench")
    server = oslo_messaging.get_rpc_server(transport, target, [endpoint], executor="threading")
    server.start()
    say("ready")
    for line in sys.stdin:
        endpoint.expect(json.loads(line)["expect"])


def send(transport, topic):
    client = oslo_messaging.RPCClient(transport, oslo_messaging.Target(topic=topic), timeout=60)
    client.call({}, "echo", payload=PAYLOAD)
    say("ready")
    for line in sys.stdin:
        request = json.loads(line)
        say(calls(client, **request) if request.pop("ask") == "calls" else casts(client, **request))


def calls(client, concurrency, seconds):
    start = time.perf_counter()

    def work():
        times = []
        begun = time.perf_counter()
        while begun < start + seconds:
            answer = client.call({}, "echo", payload=PAYLOAD)
            now = time.perf_counter()
            times.append(now - begun)
            if answer["uuid"] != PAYLOAD["uuid"]:
                raise RuntimeError("the answer was %r" % answer)
            begun = now
        return times

    times = sorted(1000 * each for part in together(concurrency, work) for each in part)
    spent = time.perf_counter() - start
    last = len(times) - 1
    return {"perSecond": len(times) / spent, "p50": times[last // 2], "p99": times[int(last * 0.99)]}


def casts(client, concurrency, count):
    def work(portion):
        for _ in range(portion):
            client.cast({}, "tick", payload=PAYLOAD)

    portions = [count // concurrency + (index < count % concurrency) for index in range(concurrency)]
    together(concurrency, work, portions)
    return {"sent": count}


def together(concurrency, work, *arguments):
    with concurrent.futures.ThreadPoolExecutor(concurrency) as threads:
        if arguments:
            return list(threads.map(work, *arguments))
        return [each.result() for each in [threads.submit(work) for _ in range(concurrency)]]


def main():
    logging.disable(logging.WARNING)
    # The library knows some of its options in the global configuration alone.
    conf = cfg.CONF
    conf([], project="bench", default_config_files=[], default_config_dirs=[])
    url = os.environ["BENCH_AMQP_URL"].replace("amqp://", "rabbit://", 1) + "/"
    transport = oslo_messaging.get_rpc_transport(conf, url)
    conf.set_override("amqp_durable_queues", True, group="oslo_messaging_rabbit")
    role = serve if sys.argv[1] == "serve" else send
    role(transport, os.environ["BENCH_TOPIC"])
    # Threads of the library would keep the process.
    os._exit(0)


main()
