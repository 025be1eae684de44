CREATE TABLE network.networks (
  id text PRIMARY KEY,
  name text NOT NULL UNIQUE,
  range text NOT NULL,
  shared boolean NOT NULL,
  -- Addresses are counted from the range's first. No server has had one from here on, unless it asked for it.
  next_position bigint NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

-- The newest fence of each server. Kept when the server is gone, so that a late write finds it.
CREATE TABLE network.servers (
  id text PRIMARY KEY,
  fence bigint NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE network.ports (
  id text PRIMARY KEY,
  server_id text NOT NULL REFERENCES network.servers (id),
  network_id text NOT NULL REFERENCES network.networks (id),
  project_id text NOT NULL,
  host text NOT NULL,
  mac_address text NOT NULL UNIQUE,
  -- The order in which the server sees its ports.
  device_index integer NOT NULL,
  position bigint NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (server_id, device_index),
  UNIQUE (network_id, position)
);

-- Addresses below next_position that a server had and gave back.
CREATE TABLE network.free_positions (
  network_id text NOT NULL REFERENCES network.networks (id),
  position bigint NOT NULL,
  PRIMARY KEY (network_id, position)
);
