//! Whether the control database takes what is written.

use sqlx::PgPool;

/// Commits a row, after writing as much as a sort that does not fit into memory puts on the disk. The row alone would not
/// show a full disk: it goes where one has been before, and the log written ahead has its files for some time to come.
pub async fn write(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query!("set local work_mem = '64kB'").execute(&mut *transaction).await?;
    // 1 MB in a temporary file, which is gone with the statement.
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
             select repeat(md5(i::text), 32) from generate_series(1, 1024) i order by 1 offset 0) sorted"#
    )
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    // On its own, so that a portal that is stopped in between holds no lock that others wait for.
    sqlx::query!(
        "insert into health_check (written_at) values (now())
         on conflict (only_row) do update set written_at = excluded.written_at"
    )
    .execute(pool)
    .await
    .map(drop)
}

/// What an operator has to hear about a failed write, in words of the portal's own.
pub fn in_words(error: &sqlx::Error) -> &'static str {
    let code = error.as_database_error().and_then(|said| said.code().map(std::borrow::Cow::into_owned));
    match code.as_deref() {
        // PostgreSQL, appendix A: read_only_sql_transaction, disk_full.
        Some("25006") => "the control database is read-only",
        Some("53100") => "the disk of the control database is full",
        Some(code) if !code.starts_with("57") && !code.starts_with("53") => {
            "the control database cannot be written"
        }
        _ => "the control database does not answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestPortal;
    use sqlx::Row as _;

    #[sqlx::test(migrator = "crate::db::MIGRATIONS")]
    async fn one_row_is_written_and_a_file_beside_it(owner: PgPool) {
        let portal = TestPortal::open(&owner).await;
        let pool = &portal.service.pool;
        write(pool).await.unwrap();
        write(pool).await.unwrap();
        assert_eq!(portal.count("select count(*) from health_check").await, 1);
        let files = "select pg_stat_force_next_flush(), temp_files from pg_stat_database where datname = current_database()";
        // Told to the statistics when a session has ended.
        pool.close().await;
        let told = async {
            while sqlx::query(files).fetch_one(&owner).await.unwrap().get::<i64, _>("temp_files") == 0 {}
        };
        let minute = std::time::Duration::from_mins(1);
        tokio::time::timeout(minute, told).await.expect("no temporary file was written");
    }

    #[sqlx::test(migrator = "crate::db::MIGRATIONS")]
    async fn what_is_wrong_has_words(owner: PgPool) {
        for (code, words) in [
            ("25006", "the control database is read-only"),
            ("53100", "the disk of the control database is full"),
            ("42501", "the control database cannot be written"),
            ("53300", "the control database does not answer"),
            ("57P03", "the control database does not answer"),
        ] {
            let raise = format!("do $$ begin raise 'raw text' using errcode = '{code}'; end $$");
            let error = sqlx::raw_sql(sqlx::AssertSqlSafe(raise)).execute(&owner).await.unwrap_err();
            assert_eq!(in_words(&error), words, "{code}");
        }
        assert_eq!(in_words(&sqlx::Error::PoolTimedOut), "the control database does not answer");
    }
}
