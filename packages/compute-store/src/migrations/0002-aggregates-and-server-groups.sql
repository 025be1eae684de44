CREATE TABLE compute.aggregates (
  id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  uuid uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
  name text NOT NULL CONSTRAINT aggregates_name UNIQUE,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3)
);

CREATE TABLE compute.aggregate_hosts (
  aggregate_id integer NOT NULL REFERENCES compute.aggregates ON DELETE CASCADE,
  host text NOT NULL,
  PRIMARY KEY (aggregate_id, host)
);

CREATE INDEX aggregates_of_host ON compute.aggregate_hosts (host);

CREATE TABLE compute.server_groups (
  id uuid PRIMARY KEY,
  project_id text NOT NULL,
  user_id text NOT NULL,
  name text NOT NULL,
  policy text NOT NULL,
  rules jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE INDEX server_groups_of_project ON compute.server_groups (project_id, created_at, id);

CREATE TABLE compute.server_group_members (
  server_id uuid PRIMARY KEY REFERENCES compute.servers ON DELETE CASCADE,
  group_id uuid NOT NULL REFERENCES compute.server_groups ON DELETE CASCADE
);

CREATE INDEX members_of_server_group ON compute.server_group_members (group_id);
