CREATE TABLE framework.services (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  "binary" text NOT NULL,
  topic text NOT NULL,
  host text NOT NULL,
  contracts jsonb NOT NULL,
  disabled boolean NOT NULL DEFAULT false,
  disabled_reason text,
  forced_down boolean NOT NULL DEFAULT false,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  last_seen_at timestamptz(3),
  UNIQUE ("binary", host)
);

CREATE TABLE framework.locks (
  name text PRIMARY KEY,
  holder text NOT NULL,
  fence bigint NOT NULL,
  lease_until timestamptz(3) NOT NULL
);

CREATE TABLE framework.driver_state (
  driver text NOT NULL,
  host text NOT NULL,
  key text NOT NULL,
  value jsonb NOT NULL,
  version integer NOT NULL,
  PRIMARY KEY (driver, host, key)
);
