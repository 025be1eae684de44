-- `changed` is the id of the transaction that last changed the provider or what is taken from it: see src/feed.ts.
-- A provider that was deleted stays for a while, without a name that could be taken, so that the feed can tell of it.
CREATE TABLE placement.providers (
  id text PRIMARY KEY,
  name text NOT NULL,
  parent_id text REFERENCES placement.providers,
  generation bigint NOT NULL DEFAULT 0,
  consumers integer NOT NULL DEFAULT 0 CHECK (consumers >= 0),
  changed bigint NOT NULL,
  deleted_at timestamptz(3)
);
CREATE UNIQUE INDEX providers_name ON placement.providers (name) WHERE deleted_at IS NULL;
CREATE INDEX providers_changed ON placement.providers (changed);
CREATE INDEX providers_parent ON placement.providers (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE placement.inventories (
  provider_id text NOT NULL REFERENCES placement.providers,
  resource_class text NOT NULL,
  total bigint NOT NULL CHECK (total >= 0),
  reserved bigint NOT NULL CHECK (reserved >= 0),
  min_unit bigint NOT NULL CHECK (min_unit > 0),
  max_unit bigint NOT NULL CHECK (max_unit > 0),
  step_size bigint NOT NULL CHECK (step_size > 0),
  allocation_ratio double precision NOT NULL CHECK (allocation_ratio > 0),
  -- The sum of the allocations; may exceed a capacity that was made smaller.
  used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
  PRIMARY KEY (provider_id, resource_class)
) WITH (fillfactor = 80);

CREATE TABLE placement.traits (
  provider_id text NOT NULL REFERENCES placement.providers,
  name text NOT NULL,
  PRIMARY KEY (provider_id, name)
);

-- A consumer that has nothing any more keeps its row, and so its fence.
CREATE TABLE placement.consumers (
  id text PRIMARY KEY,
  fence bigint NOT NULL,
  project_id text NOT NULL,
  user_id text NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX consumers_updated_at ON placement.consumers (updated_at);

CREATE TABLE placement.allocations (
  consumer_id text NOT NULL REFERENCES placement.consumers,
  provider_id text NOT NULL,
  resource_class text NOT NULL,
  amount bigint NOT NULL CHECK (amount > 0),
  PRIMARY KEY (consumer_id, provider_id, resource_class),
  FOREIGN KEY (provider_id, resource_class) REFERENCES placement.inventories
);
CREATE INDEX allocations_provider ON placement.allocations (provider_id);

-- One row: deletions before this number have been forgotten.
CREATE TABLE placement.feed (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  reaches_back_to bigint NOT NULL DEFAULT 0
);
INSERT INTO placement.feed DEFAULT VALUES;
