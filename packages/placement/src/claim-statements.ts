/** A statement that each connection prepares once. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/**
 * Locks the consumers in the order of their ids, makes those that are new, and raises their fences. Answers those whose
 * fence is not newer than the claim's; a claim with the same fence is a repeat.
 *
 * $1 ids, $2 fences, $3 projects, $4 users
 */
export const LOCK_CONSUMERS: PreparedStatement = {
  name: "placement-lock-consumers",
  text: `
    INSERT INTO placement.consumers AS known (id, fence, project_id, user_id)
    SELECT id, fence, project_id, user_id
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) AS claim (id, fence, project_id, user_id)
    ORDER BY id
    ON CONFLICT (id) DO UPDATE
      SET fence = excluded.fence, project_id = excluded.project_id, user_id = excluded.user_id, updated_at = now()
      WHERE known.fence <= excluded.fence
    RETURNING id`,
};

/**
 * Locks, in the order of their ids, the providers from which the consumers have or are to have something. Answers those
 * that exist. Whoever changes inventories or what is used of them holds this lock.
 *
 * $1 consumers, $2 providers that are claimed from
 */
export const LOCK_PROVIDERS: PreparedStatement = {
  name: "placement-lock-providers",
  text: `
    SELECT id FROM placement.providers
    WHERE deleted_at IS NULL
      AND id IN (
        SELECT unnest($2::text[])
        UNION
        SELECT provider_id FROM placement.allocations WHERE consumer_id = ANY ($1::text[])
      )
    ORDER BY id
    FOR NO KEY UPDATE`,
};

/**
 * Replaces what the consumers have, all or nothing, by comparing what they have with what they are to have: a repeat
 * changes nothing and raises no generation. Answers the inventories that are missing, too small, or not to be had in
 * such pieces; where there is one the transaction must be rolled back.
 *
 * $1 consumers; the allocations they are to have: $2 consumer, $3 provider, $4 resource class, $5 amount
 */
export const REPLACE_ALLOCATIONS: PreparedStatement = {
  name: "placement-replace-allocations",
  text: `
    WITH wanted AS (
      SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[])
        AS claim (consumer_id, provider_id, resource_class, amount)
    ), had AS (
      SELECT consumer_id, provider_id, resource_class, amount
      FROM placement.allocations WHERE consumer_id = ANY ($1::text[])
    ), compared AS (
      SELECT consumer_id, provider_id, resource_class,
        coalesce(wanted.amount, 0) AS amount, coalesce(had.amount, 0) AS before
      FROM wanted FULL JOIN had USING (consumer_id, provider_id, resource_class)
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
    )
    SELECT provider_id AS "providerId", resource_class AS "resourceClass" FROM refused
    ORDER BY provider_id, resource_class`,
};
