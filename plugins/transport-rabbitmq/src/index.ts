export { type RabbitmqOptions, rabbitmqOptions } from "./options.js";
export { RabbitmqTransport } from "./rabbitmq-transport.js";
