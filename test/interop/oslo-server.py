#!/usr/bin/python3
"""A service on oslo.messaging, for tests: it serves until its standard input is closed."""
import sys
import time

import oslo_messaging
from oslo_config import cfg

url, exchange, topic, name = sys.argv[1:5]


class Interop:
    target = oslo_messaging.Target(version="1.1")
    remembered = {}

    def echo(self, context, value):
        return value

    def add(self, context, a, b):
        return a + b

    def who_am_i(self, context):
        return {"server": name, "user": context.get("user_id"), "request": context.get("request_id")}

    def fail(self, context, message):
        raise ValueError(message)

    def slow(self, context, seconds):
        time.sleep(seconds)
        return "done"

    def remember(self, context, key, value):
        self.remembered[key] = value

    def recall(self, context, key):
        return self.remembered.get(key)


configuration = cfg.CONF
configuration([], project="interop", default_config_files=[], default_config_dirs=[])
oslo_messaging.set_transport_defaults(exchange)
transport = oslo_messaging.get_rpc_transport(configuration, url)
target = oslo_messaging.Target(topic=topic, server=name)
server = oslo_messaging.get_rpc_server(transport, target, [Interop()], executor="threading")
server.start()
print("ready", flush=True)
sys.stdin.read()
server.stop()
server.wait()
