CREATE TABLE compute.servers (
  id uuid PRIMARY KEY,
  project_id text NOT NULL,
  user_id text NOT NULL,
  name text NOT NULL,
  hostname text NOT NULL,
  description text,
  vm_state text NOT NULL,
  task_state text,
  power_state text NOT NULL,
  flavor jsonb NOT NULL,
  flavor_id text NOT NULL GENERATED ALWAYS AS (flavor ->> 'id') STORED,
  vcpus integer NOT NULL GENERATED ALWAYS AS ((flavor ->> 'vcpus')::integer) STORED,
  memory_mb integer NOT NULL GENERATED ALWAYS AS ((flavor ->> 'memoryMb')::integer) STORED,
  image_id text,
  key_name text,
  public_key text,
  user_data text,
  metadata jsonb NOT NULL,
  config_drive boolean NOT NULL,
  disk_config text NOT NULL,
  access_ip_v4 text,
  access_ip_v6 text,
  locked boolean NOT NULL DEFAULT false,
  locked_reason text,
  host text,
  node text,
  availability_zone text,
  reservation_id text NOT NULL,
  launch_index integer NOT NULL,
  network_info jsonb NOT NULL DEFAULT '[]',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  launched_at timestamptz(3),
  terminated_at timestamptz(3),
  deleted_at timestamptz(3),
  fence bigint NOT NULL DEFAULT 0
);

CREATE INDEX servers_of_project ON compute.servers (project_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX servers_by_age ON compute.servers (created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX servers_of_host ON compute.servers (host) WHERE deleted_at IS NULL;
CREATE INDEX servers_of_reservation ON compute.servers (reservation_id);
CREATE INDEX servers_by_change ON compute.servers (updated_at);

CREATE TABLE compute.request_specs (
  server_id uuid PRIMARY KEY REFERENCES compute.servers ON DELETE CASCADE,
  spec jsonb NOT NULL
);

CREATE TABLE compute.server_faults (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  server_id uuid NOT NULL REFERENCES compute.servers ON DELETE CASCADE,
  code integer NOT NULL,
  message text NOT NULL,
  details text,
  host text,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE INDEX faults_of_server ON compute.server_faults (server_id, id DESC);

CREATE TABLE compute.operations (
  id uuid PRIMARY KEY,
  server_id uuid NOT NULL REFERENCES compute.servers ON DELETE CASCADE,
  action text NOT NULL,
  stage text NOT NULL CHECK (stage IN ('conductor', 'compute')),
  host text,
  state text NOT NULL CHECK (state IN ('pending', 'running', 'done', 'failed')),
  owner text,
  fence bigint NOT NULL DEFAULT 0,
  lease_until timestamptz(3),
  due_at timestamptz(3) NOT NULL,
  sweeps integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 0,
  alternates jsonb NOT NULL DEFAULT '[]',
  args jsonb NOT NULL,
  request_id text NOT NULL,
  project_id text NOT NULL,
  user_id text NOT NULL,
  last_fault jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  finished_at timestamptz(3),
  CHECK ((state IN ('done', 'failed')) = (finished_at IS NOT NULL)),
  CHECK ((state = 'running') = (owner IS NOT NULL)),
  CHECK ((state = 'running') = (lease_until IS NOT NULL)),
  CHECK ((stage = 'compute') <= (host IS NOT NULL))
);

CREATE UNIQUE INDEX operations_open_of_server ON compute.operations (server_id) WHERE finished_at IS NULL;
CREATE INDEX operations_due ON compute.operations (due_at) WHERE finished_at IS NULL;
CREATE INDEX operations_of_host ON compute.operations (host) WHERE finished_at IS NULL;
CREATE INDEX operations_of_owner ON compute.operations (owner) WHERE state = 'running';
CREATE INDEX operations_of_server ON compute.operations (server_id, created_at DESC);

CREATE TABLE compute.operation_events (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  operation_id uuid NOT NULL REFERENCES compute.operations ON DELETE CASCADE,
  event text NOT NULL,
  host text,
  started_at timestamptz(3) NOT NULL,
  finished_at timestamptz(3) NOT NULL,
  result text NOT NULL,
  details text
);

CREATE INDEX events_of_operation ON compute.operation_events (operation_id, id);

CREATE TABLE compute.flavors (
  id text PRIMARY KEY,
  name text NOT NULL CONSTRAINT flavors_name UNIQUE,
  description text,
  vcpus integer NOT NULL,
  memory_mb integer NOT NULL,
  root_gb integer NOT NULL,
  ephemeral_gb integer NOT NULL,
  swap_mb integer NOT NULL,
  rxtx_factor real NOT NULL DEFAULT 1,
  is_public boolean NOT NULL DEFAULT true,
  disabled boolean NOT NULL DEFAULT false,
  extra_specs jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE compute.flavor_access (
  flavor_id text NOT NULL REFERENCES compute.flavors ON DELETE CASCADE,
  project_id text NOT NULL,
  PRIMARY KEY (flavor_id, project_id)
);

CREATE TABLE compute.keypairs (
  user_id text NOT NULL,
  name text NOT NULL,
  type text NOT NULL,
  fingerprint text NOT NULL,
  public_key text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, name)
);

CREATE TABLE compute.quotas (
  project_id text NOT NULL,
  resource text NOT NULL,
  hard_limit integer NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, resource)
);

CREATE TABLE compute.compute_nodes (
  id uuid PRIMARY KEY,
  host text NOT NULL,
  hypervisor_hostname text NOT NULL UNIQUE,
  hypervisor_type text NOT NULL,
  hypervisor_version integer NOT NULL,
  host_ip text NOT NULL,
  vcpus integer NOT NULL,
  vcpus_used integer NOT NULL,
  memory_mb integer NOT NULL,
  memory_mb_used integer NOT NULL,
  disk_gb integer NOT NULL,
  disk_gb_used integer NOT NULL,
  running_servers integer NOT NULL,
  cpu_info jsonb NOT NULL,
  uptime integer,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE INDEX compute_nodes_of_host ON compute.compute_nodes (host);
