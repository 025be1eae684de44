import { z } from "zod";
import {
  base64,
  boolean,
  description,
  fullHostname,
  hostName,
  hostname,
  integer,
  ipAddress,
  metadata,
  name,
  tag,
  uuid,
} from "./parameter-types.js";
import { schedulerHints } from "./scheduler-hints.js";

const diskConfig = z.enum(["AUTO", "MANUAL"]);
const accessAddresses = {
  accessIPv4: z.union([z.ipv4(), z.literal("")]).optional(),
  accessIPv6: z.union([z.ipv6(), z.literal("")]).optional(),
};

const legacyBlockDevice = z.strictObject({
  virtual_name: z.string().max(255).optional(),
  volume_id: uuid.optional(),
  snapshot_id: uuid.optional(),
  volume_size: integer(1).optional(),
  device_name: z.string().min(1).max(255).optional(),
  delete_on_termination: boolean.optional(),
  no_device: z.unknown().optional(),
  connection_info: z.string().optional(),
});

const blockDevice = legacyBlockDevice.extend({
  source_type: z.enum(["volume", "image", "snapshot", "blank"]).optional(),
  uuid: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[a-zA-Z0-9._-]*$/)
    .optional(),
  image_id: uuid.optional(),
  destination_type: z.enum(["local", "volume"]).optional(),
  guest_format: z.string().max(255).optional(),
  device_type: z.string().max(255).optional(),
  disk_bus: z.string().max(255).optional(),
  boot_index: z.union([z.number().int(), z.string().regex(/^-?[0-9]+$/), z.null()]).optional(),
});

const network = z.strictObject({
  fixed_ip: ipAddress.optional(),
  port: uuid.nullable().optional(),
  uuid: z.string().max(255).optional(),
});

const networkWithUuid = network.extend({ uuid: uuid.optional() });

const server_2_1 = z.strictObject({
  name,
  imageRef: z.union([uuid, z.literal("")]).optional(),
  flavorRef: z.union([z.string().min(1).max(255), z.number().int()]),
  adminPass: z.string().max(255).optional(),
  metadata: metadata.optional(),
  networks: z.array(network).optional(),
  "OS-DCF:diskConfig": diskConfig.optional(),
  ...accessAddresses,
  personality: z.array(z.strictObject({ path: z.string(), contents: base64 })).optional(),
  availability_zone: name.optional(),
  block_device_mapping: z.array(legacyBlockDevice).optional(),
  block_device_mapping_v2: z.array(blockDevice).optional(),
  config_drive: boolean.optional(),
  key_name: name.optional(),
  min_count: integer(1).optional(),
  max_count: integer(1).optional(),
  return_reservation_id: boolean.optional(),
  security_groups: z.array(z.strictObject({ name: name.optional() })).optional(),
  user_data: base64.max(65_535).optional(),
});

const server_2_19 = server_2_1.extend({ description: description.optional() });
// Tags of devices came with 2.32, where those of block devices were lost until 2.42.
const server_2_32 = server_2_19.extend({
  networks: z.array(network.extend({ tag: tag.optional() })).optional(),
  block_device_mapping_v2: z.array(blockDevice.extend({ tag: tag.optional() })).optional(),
});
const server_2_33 = server_2_32.extend({ block_device_mapping_v2: z.array(blockDevice).optional() });
const server_2_37 = server_2_33.extend({ networks: z.union([z.array(networkWithUuid), z.enum(["none", "auto"])]) });
const server_2_42 = server_2_37.extend({
  networks: z.union([z.array(networkWithUuid.extend({ tag: tag.optional() })), z.enum(["none", "auto"])]),
  block_device_mapping_v2: z.array(blockDevice.extend({ tag: tag.optional() })).optional(),
});
const server_2_52 = server_2_42.extend({ tags: z.array(tag).max(50).optional() });
const server_2_57 = server_2_52.omit({ personality: true });
const server_2_63 = server_2_57.extend({
  trusted_image_certificates: z.array(z.string().min(1).max(255)).min(1).max(50).nullable().optional(),
});
const server_2_67 = server_2_63.extend({
  block_device_mapping_v2: z
    .array(blockDevice.extend({ tag: tag.optional(), volume_type: z.string().max(255).nullable().optional() }))
    .optional(),
});
const server_2_74 = server_2_67.extend({ host: hostName.optional(), hypervisor_hostname: hostName.optional() });
const server_2_90 = server_2_74.extend({ hostname: hostname.optional() });
const server_2_94 = server_2_90.extend({ hostname: fullHostname.optional() });

function creation<Server extends z.ZodObject>(server: Server) {
  return z.strictObject({
    server,
    "os:scheduler_hints": schedulerHints.optional(),
    "OS-SCH-HNT:scheduler_hints": schedulerHints.optional(),
  });
}

/** Bodies of `POST /servers` by the microversion that brought them. */
export const createServerBodies = {
  "2.1": creation(server_2_1),
  "2.19": creation(server_2_19),
  "2.32": creation(server_2_32),
  "2.33": creation(server_2_33),
  "2.37": creation(server_2_37),
  "2.42": creation(server_2_42),
  "2.52": creation(server_2_52),
  "2.57": creation(server_2_57),
  "2.63": creation(server_2_63),
  "2.67": creation(server_2_67),
  "2.74": creation(server_2_74),
  "2.90": creation(server_2_90),
  "2.94": creation(server_2_94),
};

const update_2_1 = z.strictObject({
  name: name.optional(),
  "OS-DCF:diskConfig": diskConfig.optional(),
  ...accessAddresses,
});
const update_2_19 = update_2_1.extend({ description: description.optional() });
const update_2_90 = update_2_19.extend({ hostname: hostname.optional() });
const update_2_94 = update_2_90.extend({ hostname: fullHostname.optional() });

/** Bodies of `PUT /servers/{id}`. */
export const updateServerBodies = {
  "2.1": z.strictObject({ server: update_2_1 }),
  "2.19": z.strictObject({ server: update_2_19 }),
  "2.90": z.strictObject({ server: update_2_90 }),
  "2.94": z.strictObject({ server: update_2_94 }),
};
