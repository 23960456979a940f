//! The one binary. Types for the command line; each command is a file in `commands`.

mod administration;
mod commands;
mod output;
mod settings;
mod signed_in;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use commands::{api, app, bench, chat, chats, dev, doctor, hook, key, login, send, shell, tail, user};
use settings::ServeFlags;

/// A realtime chat backend that you run yourself.
#[derive(Parser)]
#[command(version = env!("BUILD_VERSION"), propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(ServeFlags),
    /// Try it: the server with an app, an API key and three users, and lines to paste
    ///
    /// They are made once and told every time. Data is kept in ./data/dev unless said otherwise; the key and the
    /// passwords too, in dev.toml there, for its owner only.
    Dev(ServeFlags),
    /// Examine this machine, the services and the way in from outside, and say what to change
    ///
    /// On the server's machine, with the server's settings, it looks at the disk, the limits, the database and NATS. With
    /// a URL it also looks at TLS, the proxy, WebSocket upgrades, CORS and how long silent connections live. The exit code
    /// is 1 if something failed.
    Doctor(doctor::Arguments),
    /// Make, change and delete apps
    App(app::Arguments),
    /// Make, revoke and rotate API keys
    Key(key::Arguments),
    /// Make, change and replay webhooks
    Hook(hook::Arguments),
    /// Make, sign out and delete users
    User(user::Arguments),
    /// Print a document of the API
    Api(api::Arguments),
    /// Measure a server: this machine's, or one that runs elsewhere
    Bench(bench::Arguments),
    /// Chat in this terminal
    Chat(chat::Arguments),
    /// List the chats of who is signed in
    Chats(chats::Arguments),
    /// Send a message; prints its id once it is on the server's disk
    Send(send::Arguments),
    /// Print what happens, as it happens
    Tail(tail::Arguments),
    /// Sign in on this machine, for chat, chats, send and tail
    Login(login::Login),
    /// End the session that login began
    Logout(login::Logout),
    /// Print completions for a shell
    Completions(shell::Completions),
    /// Print the manual page
    Man(shell::Man),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Serve(flags) => commands::serve::run(&flags),
        Command::Dev(flags) => dev::run(&flags),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::App(arguments) => app::run(arguments),
        Command::Key(arguments) => key::run(arguments),
        Command::Hook(arguments) => hook::run(arguments),
        Command::User(arguments) => user::run(arguments),
        Command::Api(arguments) => api::run(&arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Chat(arguments) => chat::run(arguments),
        Command::Chats(arguments) => chats::run(&arguments),
        Command::Send(arguments) => send::run(arguments),
        Command::Tail(arguments) => tail::run(&arguments),
        Command::Login(arguments) => login::login(&arguments),
        Command::Logout(arguments) => login::logout(&arguments),
        Command::Completions(arguments) => shell::completions(&arguments, Arguments::command()),
        Command::Man(arguments) => shell::man(&arguments, Arguments::command()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chinwag: {error}");
            ExitCode::FAILURE
        }
    }
}
