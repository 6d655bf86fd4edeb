use super::Finding;
use crate::{Result, fleet::capacity};
use innkeeper_domain::capacity::NEARLY_FULL;
use sqlx::PgPool;

/// Servers of which something is nearly taken, by what the portals read from them last.
pub async fn capacity(pool: &PgPool) -> Result<Vec<Finding>> {
    let mut conn = pool.acquire().await?;
    let places = capacity::places(&mut conn, None).await?;
    let full = places.iter().flat_map(|place| {
        let levels =
            place.capacity.levels().into_iter().filter(innkeeper_domain::capacity::Level::is_nearly_full);
        levels.map(|level| Finding {
            what: format!(
                "server {} ({}): {level} ({} %)",
                place.name,
                place.capacity.place,
                level.percent()
            ),
            why: format!(
                "From {NEARLY_FULL} % on it is time to act: when all is taken, new databases are refused."
            ),
            advice: format!(
                "Either {}, or add another server. “Capacity” in docs/operations.md says how.",
                level.staff_can()
            ),
        })
    });
    Ok(full.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestPortal;

    #[sqlx::test(migrator = "crate::db::MIGRATIONS")]
    async fn from_four_fifths_on_it_is_told(pool: PgPool) {
        let portal = TestPortal::open(&pool).await;
        portal.server("eu1", 10).await;
        portal.change("update server set name = 'first', max_gb = 100").await;
        let told = async || {
            let found = capacity(&portal.worker).await.unwrap();
            found.into_iter().map(|finding| (finding.what, finding.advice)).collect::<Vec<_>>()
        };
        portal.change("update server set used_bytes = 79999999999").await;
        assert_eq!(told().await, []);
        portal.change("update server set used_bytes = 80000000000").await;
        let found = told().await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, "server first (Region eu1): 80 of 100 GB on its disk are used (80 %)");
        assert!(found[0].1.contains("enlarge the server's disk, or add another server"), "{found:?}");
        portal.change("update server set max_tenants = 0, memory_mb = 100, shared_buffers_mb = 100").await;
        assert_eq!(told().await.len(), 3);
    }
}
