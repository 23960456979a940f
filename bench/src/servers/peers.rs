//! RabbitMQ and ejabberd, as Debian has them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Fallible, While};

const PACKAGES: [&str; 2] = ["rabbitmq-server", "ejabberd"];
const EJABBERD_LIBRARIES: &str = "/usr/lib/x86_64-linux-gnu";
/// As in Debian's ejabberdctl.cfg.
const ERLANG_PORTS_MAX: &str = "32000";
const ERLANG_PROCESSES_MAX: &str = "250000";

pub(super) fn rabbitmq(data: &Path, port: u16, names: u16) -> Fallible<Command> {
    let (amqp, stomp, node) = (super::free_port()?, super::free_port()?, super::free_port()?);
    let configuration = format!(
        "listeners.tcp.1 = 127.0.0.1:{amqp}\nstomp.listeners.tcp.1 = 127.0.0.1:{stomp}\n\
         web_stomp.tcp.ip = 127.0.0.1\nweb_stomp.tcp.port = {port}\nweb_stomp.tcp.backlog = 1024\n\
         disk_free_limit.absolute = 50MB\nlog.console = false\nlog.file.level = error\n"
    );
    fs::write(data.join("rabbitmq.conf"), configuration)?;
    fs::write(data.join("enabled_plugins"), "[rabbitmq_web_stomp].\n")?;
    let mut command = Command::new(rabbitmq_home()?.join("sbin/rabbitmq-server"));
    command
        .env("HOME", data)
        .env("ERL_EPMD_PORT", names.to_string())
        .env("RABBITMQ_NODENAME", format!("compare-{port}@localhost"))
        .env("RABBITMQ_DIST_PORT", node.to_string())
        .env("RABBITMQ_MNESIA_BASE", data.join("mnesia"))
        .env("RABBITMQ_LOG_BASE", data.join("log"))
        .env("RABBITMQ_CONFIG_FILE", data.join("rabbitmq.conf"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", data.join("enabled_plugins"))
        .env("RABBITMQ_PID_FILE", data.join("pid"));
    Ok(command)
}

/// Debian's wrappers would change to a user who may not write here.
fn rabbitmq_home() -> Fallible<PathBuf> {
    let homes = fs::read_dir("/usr/lib/rabbitmq/lib").during("RabbitMQ is not installed")?;
    let home =
        homes.flatten().map(|entry| entry.path()).find(|path| path.join("sbin/rabbitmq-server").exists());
    home.ok_or_else(|| Failure::new("RabbitMQ is not in /usr/lib/rabbitmq/lib"))
}

pub(super) fn ejabberd(data: &Path, port: u16) -> Fallible<Command> {
    let configuration = format!(
        r#"hosts: [localhost]
loglevel: error
listen:
  - port: {port}
    ip: "127.0.0.1"
    module: ejabberd_http
    backlog: 1024
    request_handlers:
      /ws: ejabberd_http_ws
auth_method: anonymous
anonymous_protocol: login_anon
allow_multiple_connections: true
modules:
  mod_mam:
    db_type: mnesia
    default: never
  mod_muc:
    db_type: mnesia
    history_size: 0
    max_users: 20000
    default_room_options:
      mam: true
      persistent: true
      max_users: 20000
      presence_broadcast: []
"#
    );
    fs::write(data.join("ejabberd.yml"), configuration)?;
    let mut command = Command::new("erl");
    command
        .args(["+K", "true", "+P", ERLANG_PROCESSES_MAX, "-noinput", "-mnesia", "dir"])
        .arg(format!("\"{}\"", data.join("spool").display()))
        .args(["-s", "ejabberd"])
        .current_dir(data)
        .env("EJABBERD_CONFIG_PATH", data.join("ejabberd.yml"))
        .env("EJABBERD_LOG_PATH", data.join("ejabberd.log"))
        .env("ERL_CRASH_DUMP", data.join("crash.dump"))
        .env("ERL_LIBS", EJABBERD_LIBRARIES)
        .env("ERL_MAX_PORTS", ERLANG_PORTS_MAX);
    fs::create_dir_all(data.join("spool"))?;
    Ok(command)
}

fn is_installed(package: &str) -> bool {
    version(package).is_some()
}

fn version(package: &str) -> Option<String> {
    let query = Command::new("dpkg-query")
        .args(["-W", "-f=${db:Status-Status} ${Version}", package])
        .output()
        .ok()?;
    let answer = String::from_utf8(query.stdout).ok()?;
    answer.strip_prefix("installed ").map(str::to_owned)
}

/// Names and versions of what is measured beside Chinwag.
pub(crate) fn versions() -> Vec<(String, String)> {
    let packages = PACKAGES.into_iter().chain(["erlang-base"]);
    packages.filter_map(|package| Some((format!("{package} (Debian)"), version(package)?))).collect()
}

/// Installs what is missing, without letting the packages start services of their own.
pub(crate) fn install() -> Fallible<()> {
    let missing: Vec<&str> = PACKAGES.into_iter().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("installing {}", missing.join(" "));
    let policy = Path::new("/usr/sbin/policy-rc.d");
    let ours = !policy.exists();
    if ours {
        fs::write(policy, "#!/bin/sh\nexit 101\n").during("only root can install packages; install them")?;
        Command::new("chmod").arg("755").arg(policy).status()?;
    }
    let installed = apt_get(&["update", "-qq"]).and_then(|()| {
        apt_get(&[&["install", "-y", "-qq", "--no-install-recommends"], &missing[..]].concat())
    });
    if ours {
        fs::remove_file(policy)?;
    }
    installed
}

fn apt_get(arguments: &[&str]) -> Fallible<()> {
    let mut command = Command::new("apt-get");
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    if command.status().during("apt-get")?.success() {
        return Ok(());
    }
    Err(Failure::new(format!("apt-get {} failed: install {} yourself", arguments[0], PACKAGES.join(" and "))))
}
