-- In the order in which claims lock these tables, so that none of them waits for this migration while it waits for them.
LOCK TABLE placement.consumers, placement.providers IN ACCESS EXCLUSIVE MODE;

-- Kept by the triggers below, whoever writes: the release before knows nothing of it.
ALTER TABLE placement.providers ADD COLUMN root_id text;

WITH RECURSIVE tree AS (
  SELECT id, id AS root_id FROM placement.providers WHERE parent_id IS NULL
  UNION ALL
  SELECT lower.id, tree.root_id FROM placement.providers AS lower JOIN tree ON lower.parent_id = tree.id
)
UPDATE placement.providers AS provider
SET root_id = tree.root_id, generation = generation + 1, changed = pg_current_xact_id()::text::bigint
FROM tree WHERE provider.id = tree.id;

ALTER TABLE placement.providers ALTER COLUMN root_id SET NOT NULL;

CREATE FUNCTION placement.find_root() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.root_id := coalesce((SELECT root_id FROM placement.providers WHERE id = NEW.parent_id), NEW.id);
  RETURN NEW;
END $$;

CREATE TRIGGER find_root BEFORE INSERT OR UPDATE OF parent_id ON placement.providers
FOR EACH ROW EXECUTE FUNCTION placement.find_root();

-- What is below a provider that moves has another root, too. Whoever moves one holds the locks of its whole subtree.
CREATE FUNCTION placement.move_subtree() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  WITH RECURSIVE below AS (
    SELECT id FROM placement.providers WHERE parent_id = NEW.id
    UNION
    SELECT lower.id FROM placement.providers AS lower JOIN below ON lower.parent_id = below.id
  )
  UPDATE placement.providers AS provider
  SET root_id = NEW.root_id, generation = generation + 1, changed = pg_current_xact_id()::text::bigint
  FROM below WHERE provider.id = below.id;
  RETURN NULL;
END $$;

CREATE TRIGGER move_subtree AFTER UPDATE OF parent_id ON placement.providers
FOR EACH ROW WHEN (OLD.root_id <> NEW.root_id) EXECUTE FUNCTION placement.move_subtree();

CREATE TABLE placement.provider_aggregates (
  -- The release before forgets providers without a thought of their aggregates.
  provider_id text NOT NULL REFERENCES placement.providers ON DELETE CASCADE,
  aggregate_id text NOT NULL,
  PRIMARY KEY (provider_id, aggregate_id)
);

-- `root_provider_id` is that of the consumer's host: what a group's policy counts by.
ALTER TABLE placement.consumers
  ADD COLUMN generation bigint NOT NULL DEFAULT 0,
  ADD COLUMN group_id text,
  ADD COLUMN root_provider_id text;
UPDATE placement.consumers AS consumer SET root_provider_id = held.root_id
FROM (
  SELECT consumer_id, min(provider.root_id) AS root_id
  FROM placement.allocations JOIN placement.providers AS provider ON provider.id = provider_id GROUP BY consumer_id
) AS held WHERE held.consumer_id = consumer.id;
CREATE INDEX consumers_group ON placement.consumers (group_id, root_provider_id) WHERE group_id IS NOT NULL;
