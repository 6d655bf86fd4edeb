use sqlx::PgPool;

/// Tables with a column `organisation_id`, each with whether row-level security is on, whether it holds for the owner as
/// well, and whether a policy says which rows the pages' role sees, if it may read the table at all.
const OF_ORGANISATIONS: &str = "
    select c.relname::text, c.relrowsecurity, c.relforcerowsecurity,
        not has_any_column_privilege('innkeeper_web', c.oid, 'select') or exists (
            select from pg_policy p where p.polrelid = c.oid and p.polcmd in ('r', '*')
            and 'innkeeper_web'::regrole::oid = any (p.polroles))
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'organisation_id'
        and not a.attisdropped
    order by 1";

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_is_of_an_organisation_is_under_row_level_security(pool: PgPool) {
    let tables: Vec<(String, bool, bool, bool)> =
        sqlx::query_as(OF_ORGANISATIONS).fetch_all(&pool).await.unwrap();
    assert!(tables.len() > 5, "{tables:?}");
    for (table, on, forced, told) in tables {
        assert!(on && forced, "{table}: ALTER TABLE … FORCE ROW LEVEL SECURITY");
        assert!(told, "{table}: no policy says what the pages see of it");
    }
}
