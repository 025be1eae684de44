ALTER TABLE compute.compute_nodes
  ADD COLUMN facts jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN failed_builds integer NOT NULL DEFAULT 0,
  ADD COLUMN changed_at timestamptz(3) NOT NULL DEFAULT now();

CREATE INDEX compute_nodes_of_hypervisor ON compute.compute_nodes (hypervisor_hostname);
CREATE INDEX compute_nodes_by_change ON compute.compute_nodes (changed_at);

-- What countIoOps counts: few servers of many.
CREATE INDEX servers_busy ON compute.servers (host)
  WHERE deleted_at IS NULL AND host IS NOT NULL AND (vm_state = 'building' OR task_state IN ('image_backup',
  'image_snapshot', 'rebuilding', 'rescuing', 'resize_migrating', 'resize_prep', 'unshelving'));
