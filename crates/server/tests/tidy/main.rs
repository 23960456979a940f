//! The rules of the house that can be read from the sources (ARCHITECTURE.md, "What is nowhere"). Each rule is a pure
//! function from text to complaints; `bites.rs` shows every one of them a text that it must complain of.

mod bites;
mod documents;
mod packages;
mod rules;
mod tree;

use chinwag_server::api::Document;
use documents::{api, codes, contents, examples, limits, links, metrics, settings, watched};
use tree::{Source, documents, read, sources};

/// Fails with all complaints at once.
#[track_caller]
fn nothing_to_complain(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Every source file against one rule.
#[track_caller]
fn holds_everywhere(rule: impl Fn(&Source) -> Vec<String>) {
    let sources = sources();
    assert!(sources.len() > 100, "the tree was not found: {} files", sources.len());
    nothing_to_complain(sources.iter().flat_map(rule).collect());
}

#[test]
fn files_are_short_and_modules_are_not_in_mod_rs() {
    holds_everywhere(rules::size_and_name);
}

#[test]
fn nothing_is_left_for_later() {
    holds_everywhere(rules::nothing_left_for_later);
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    holds_everywhere(rules::unwraps);
}

#[test]
fn every_queue_has_a_bound_with_a_name() {
    holds_everywhere(rules::queues);
}

#[test]
fn modules_know_only_what_they_may() {
    holds_everywhere(rules::directions);
}

/// A rule whose files were renamed would hold for ever.
#[test]
fn every_direction_is_about_files_that_are_there() {
    let sources = sources();
    for (place, _) in rules::DIRECTIONS {
        assert!(sources.iter().any(|source| rules::is_in(&source.path, place)), "no file in {place}");
    }
}

#[test]
fn every_dependency_says_what_for() {
    nothing_to_complain(rules::dependencies(&read("Cargo.toml")));
}

#[test]
fn every_error_code_is_documented() {
    nothing_to_complain(codes(&read("docs/protocol.md")));
}

#[test]
fn every_metric_is_documented() {
    nothing_to_complain(metrics(&read("docs/metrics.md")));
}

#[test]
fn the_documents_of_the_api_are_of_this_code() {
    let complaints =
        Document::ALL.map(|document| api(document, &read(&format!("docs/api/{}", document.file()))));
    nothing_to_complain(complaints.concat());
}

#[test]
fn others_packages_are_under_licences_that_allow_it() {
    let mut complaints = packages::licences(&packages::metadata());
    for file in ["web", "sdk/typescript", "sdk/react"].map(|package| format!("{package}/package-lock.json")) {
        complaints.extend(packages::npm_licences(&file, &read(&file)));
    }
    nothing_to_complain(complaints);
}

#[test]
fn no_package_is_there_in_two_versions_unknown_to_us() {
    nothing_to_complain(packages::duplicates(&packages::metadata()));
}

#[test]
fn dashboards_and_alerts_name_metrics_that_there_are() {
    for file in ["grafana-dashboard.json", "prometheus-alerts.yml"] {
        let file = format!("deploy/observability/{file}");
        nothing_to_complain(watched(&file, &read(&file)));
    }
}

#[test]
fn examples_of_settings_are_settings() {
    let documents = documents();
    let in_docs = documents.iter().filter(|document| document.path.starts_with("docs/"));
    nothing_to_complain(in_docs.flat_map(examples).collect());
}

#[test]
fn every_document_is_in_the_book() {
    let paths: Vec<String> = documents().into_iter().map(|document| document.path).collect();
    nothing_to_complain(contents(&read("docs/SUMMARY.md"), &paths));
}

#[test]
fn every_limit_is_documented() {
    nothing_to_complain(limits(&read("docs/protocol.md"), &read("crates/protocol/src/limits.rs")));
}

#[test]
fn every_setting_is_documented_with_its_default_and_range() {
    nothing_to_complain(settings(&read("docs/configuration.md")));
}

#[test]
fn links_between_documents_lead_somewhere() {
    nothing_to_complain(documents().iter().flat_map(links).collect());
}
