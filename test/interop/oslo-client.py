#!/usr/bin/python3
"""A client on oslo.messaging, for tests: it does what each line of its standard input asks, and prints a line for it.

A line is a JSON object: method, args, kind (call, cast or fanout), and what else the target is to have. The answer is an
object with "result", or with "error", the class and the words of the exception.
"""
import json
import sys

import oslo_messaging
from oslo_config import cfg

url, exchange, topic = sys.argv[1:4]
configuration = cfg.CONF
configuration([], project="interop", default_config_files=[], default_config_dirs=[])
oslo_messaging.set_transport_defaults(exchange)
transport = oslo_messaging.get_rpc_transport(configuration, url)
client = oslo_messaging.get_rpc_client(transport, oslo_messaging.Target(topic=topic, version="1.0"), timeout=20)


def ask(method, args, kind="call", context=None, **prepared):
    if kind == "fanout":
        prepared["fanout"] = True
    caller = client.prepare(**prepared)
    send = caller.call if kind == "call" else caller.cast
    return send(context or {}, method, **args)


print("ready", flush=True)
for line in sys.stdin:
    try:
        answer = {"result": ask(**json.loads(line))}
    except Exception as error:
        answer = {"error": [type(error).__name__, str(error)]}
    print(json.dumps(answer), flush=True)
