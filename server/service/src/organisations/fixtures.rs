//! What DNS says, and two organisations that say that the same domain is theirs, for the tests of domains.

use super::{add_domain, check_domain, identity};
use crate::{
    Result,
    context::requester::Requester,
    tenants::fixtures::{House, SHOP, member, organisation, tenant},
};
use async_trait::async_trait;
use innkeeper_domain::{
    ids::OrganisationId,
    ports::{Dns, DnsError},
};
use sqlx::PgPool;
use std::sync::{Arc, Mutex};

pub(crate) const DOMAIN: &str = "acme.example";
/// The slug of an organisation that is called Acme.
pub(crate) const ACME: &str = "acme";

/// What DNS holds.
#[derive(Default)]
pub(crate) struct Published(pub Mutex<Vec<String>>);

#[async_trait]
impl Dns for Published {
    async fn texts(&self, name: &str) -> std::result::Result<Vec<String>, DnsError> {
        assert!(name.starts_with("_innkeeper."), "{name}");
        Ok(self.0.lock().unwrap().clone())
    }
}

/// One of the two: an admin, and its slug.
pub(crate) struct Side {
    pub organisation: OrganisationId,
    pub admin: Requester,
    pub slug: &'static str,
}

/// Acme, whose admin is Jane, and Beta, whose admin is Eve.
pub(crate) struct Two {
    pub house: House,
    pub acme: Side,
    pub beta: Side,
    dns: Arc<Published>,
}

impl Two {
    pub async fn open(pool: &PgPool) -> Self {
        let mut house = House::open(pool).await;
        let dns = Arc::new(Published::default());
        house.portal.service.dns = dns.clone();
        house.tenant(SHOP, "active").await;
        let acme = Side { organisation: house.acme, admin: house.jane.clone(), slug: "acme-robotics" };
        let admin = house.portal.person("eve@beta.example").await;
        let id = organisation(&house.portal, "Beta").await;
        member(&house.portal, id, &admin, "admin").await;
        tenant(&house.portal, id, &admin, house.server_id, "wiki_b2c3d4", "active").await;
        let beta = Side { organisation: id, admin, slug: "beta" };
        let two = Self { house, acme, beta, dns };
        for side in [&two.acme, &two.beta] {
            add_domain(&two.house.portal.service, &side.admin, side.slug, DOMAIN).await.unwrap();
        }
        two
    }

    /// DNS holds the texts of these from now on, and no others.
    pub async fn publish(&self, sides: &[&Side]) {
        let mut texts = vec!["v=spf1 -all".to_owned()];
        for side in sides {
            let view = identity(&self.house.portal.service, &side.admin, side.slug).await.unwrap();
            texts.push(format!(" {} ", view.domains[0].proof));
        }
        *self.dns.0.lock().unwrap() = texts;
    }

    pub async fn check(&self, side: &Side) -> Result<bool> {
        check_domain(&self.house.portal.service, &side.admin, side.slug, DOMAIN).await
    }

    /// By what the domain is whose.
    pub async fn stands(&self) -> Vec<String> {
        self.texts(
            "select concat_ws(' ', o.name, d.proven_by) from organisation_domain d
             join organisation o on o.id = d.organisation_id where d.proven_at is not null order by 1",
        )
        .await
    }

    /// Actions in the audit log about domains, with whose they are, the oldest first.
    pub async fn told(&self) -> Vec<String> {
        self.texts(
            "select concat_ws(' ', o.name, a.actor, a.action, a.detail) from audit_event a
             join organisation o on o.id = a.organisation_id
             where a.action like 'domain.%' and a.action <> 'domain.add' order by a.position",
        )
        .await
    }

    async fn texts(&self, sql: &'static str) -> Vec<String> {
        sqlx::query_scalar(sql).fetch_all(&self.house.portal.owner).await.unwrap()
    }
}
