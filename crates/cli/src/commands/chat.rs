//! `chinwag chat`: a terminal client for people. `update` decides, `view` draws, and this file waits.

mod editor;
mod layout;
mod perform;
mod rows;
mod state;
pub(crate) mod terminal;
pub(crate) mod text;
mod update;
mod view;

use std::time::{Duration, Instant};

use chinwag_client::{Client, Events, UserId};
use clap::Args;
use ratatui::crossterm::event::{Event as TerminalEvent, KeyEventKind, read};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{Failure, serve};
use crate::signed_in::SessionFlags;
use state::{Form, State};
use terminal::Screen;
use update::{Effect, Input, update};

/// What waits to be looked at: keys, and answers.
const INPUTS_MAX: usize = 256;
/// At most so often is drawn, so that a slow line carries the newest picture and not all between.
const FRAME: Duration = Duration::from_millis(33);
/// How long it may take to see that nobody types any more.
const TICK: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(crate) struct Arguments {
    /// The server to sign in to, as in http://127.0.0.1:8080, if not as who is signed in. Who signs in here is signed in
    /// for chats, send and tail as well
    url: Option<String>,
    /// The app's API key
    #[arg(long, env = "CHINWAG_API_KEY", hide_env_values = true)]
    key: Option<String>,
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    #[command(flatten)]
    session: SessionFlags,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let runtime = serve::runtime()?;
    let screen = Screen::take()?;
    let done = runtime.block_on(chat(arguments, screen));
    // The thread that reads keys waits for one more.
    runtime.shutdown_background();
    done
}

/// The program while it runs.
struct Program {
    session: SessionFlags,
    state: State,
    client: Option<Client>,
    events: Option<Events>,
    tell: Sender<Input>,
    started: Instant,
}

async fn chat(arguments: Arguments, mut screen: Screen) -> Result<(), Failure> {
    let (tell, mut told) = channel(INPUTS_MAX);
    let keys = tell.clone();
    std::thread::spawn(move || read_keys(&keys));
    let (stop, stopped) = (serve::stop_on_signal()?, tell.clone());
    tokio::spawn(async move {
        stop.cancelled().await;
        let _ = stopped.send(Input::Stop).await;
    });
    let state = State { size: screen.terminal.size()?, ..State::default() };
    let session = arguments.session.clone();
    let mut program = Program { session, state, client: None, events: None, tell, started: Instant::now() };
    program.begin(arguments)?;
    let mut drawn_at: Option<Instant> = None;
    let mut changed = true;
    loop {
        let since = drawn_at.map_or(FRAME, |at| at.elapsed());
        if changed && since >= FRAME {
            screen.terminal.draw(|frame| view::view(&program.state, frame))?;
            (drawn_at, changed) = (Some(Instant::now()), false);
            continue;
        }
        // Nothing moves by itself but the line that says who types.
        let typing = !program.state.typists().is_empty();
        let wait = if changed { Some(FRAME - since) } else { typing.then_some(TICK) };
        let input = program.next(&mut told, wait).await;
        let now = i64::try_from(program.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        update(&mut program.state, Input::Clock(now));
        changed |= typing;
        if let Some(input) = input {
            changed = true;
            if program.takes(input) {
                break;
            }
        }
    }
    if let Some(client) = program.client {
        client.realtime().disconnect().await;
    }
    Ok(())
}

impl Program {
    /// Goes on with the session that is kept, or asks who is there.
    fn begin(&mut self, arguments: Arguments) -> Result<(), Failure> {
        let kept = if arguments.url.is_none() { self.session.read()? } else { None };
        let Some(kept) = kept else {
            let [url, key, user] =
                [arguments.url, arguments.key, arguments.user].map(Option::unwrap_or_default);
            self.state.form = Some(Form::filled(&url, &key, &user));
            return Ok(());
        };
        let client = self.session.builder(&kept.url, &kept.username)?.tokens(kept.tokens()).build()?;
        self.state.url = kept.url;
        self.connect(client, move |_| async move { Ok((kept.user_id, kept.username)) });
        Ok(())
    }

    fn sign_in(&mut self, client: Client, name: String, password: String) {
        self.connect(client, move |client| async move {
            let account = client.sign_in(&name, &password).await.map_err(|error| error.to_string())?;
            Ok((account.id, account.username))
        });
    }

    /// Connects as whom `sign_in` says. A session that is over is noticed on connecting.
    fn connect<F, S>(&mut self, client: Client, sign_in: F)
    where
        F: FnOnce(Client) -> S + Send + 'static,
        S: Future<Output = Result<(UserId, String), String>> + Send,
    {
        self.client = Some(client.clone());
        self.events = Some(client.realtime().events());
        let tell = self.tell.clone();
        tokio::spawn(async move {
            let signed_in = sign_in(client.clone()).await;
            let is_in = signed_in.is_ok();
            let _ = tell.send(Input::SignedIn(signed_in)).await;
            if is_in && let Err(error) = client.realtime().connect().await {
                let _ = tell.send(Input::Over(error.to_string())).await;
            }
        });
    }

    /// What comes next, if something does in that time.
    async fn next(&mut self, told: &mut Receiver<Input>, wait: Option<Duration>) -> Option<Input> {
        let events = &mut self.events;
        let event = async {
            match events {
                Some(events) => events.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            input = told.recv() => input,
            event = event => match event {
                Some(event) => Some(Input::Told(event)),
                None => {
                    self.events = None;
                    None
                }
            },
            () = after(wait) => None,
        }
    }

    /// Whether that was the end.
    fn takes(&mut self, input: Input) -> bool {
        for effect in update(&mut self.state, input) {
            match effect {
                Effect::Quit => return true,
                Effect::SignIn { url, key, name, password } => {
                    let client =
                        self.session.builder(&url, &name).map(|builder| builder.api_key(key).build());
                    match client {
                        Ok(Ok(client)) => self.sign_in(client, name, password),
                        Ok(Err(error)) => {
                            drop(update(&mut self.state, Input::SignedIn(Err(error.to_string()))))
                        }
                        Err(error) => drop(update(&mut self.state, Input::SignedIn(Err(error.to_string())))),
                    }
                }
                effect => {
                    if let Some(client) = &self.client {
                        perform::perform(effect, client, &self.tell);
                    }
                }
            }
        }
        false
    }
}

async fn after(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// Until the terminal is gone, or the program.
fn read_keys(tell: &Sender<Input>) {
    while let Ok(event) = read() {
        let input = match event {
            TerminalEvent::Key(key) if key.kind != KeyEventKind::Release => Input::Key(key),
            TerminalEvent::Paste(text) => Input::Paste(text),
            TerminalEvent::Resize(width, height) => Input::Resized((width, height).into()),
            _ => continue,
        };
        if tell.blocking_send(input).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
