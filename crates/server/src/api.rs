//! What the listeners offer, said once. A [`Route`] is where path, method, handler, name and refusals meet; the rest of
//! its documentation is read from the handler's own types, so that none can be without, and none can differ.
//!
//! Every kind of argument says what it takes of a request ([`Takes`]), every kind of result what it answers
//! ([`Answers`]). [`Document`]s are made of that, when they are asked for.

mod answers;
mod asyncapi;
mod documents;
mod openapi;
mod routes;
mod sketch;
mod takes;

pub use answers::{Answers, Created, EventsAnswer, NotKept};
pub use documents::{Document, DocumentAnswer, Documents};
pub use routes::{Operation, Preflight, Route, Routes, Unnamed, delete, get, post, preflight, put};
pub use sketch::{Credential, Sketch};
pub use takes::{Documented, Takes};
