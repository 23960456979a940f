use std::path::Path;
use crate::results::Results;
use crate::failure::Fallible;
pub(crate) fn write(_results: &Results, _path: &Path) -> Fallible<()> { Ok(()) }
