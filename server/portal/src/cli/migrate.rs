use crate::{
    config::Config,
    startup::{Control, StartError},
};

/// Brings the control database up to date: that of a running portal, or of a cluster that is started for it.
pub(super) async fn run(config: &Config) -> Result<(), StartError> {
    let ran = if let Some(reach) = Control::beside(config).await? {
        reach.migrate().await?
    } else {
        let control = Control::open(config).await?;
        let ran = control.reach.migrate().await;
        control.close().await?;
        ran?
    };
    super::terminal::say(&match ran {
        0 => "The control database is up to date.\n".to_owned(),
        1 => "1 migration was run.\n".to_owned(),
        more => format!("{more} migrations were run.\n"),
    });
    Ok(())
}
