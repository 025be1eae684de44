CREATE TABLE compute.scheduling_decisions (
  id uuid PRIMARY KEY,
  at timestamptz(3) NOT NULL DEFAULT now(),
  scheduler text NOT NULL,
  request_id text NOT NULL,
  project_id text NOT NULL,
  outcome text NOT NULL,
  profile text NOT NULL,
  message text,
  document jsonb NOT NULL
);

CREATE INDEX scheduling_decisions_by_age ON compute.scheduling_decisions (at DESC, id DESC);
CREATE INDEX scheduling_decisions_by_outcome ON compute.scheduling_decisions (outcome, at DESC, id DESC);
CREATE INDEX scheduling_decisions_of_project ON compute.scheduling_decisions (project_id, at DESC, id DESC);

CREATE TABLE compute.scheduling_decision_servers (
  decision_id uuid NOT NULL REFERENCES compute.scheduling_decisions ON DELETE CASCADE,
  server_id text NOT NULL,
  at timestamptz(3) NOT NULL,
  PRIMARY KEY (decision_id, server_id)
);

CREATE INDEX scheduling_decisions_of_server ON compute.scheduling_decision_servers (server_id, at DESC, decision_id DESC);
