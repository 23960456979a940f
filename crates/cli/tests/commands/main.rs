//! Stories of administrators and of those who try it out, against the real binary: each command in both kinds of
//! output, with and without a server that runs on the same data.

mod apps;
mod bench;
mod beside;
mod dev;
mod dev_again;
mod doctor;
mod keys;
mod package;
mod program;
mod proxy;
mod running_dev;
mod talking;
mod users;
