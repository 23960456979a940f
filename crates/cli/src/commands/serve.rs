//! `chinwag serve`: the server until it is told to stop.

use std::sync::Arc;

use chinwag_server::clock::SystemClock;
use chinwag_server::config::{Log, LogFormat, LogLevel, Settings};
use chinwag_server::{Server, StartError};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::output;
use crate::settings::ServeFlags;

pub(crate) fn run(flags: &ServeFlags) -> Result<(), Failure> {
    let settings = flags.settings()?;
    log_to_stderr(&settings.log)?;
    runtime()?.block_on(serve(settings))
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

async fn serve(settings: Settings) -> Result<(), Failure> {
    // Before anything is announced, so that whoever reads it may stop us.
    let stop = stop_on_signal()?;
    let data_dir = settings.data_dir.clone();
    let server = start(settings).await?;
    output::text(&format!("chat        http://{}", server.chat_address))?;
    output::text(&format!("management  http://{}", server.management_address))?;
    output::text(&format!("data        {}", data_dir.display()))?;
    output::text(&format!("API key     chinwag key create --app NAME --data-dir {}", data_dir.display()))?;
    Ok(server.run(stop).await?)
}

/// The server, listening; where it cannot, which flag would help.
pub(crate) async fn start(settings: Settings) -> Result<Server, Failure> {
    let server = Server::start(settings, Arc::new(SystemClock)).await;
    server.map(|server| server.with_pages(chinwag_web::PAGES).built_from(env!("BUILD_COMMIT"))).map_err(
        |error| match error {
            StartError::Listen { setting, address, error } => Failure::new(format!(
                "unable to listen on {address}; {error}: choose another address with --{}",
                setting.replace('_', "-")
            )),
            error => error.into(),
        },
    )
}

/// Cancelled by SIGTERM or SIGINT.
pub(crate) fn stop_on_signal() -> Result<CancellationToken, Failure> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopping.cancel();
    });
    Ok(stop)
}

/// Logs are for operators; what people asked for goes to standard output.
pub(crate) fn log_to_stderr(log: &Log) -> Result<(), Failure> {
    // Who looked at or changed what is not theirs is told at any level but off.
    let filter = match log.level {
        LogLevel::Off => EnvFilter::try_new("off")?,
        level => EnvFilter::try_new(format!("{},audit=info", level.as_str()))?,
    };
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match log.format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().init(),
    }
    Ok(())
}
