CREATE TABLE identity.domains (
  id text PRIMARY KEY,
  name text NOT NULL UNIQUE,
  description text NOT NULL DEFAULT '',
  enabled boolean NOT NULL DEFAULT true
);

CREATE TABLE identity.projects (
  id text PRIMARY KEY,
  domain_id text NOT NULL REFERENCES identity.domains,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  enabled boolean NOT NULL DEFAULT true,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (domain_id, name)
);

CREATE TABLE identity.users (
  id text PRIMARY KEY,
  domain_id text NOT NULL REFERENCES identity.domains,
  name text NOT NULL,
  -- PHC string; null: nobody can log in by password
  password_hash text,
  -- tokens issued before are no good
  tokens_valid_from timestamptz(3) NOT NULL DEFAULT 'epoch',
  default_project_id text REFERENCES identity.projects ON DELETE SET NULL,
  email text,
  description text NOT NULL DEFAULT '',
  enabled boolean NOT NULL DEFAULT true,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (domain_id, name)
);

CREATE TABLE identity.roles (
  id text PRIMARY KEY,
  name text NOT NULL UNIQUE,
  description text NOT NULL DEFAULT ''
);

CREATE TABLE identity.role_assignments (
  user_id text NOT NULL REFERENCES identity.users ON DELETE CASCADE,
  project_id text NOT NULL REFERENCES identity.projects ON DELETE CASCADE,
  role_id text NOT NULL REFERENCES identity.roles ON DELETE CASCADE,
  PRIMARY KEY (user_id, project_id, role_id)
);
CREATE INDEX role_assignments_project ON identity.role_assignments (project_id);
CREATE INDEX role_assignments_role ON identity.role_assignments (role_id);

CREATE TABLE identity.regions (
  id text PRIMARY KEY,
  description text NOT NULL DEFAULT ''
);

CREATE TABLE identity.services (
  id text PRIMARY KEY,
  type text NOT NULL UNIQUE,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  enabled boolean NOT NULL DEFAULT true
);

CREATE TABLE identity.endpoints (
  id text PRIMARY KEY,
  service_id text NOT NULL REFERENCES identity.services ON DELETE CASCADE,
  region_id text NOT NULL REFERENCES identity.regions,
  interface text NOT NULL,
  url text NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  UNIQUE (service_id, region_id, interface)
);

-- The newest makes tokens, all read them.
CREATE TABLE identity.token_keys (
  id integer PRIMARY KEY,
  key bytea NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

-- Until they would have run out anyway.
CREATE TABLE identity.revoked_tokens (
  audit_id text PRIMARY KEY,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX revoked_tokens_expiry ON identity.revoked_tokens (expires_at);
