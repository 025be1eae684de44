-- Many lists of claims, each all or nothing by itself and judged in its order; answers those that are refused. All locks
-- are taken first and in one order everywhere, groups, consumers by id, providers by id, so that no two calls wait for
-- one another in a circle. How the arguments are made: see src/claim-arguments.ts.
--
-- Tables are looked into by keys alone, and each plan is made once. One that is made while tables are small must not be one
-- that reads them, or an index, from end to end: hence the settings, and no condition that a partial index would serve.
CREATE FUNCTION placement.claim_each(
  -- Each group, and each provider, of any claim, once.
  groups text[],
  asked text[],
  -- A consumer each. `limits`: so many of its group on one host, 0 for affinity, null where it has no group.
  -- `seen`: its generation, -1 where it must have nothing, null where all are welcome.
  claimants text[],
  fences bigint[],
  projects text[],
  users text[],
  hosts text[],
  host_groups text[],
  limits integer[],
  seen bigint[],
  -- What they are to have.
  takers text[],
  sources text[],
  classes text[],
  amounts bigint[],
  -- How many of the consumers, and of what they are to have, belong to the first lists: one number for each list.
  claimants_until integer[],
  amounts_until integer[]
) RETURNS TABLE (
  list integer,
  refusal text,
  consumer_id text,
  provider_id text,
  resource_class text,
  group_id text,
  present bigint
)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  -- Consumers that nobody knew: what they have need not be looked for.
  made text[];
  -- Providers that are there.
  locked text[];
  refused_claimants text[] := '{}';
  first_claimant integer := 1;
  first_amount integer := 1;
  list_claimants text[];
  list_hosts text[];
  list_groups text[];
  list_limits integer[];
  list_takers text[];
  list_sources text[];
  list_classes text[];
  list_amounts bigint[];
  stayers text[];
  is_done boolean;
BEGIN
  IF cardinality(groups) > 0 THEN
    PERFORM pg_advisory_xact_lock(key) FROM (
      SELECT DISTINCT hashtextextended('placement-group:' || id, 0) AS key FROM unnest(groups) AS id ORDER BY key
    ) AS keys;
  END IF;

  -- One that is known is locked and left as it is.
  WITH new AS (
    INSERT INTO placement.consumers AS known (id, fence, project_id, user_id, root_provider_id, group_id, generation)
    SELECT *, 1 FROM unnest(claimants, fences, projects, users, hosts, host_groups) AS claim (id) ORDER BY claim.id
    ON CONFLICT (id) DO UPDATE SET updated_at = now() WHERE false
    RETURNING id
  )
  SELECT coalesce(array_agg(id), '{}') INTO made FROM new;

  IF cardinality(made) = cardinality(claimants) THEN
    SELECT coalesce(array_agg(id) FILTER (WHERE deleted_at IS NULL), '{}') INTO locked FROM (
      SELECT id, deleted_at FROM unnest(asked) AS source (id) JOIN placement.providers AS provider USING (id)
      ORDER BY id FOR NO KEY UPDATE OF provider
    ) AS provider;
    -- New consumers only take. Where there is room for all at once there is room for one after the other.
    IF cardinality(locked) = cardinality(asked) AND (1 <= ANY (seen)) IS NOT TRUE THEN
      IF placement.take_all(claimants, hosts, host_groups, limits, takers, sources, classes, amounts) THEN
        RETURN;
      END IF;
    END IF;
  ELSE
    SELECT coalesce(array_agg(id) FILTER (WHERE deleted_at IS NULL), '{}') INTO locked FROM (
      SELECT id, deleted_at FROM (
        SELECT unnest(asked) AS id
        UNION
        SELECT provider_id
        FROM unnest(claimants) AS claim (id) JOIN placement.allocations AS allocation ON allocation.consumer_id = claim.id
      ) AS source JOIN placement.providers AS provider USING (id)
      ORDER BY id FOR NO KEY UPDATE OF provider
    ) AS provider;
  END IF;

  FOR at IN 1 .. cardinality(claimants_until) LOOP
    list := at;
    list_claimants := claimants[first_claimant:claimants_until[at]];
    list_hosts := hosts[first_claimant:claimants_until[at]];
    list_groups := host_groups[first_claimant:claimants_until[at]];
    list_limits := limits[first_claimant:claimants_until[at]];
    list_takers := takers[first_amount:amounts_until[at]];
    list_sources := sources[first_amount:amounts_until[at]];
    list_classes := classes[first_amount:amounts_until[at]];
    list_amounts := amounts[first_amount:amounts_until[at]];

    refusal := NULL;
    consumer_id := NULL;
    provider_id := NULL;
    resource_class := NULL;
    group_id := NULL;
    present := NULL;
    is_done := false;

    -- New consumers of providers that are there can only lack room, or break the policy of their group.
    IF list_claimants <@ made AND list_sources <@ locked AND array_remove(list_hosts, NULL) <@ locked
      AND (1 <= ANY (seen[first_claimant:claimants_until[at]])) IS NOT TRUE
    THEN
      SELECT 'noCapacity', short.provider_id, short.resource_class INTO refusal, provider_id, resource_class
      FROM placement.first_short(list_sources, list_classes, list_amounts) AS short;
      is_done := refusal IS NULL AND cardinality(claimants_until) > 1 AND placement.take_all(
        list_claimants, list_hosts, list_groups, list_limits, list_takers, list_sources, list_classes, list_amounts);
    END IF;

    IF refusal IS NULL AND NOT is_done THEN
      BEGIN
        SELECT CASE WHEN known.fence > claim.fence THEN 'staleFence' ELSE 'consumerConflict' END, id,
          CASE WHEN known.fence > claim.fence THEN known.fence ELSE state.generation END
        INTO refusal, consumer_id, present
        FROM unnest(
          list_claimants, fences[first_claimant:claimants_until[at]], seen[first_claimant:claimants_until[at]]
        ) WITH ORDINALITY AS claim (id, fence, seen, place)
        JOIN placement.consumers AS known USING (id)
        CROSS JOIN LATERAL (
          SELECT CASE WHEN id = ANY (made) THEN 0 ELSE known.generation END AS generation
        ) AS state
        WHERE known.fence > claim.fence
          OR claim.seen >= 0 AND claim.seen <> state.generation
          OR claim.seen < 0 AND EXISTS (SELECT FROM placement.allocations WHERE consumer_id = id)
        ORDER BY known.fence > claim.fence DESC, place LIMIT 1;
        IF refusal IS NOT NULL THEN RAISE SQLSTATE 'KN001'; END IF;

        SELECT 'providerNotFound', id INTO refusal, provider_id
        FROM unnest(list_sources || list_hosts) WITH ORDINALITY AS source (id, place)
        WHERE id IS NOT NULL AND id <> ALL (locked) ORDER BY place LIMIT 1;
        IF refusal IS NOT NULL THEN RAISE SQLSTATE 'KN001'; END IF;

        -- Who stays where it was is not put there by this claim.
        SELECT coalesce(array_agg(id), '{}') INTO stayers
        FROM unnest(list_claimants, list_hosts, list_groups) AS claim (id, host, host_group)
        JOIN placement.consumers AS known USING (id)
        WHERE known.group_id = claim.host_group AND known.root_provider_id = claim.host
          AND EXISTS (SELECT FROM placement.allocations WHERE consumer_id = id);

        SELECT 'noCapacity', short.provider_id, short.resource_class INTO refusal, provider_id, resource_class
        FROM placement.replace_allocations(list_claimants, list_takers, list_sources, list_classes, list_amounts,
          fences[first_claimant:claimants_until[at]], projects[first_claimant:claimants_until[at]],
          users[first_claimant:claimants_until[at]], list_hosts, list_groups, made) AS short LIMIT 1;
        IF refusal IS NOT NULL THEN RAISE SQLSTATE 'KN001'; END IF;

        IF cardinality(groups) > 0 THEN
          SELECT 'groupPolicy', broken.consumer_id, broken.provider_id, broken.group_id
          INTO refusal, consumer_id, provider_id, group_id
          FROM placement.broken_policy(list_claimants, list_hosts, list_groups, list_limits, stayers) AS broken;
          IF refusal IS NOT NULL THEN RAISE SQLSTATE 'KN001'; END IF;
        END IF;
      EXCEPTION WHEN SQLSTATE 'KN001' THEN
        -- What was written is undone; `refusal` says why.
      END;
    END IF;
    IF refusal IS NOT NULL THEN
      refused_claimants := refused_claimants || list_claimants;
      RETURN NEXT;
    END IF;
    first_claimant := claimants_until[at] + 1;
    first_amount := amounts_until[at] + 1;
  END LOOP;

  IF cardinality(refused_claimants) > 0 THEN
    DELETE FROM placement.consumers AS known USING unnest(refused_claimants) AS claim (id)
    WHERE known.id = claim.id AND known.id = ANY (made);
  END IF;
  IF cardinality(refused_claimants) = cardinality(claimants) THEN
    -- Nothing was changed, so there is nothing to wait for the disk for.
    PERFORM set_config('synchronous_commit', 'off', true);
  END IF;
END $$;

-- The first inventory that is missing, has not so much left, or is not to be had in such pieces.
CREATE FUNCTION placement.first_short(sources text[], classes text[], amounts bigint[])
RETURNS TABLE (provider_id text, resource_class text)
LANGUAGE sql
AS $$
  SELECT provider_id, resource_class
  FROM (
    SELECT provider_id, resource_class, sum(amount)::bigint AS more, array_agg(amount) AS pieces
    FROM unnest(sources, classes, amounts) AS wanted (provider_id, resource_class, amount)
    GROUP BY provider_id, resource_class
  ) AS sums LEFT JOIN placement.inventories AS inventory USING (provider_id, resource_class)
  WHERE inventory.used IS NULL
    OR inventory.used + sums.more > (inventory.total - inventory.reserved) * inventory.allocation_ratio
    OR EXISTS (
      SELECT FROM unnest(sums.pieces) AS piece
      WHERE piece < inventory.min_unit OR piece > inventory.max_unit OR piece % inventory.step_size <> 0
    )
  ORDER BY provider_id, resource_class LIMIT 1
$$;

-- All of it, for consumers that have nothing, from providers that are locked; or nothing, and false.
CREATE FUNCTION placement.take_all(
  claimants text[], hosts text[], host_groups text[], limits integer[],
  takers text[], sources text[], classes text[], amounts bigint[]
) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  short boolean;
BEGIN
  WITH sums AS (
    SELECT provider_id, resource_class, sum(amount)::bigint AS more, min(amount) AS least, max(amount) AS most,
      array_agg(amount) AS pieces
    FROM unnest(sources, classes, amounts) AS wanted (provider_id, resource_class, amount)
    GROUP BY provider_id, resource_class
  ), taken AS (
    UPDATE placement.inventories AS inventory SET used = inventory.used + sums.more
    FROM sums
    WHERE inventory.provider_id = sums.provider_id AND inventory.resource_class = sums.resource_class
      AND inventory.used + sums.more <= (inventory.total - inventory.reserved) * inventory.allocation_ratio
      AND sums.least >= inventory.min_unit AND sums.most <= inventory.max_unit
      AND (inventory.step_size = 1
        OR NOT EXISTS (SELECT FROM unnest(sums.pieces) AS piece WHERE piece % inventory.step_size <> 0))
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM taken) < (SELECT count(*) FROM sums) INTO short;
  IF short THEN RAISE SQLSTATE 'KN001'; END IF;

  INSERT INTO placement.allocations (consumer_id, provider_id, resource_class, amount)
  SELECT * FROM unnest(takers, sources, classes, amounts);

  UPDATE placement.providers AS provider
  SET generation = generation + 1, changed = pg_current_xact_id()::text::bigint, consumers = provider.consumers + visits.more
  FROM (
    SELECT id, count(DISTINCT taker) AS more FROM unnest(sources, takers) AS wanted (id, taker) GROUP BY id
  ) AS visits
  WHERE provider.id = visits.id;

  IF EXISTS (SELECT FROM unnest(limits) AS most WHERE most IS NOT NULL) THEN
    PERFORM FROM placement.broken_policy(claimants, hosts, host_groups, limits, '{}');
    IF FOUND THEN RAISE SQLSTATE 'KN001'; END IF;
  END IF;
  RETURN true;
EXCEPTION WHEN SQLSTATE 'KN001' THEN
  RETURN false;
END $$;

-- Gives consumers just what they are to have, by comparing it with what they have: a repeat raises no generation. Answers
-- the inventories that are missing, too small, or not to be had in such pieces; where there is one, all must be undone.
CREATE FUNCTION placement.replace_allocations(
  claimants text[], takers text[], sources text[], classes text[], amounts bigint[],
  fences bigint[], projects text[], users text[], hosts text[], host_groups text[], made text[]
) RETURNS TABLE (provider_id text, resource_class text)
LANGUAGE sql
AS $$
  WITH compared AS (
    SELECT consumer_id, provider_id, resource_class, sum(amount)::bigint AS amount, sum(before)::bigint AS before
    FROM (
      SELECT consumer_id, provider_id, resource_class, amount, 0 AS before
      FROM unnest(takers, sources, classes, amounts) AS wanted (consumer_id, provider_id, resource_class, amount)
      UNION ALL
      SELECT consumer_id, provider_id, resource_class, 0, amount
      FROM unnest(claimants) AS claim (id) JOIN placement.allocations AS allocation ON allocation.consumer_id = claim.id
    ) AS both_sides
    GROUP BY consumer_id, provider_id, resource_class
  ), changed AS (
    SELECT * FROM compared WHERE amount <> before
  ), sums AS (
    SELECT provider_id, resource_class, sum(amount - before)::bigint AS more,
      array_agg(amount) FILTER (WHERE amount > 0) AS pieces
    FROM changed GROUP BY provider_id, resource_class
  ), taken AS (
    UPDATE placement.inventories AS inventory SET used = inventory.used + sums.more
    FROM sums
    WHERE inventory.provider_id = sums.provider_id AND inventory.resource_class = sums.resource_class
      AND (sums.more <= 0
        OR inventory.used + sums.more <= (inventory.total - inventory.reserved) * inventory.allocation_ratio)
      AND NOT EXISTS (
        SELECT FROM unnest(sums.pieces) AS piece
        WHERE piece < inventory.min_unit OR piece > inventory.max_unit OR piece % inventory.step_size <> 0
      )
    RETURNING inventory.provider_id, inventory.resource_class
  ), refused AS (
    SELECT provider_id, resource_class FROM sums EXCEPT SELECT provider_id, resource_class FROM taken
  ), freed AS (
    DELETE FROM placement.allocations AS allocation USING changed
    WHERE changed.amount = 0 AND allocation.consumer_id = changed.consumer_id
      AND allocation.provider_id = changed.provider_id AND allocation.resource_class = changed.resource_class
  ), placed AS (
    INSERT INTO placement.allocations (consumer_id, provider_id, resource_class, amount)
    SELECT consumer_id, provider_id, resource_class, amount FROM changed
    WHERE amount > 0 AND NOT EXISTS (SELECT FROM refused)
    ON CONFLICT (consumer_id, provider_id, resource_class) DO UPDATE SET amount = excluded.amount
  ), visits AS (
    SELECT provider_id, bool_or(amount <> before) AS is_changed,
      count(DISTINCT consumer_id) FILTER (WHERE amount > 0)
        - count(DISTINCT consumer_id) FILTER (WHERE before > 0) AS more
    FROM compared GROUP BY provider_id
  ), raised AS (
    UPDATE placement.providers AS provider
    SET generation = generation + 1, changed = pg_current_xact_id()::text::bigint,
      consumers = provider.consumers + visits.more
    FROM visits WHERE provider.id = visits.provider_id AND visits.is_changed
  ), written AS (
    UPDATE placement.consumers AS known
    SET fence = claim.fence, project_id = claim.project_id, user_id = claim.user_id,
      root_provider_id = claim.host, group_id = claim.host_group, updated_at = now(),
      generation = generation + CASE
        WHEN (known.root_provider_id, known.group_id) IS DISTINCT FROM (claim.host, claim.host_group)
          OR EXISTS (SELECT FROM changed WHERE changed.consumer_id = known.id)
        THEN 1 ELSE 0 END
    FROM unnest(claimants, fences, projects, users, hosts, host_groups)
      AS claim (id, fence, project_id, user_id, host, host_group)
    WHERE known.id = claim.id AND known.id <> ALL (made)
  )
  SELECT provider_id, resource_class FROM refused ORDER BY provider_id, resource_class
$$;

-- The last of some consumers whose group does not allow it where it was just put. Only hosts that somebody was put on are
-- looked at, so that what was broken before stands in nobody's way; a member counts where it has something.
CREATE FUNCTION placement.broken_policy(
  claimants text[], hosts text[], host_groups text[], limits integer[], stayers text[]
) RETURNS TABLE (consumer_id text, provider_id text, group_id text)
LANGUAGE sql
AS $$
  SELECT claim.id, claim.host, claim.host_group
  FROM unnest(claimants, hosts, host_groups, limits) WITH ORDINALITY AS claim (id, host, host_group, most, place)
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE is_here) AS here, count(*) FILTER (WHERE NOT is_here) AS elsewhere,
      count(*) FILTER (WHERE was_before) AS before, count(*) FILTER (WHERE was_before AND is_here) AS before_here
    FROM (
      SELECT member.root_provider_id = claim.host AS is_here,
        member.id <> ALL (claimants) OR member.id = ANY (stayers) AS was_before
      FROM placement.consumers AS member
      WHERE member.group_id = claim.host_group
        AND EXISTS (SELECT FROM placement.allocations WHERE consumer_id = member.id)
    ) AS member
  ) AS members
  WHERE claim.host_group IS NOT NULL AND claim.id <> ALL (stayers)
    AND CASE
      WHEN most > 0 THEN here > most
      WHEN before > 0 THEN before_here = 0
      ELSE elsewhere > 0
    END
  ORDER BY place DESC LIMIT 1
$$;
