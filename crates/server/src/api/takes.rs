//! What a handler's arguments take of a request, and handlers as the sum of their arguments and their answer.

use std::sync::Arc;

use axum::extract::{Extension, Path, Request, State};
use axum::http::HeaderMap;

use super::{Answers, Sketch};
use crate::app::App;

/// An argument of a handler, as it is documented.
pub trait Takes {
    fn describe(sketch: &mut Sketch<'_>);
}

impl Takes for State<Arc<App>> {
    fn describe(_: &mut Sketch<'_>) {}
}

impl<T> Takes for Extension<T> {
    fn describe(_: &mut Sketch<'_>) {}
}

/// Nothing is known of what a handler looks for in them: its route says so.
impl Takes for HeaderMap {
    fn describe(_: &mut Sketch<'_>) {}
}

/// The same.
impl Takes for Request {
    fn describe(_: &mut Sketch<'_>) {}
}

/// The one name in a path, as it is.
impl Takes for Path<String> {
    fn describe(_: &mut Sketch<'_>) {}
}

/// A handler whose documentation is its signature. `Arguments` is the tuple of its arguments' types.
pub trait Documented<Arguments> {
    fn describe(sketch: &mut Sketch<'_>);
}

macro_rules! documented {
    ($($argument:ident)*) => {
        impl<Handler, Answered, Answer, $($argument),*> Documented<($($argument,)*)> for Handler
        where
            Handler: FnOnce($($argument),*) -> Answered,
            Answered: Future<Output = Answer>,
            Answer: Answers,
            $($argument: Takes,)*
        {
            fn describe(sketch: &mut Sketch<'_>) {
                $($argument::describe(sketch);)*
                Answer::describe(sketch);
            }
        }
    };
}

documented!();
documented!(A);
documented!(A B);
documented!(A B C);
documented!(A B C D);
documented!(A B C D E);
documented!(A B C D E F);
