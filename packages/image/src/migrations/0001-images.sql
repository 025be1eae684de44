-- `data_id` names the bytes in the store: a new one for each upload, so that one that was given up for dead can never
-- write over the bytes of the next. While an upload runs its process holds a lease; who finds it run out puts the image
-- back to queued.
CREATE TABLE image.images (
  id text PRIMARY KEY,
  name text,
  status text NOT NULL CHECK (status IN ('queued', 'saving', 'active', 'deactivated')),
  visibility text NOT NULL CHECK (visibility IN ('public', 'private', 'shared', 'community')),
  owner_id text NOT NULL,
  disk_format text,
  container_format text,
  size bigint CHECK (size >= 0),
  checksum text,
  sha512 text,
  min_disk integer NOT NULL CHECK (min_disk >= 0),
  min_ram integer NOT NULL CHECK (min_ram >= 0),
  protected boolean NOT NULL,
  hidden boolean NOT NULL,
  tags text[] NOT NULL,
  properties jsonb NOT NULL,
  data_id text UNIQUE,
  upload_lease_until timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CHECK ((status = 'queued') = (data_id IS NULL)),
  CHECK ((status = 'saving') = (upload_lease_until IS NOT NULL)),
  CHECK ((status IN ('active', 'deactivated')) = (size IS NOT NULL AND checksum IS NOT NULL AND sha512 IS NOT NULL))
);
CREATE INDEX images_owner ON image.images (owner_id);
CREATE INDEX images_created_at ON image.images (created_at, id);
CREATE INDEX images_uploads ON image.images (upload_lease_until) WHERE status = 'saving';

-- Bytes that no image has any more, and when they are to be removed from the store.
CREATE TABLE image.discarded_data (
  data_id text PRIMARY KEY,
  due_at timestamptz(3) NOT NULL
);
CREATE INDEX discarded_data_due_at ON image.discarded_data (due_at);

CREATE TABLE image.ticket_keys (
  id integer PRIMARY KEY,
  key bytea NOT NULL
);
