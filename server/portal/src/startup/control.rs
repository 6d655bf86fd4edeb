use super::{CA, Reach, StartError, ensure_data_folder};
use crate::config::Config;
use innkeeper_adapters::{
    certificates::Authority,
    embedded::{EmbeddedCluster, EmbeddedSettings},
    system::SystemClock,
};
use innkeeper_domain::ports::Clock as _;
use std::{fs, time::Duration};

/// How often the cluster's certificate is looked at; it is renewed a month before its end. Looking is reading two files.
const CERTIFICATE: Duration = Duration::from_mins(1);

/// The control database that this process keeps running, or uses.
pub struct Control {
    /// The way to it.
    pub reach: Reach,
    cluster: Option<(EmbeddedCluster, Authority)>,
}

impl Control {
    /// Makes or starts what the configuration asks for: the data folder, and the embedded cluster with its authority
    /// unless there is a URL.
    pub async fn open(config: &Config) -> Result<Self, StartError> {
        ensure_data_folder(&config.data_dir)?;
        if let Some(url) = &config.database_url {
            return Ok(Self { reach: Reach::url(url)?, cluster: None });
        }
        let settings = config.embedded();
        let now = SystemClock.now();
        let authority = Authority::load_or_create(&config.data_dir.join(CA), now)?;
        let cluster = EmbeddedCluster::start(settings.clone(), &authority, now).await?;
        tracing::info!(version = cluster.version(), port = cluster.port(), "the embedded cluster runs");
        let reach =
            Reach::socket(cluster.address().clone(), &settings, authority.certificate_pem().to_owned());
        Ok(Self { reach, cluster: Some((cluster, authority)) })
    }

    /// The way to a control database that runs already, for a command beside the portal; none if the embedded cluster
    /// does not run. Changes nothing.
    pub async fn beside(config: &Config) -> Result<Option<Reach>, StartError> {
        match &config.database_url {
            Some(url) => Reach::url(url).map(Some),
            None => Self::running(config, &config.embedded()).await,
        }
    }

    async fn running(config: &Config, settings: &EmbeddedSettings) -> Result<Option<Reach>, StartError> {
        let Some(address) = EmbeddedCluster::running(settings).await? else { return Ok(None) };
        let path = config.data_dir.join(CA).join("ca.crt");
        let ca = fs::read_to_string(&path).map_err(|source| StartError::RootCertificate { path, source })?;
        Ok(Some(Reach::socket(address, settings, ca)))
    }

    /// Keeps the embedded cluster running and its certificate valid. Never ends.
    pub async fn keep(&self) {
        match &self.cluster {
            Some((cluster, authority)) => {
                tokio::join!(cluster.keep_running(), Self::keep_certificate(cluster, authority));
            }
            None => std::future::pending().await,
        }
    }

    async fn keep_certificate(cluster: &EmbeddedCluster, authority: &Authority) {
        let mut tick = tokio::time::interval(CERTIFICATE);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            match cluster.renew_certificate(authority, SystemClock.now()) {
                Ok(false) => {}
                Ok(true) => tracing::info!("the certificate of the embedded cluster was renewed"),
                Err(error) => tracing::error!(
                    error = super::explain(&error),
                    "the certificate of the embedded cluster cannot be renewed; trying again in a minute"
                ),
            }
        }
    }

    /// Stops the embedded cluster.
    pub async fn close(self) -> Result<(), StartError> {
        match self.cluster {
            Some((cluster, _)) => Ok(cluster.stop().await?),
            None => Ok(()),
        }
    }
}
