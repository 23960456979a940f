//! `chinwag dev`: a server to try, with an app, an API key, three users and a chat, made once and told every time.

mod lines;
mod scene;
mod secrets;

use std::path::PathBuf;

use chinwag_server::config::Settings;

use super::{Failure, serve};
use crate::output;
use crate::settings::ServeFlags;

/// Apart from the data of `serve`.
const DATA_DIR: &str = "./data/dev";

pub(crate) fn run(flags: &ServeFlags) -> Result<(), Failure> {
    let mut settings = flags.settings()?;
    if flags.place.data_dir.is_none() && settings.data_dir == Settings::default().data_dir {
        settings.data_dir = PathBuf::from(DATA_DIR);
    }
    serve::log_to_stderr(&settings.log)?;
    serve::runtime()?.block_on(dev(settings))
}

async fn dev(settings: Settings) -> Result<(), Failure> {
    let stop = serve::stop_on_signal()?;
    let data_dir = settings.data_dir.clone();
    let server = serve::start(settings).await?;
    let scene = scene::set(&server.app().store, &data_dir).await?;
    output::text(&lines::lines(&server, &data_dir, &scene))?;
    let users = scene.users(&server.app().public_url);
    Ok(server.for_trying(users).run(stop).await?)
}
