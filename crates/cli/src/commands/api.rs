//! `chinwag api`: the documents of the API, for whoever makes a client without a server at hand.

use chinwag_server::api::Document;
use clap::{Args, ValueEnum};

use super::Failure;
use crate::output;

#[derive(Args)]
pub(crate) struct Arguments {
    #[arg(value_enum)]
    document: Which,
    /// Where the API is served, without a slash at the end
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    /// OpenAPI 3.1 of the chat API
    Openapi,
    /// OpenAPI 3.1 of the management API
    Management,
    /// AsyncAPI 3 of the realtime API
    Asyncapi,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let document = match arguments.document {
        Which::Openapi => Document::Chat,
        Which::Management => Document::Management,
        Which::Asyncapi => Document::Realtime,
    };
    let server = arguments.url.as_deref().unwrap_or(document.usual_server());
    output::text(document.text(server).trim_end())
}
