use super::{Control, StartError, output::Lossy, process::most_connections, workers};
use crate::{
    api,
    config::Config,
    web::{AppState, LockedMailbox, MailboxToken, ServerLimits, Site, listen, router},
};
use innkeeper_app::components::words;
use innkeeper_service::people::{removed_providers, staff::Link};
use rustix::process::Signal;
use std::{
    io::{Write as _, stdout},
    net::SocketAddr,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};

/// How long connections to the control database may take to close.
const CLOSE: Duration = Duration::from_secs(5);

/// Runs the portal until SIGTERM or SIGINT, or until something it cannot do without ends.
pub async fn serve(config: Config) -> Result<(), StartError> {
    // Before the first line of the log.
    let closing = on_signal()?;
    for name in &config.unknown {
        tracing::warn!(name, "set in the environment and not a setting: misspelt?");
    }
    // First of all, so that a taken address is found before anything is started.
    let listener = bind(config.listen).await?;
    let control = Control::open(&config).await?;
    let served = tokio::select! {
        served = run(&config, &control, listener, closing) => served,
        () = control.keep() => Err(StartError::WorkerEnded("the watch over the embedded cluster")),
    };
    let closed = control.close().await;
    served.and(closed)
}

async fn run(
    config: &Config,
    control: &Control,
    listener: TcpListener,
    closing: watch::Receiver<bool>,
) -> Result<(), StartError> {
    let failed = |source| StartError::Listen { address: config.listen, source };
    let bound = listener.local_addr().map_err(failed)?;
    let mut workers = JoinSet::new();
    let mut interrupted = closing.clone();
    let starting = async {
        let ran = control.reach.migrate().await?;
        if ran > 0 {
            tracing::info!(migrations = ran, "the control database was brought up to date");
        }
        let parts = workers::assemble(config, &control.reach, config.public_url(bound)).await?;
        removed_providers::end_removed(&parts.service).await?;
        parts.start(&mut workers);
        Ok::<_, StartError>(parts)
    };
    let parts = tokio::select! {
        started = starting => started?,
        _ = interrupted.wait_for(|closing| *closing) => return Ok(()),
    };
    let site = Site {
        public_url: parts.service.settings.public_url.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        ca_certificate: control.reach.ca_certificate.clone(),
    };
    let link = parts.first_of_staff().await.unwrap_or_else(|error| {
        let error = super::explain(&error);
        tracing::error!(
            error,
            "no link for the first of the staff can be made; `innkeeper staff add` makes one"
        );
        None
    });
    let token = MailboxToken::draw(&*parts.service.random);
    let mailbox = parts.mailbox.clone().map(|mailbox| LockedMailbox::new(mailbox, &token));
    announce(config, &site, &token, link.as_ref());
    let usual = ServerLimits::default();
    let limits = ServerLimits {
        connections: most_connections(usual.connections),
        per_address: config.limit_connections_per_address,
        proxies: site.trusted_proxies.clone(),
        ..usual
    };
    let state = AppState::new(parts.service.clone(), site, mailbox, closing.clone());
    let ended = tokio::select! {
        () = listen(listener, router(state, api::router()), limits, closing.clone()) => Ok(()),
        // Nothing here ends by itself; a panic is in the log.
        ended = workers.join_next() => match ended {
            Some(Ok(name)) => Err(StartError::WorkerEnded(name)),
            Some(Err(_)) | None => Err(StartError::WorkerEnded("work in the background")),
        },
    };
    // What a run was doing is taken up again by its lease.
    workers.shutdown().await;
    if tokio::time::timeout(CLOSE, parts.close()).await.is_err() {
        tracing::warn!("connections to the control database did not close within {} s", CLOSE.as_secs());
    }
    ended
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

/// Turns true at the first signal to end.
fn on_signal() -> Result<watch::Receiver<bool>, StartError> {
    let failed = |source| StartError::Process { doing: "signals cannot be received", source };
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    // Received, it makes a write beyond the limit of a file's size an error; else it would be the end.
    drop(signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map_err(failed)?);
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: the portal ends"),
            _ = interrupt.recv() => tracing::info!("SIGINT: the portal ends"),
        }
        // Where nobody listens any more, all has ended already.
        let _ = sender.send(true);
        // A dropped sender would look like a signal.
        std::future::pending::<()>().await;
    });
    Ok(receiver)
}

/// Says on standard output where the portal is. Nobody may be reading it, which is no reason to end.
fn announce(config: &Config, site: &Site, token: &MailboxToken, staff: Option<&Link>) {
    let url = &site.public_url;
    let mails = match (&config.mail_url, site.local()) {
        (Some(_), _) => String::new(),
        (None, false) => format!("E-mails are stored in {}\n", config.mailbox().display()),
        (None, true) => {
            let (folder, link) = (config.mailbox(), token.link(url));
            format!(
                "E-mails are stored in {}. Read them at this link:\n{}\n",
                folder.display(),
                link.expose()
            )
        }
    };
    let staff = staff.map(|link| {
        let (until, address) = (words::moment(link.until), link.address(url));
        format!("There are no staff members yet. Accept the first staff role with this link, once, until {until}:\n{address}\n")
    });
    let text = format!("Innkeeper is ready at {url}\n{mails}{}", staff.unwrap_or_default());
    // It never fails.
    let _ = Lossy::new(stdout()).write_all(text.as_bytes());
    tracing::info!(url, "ready");
}
