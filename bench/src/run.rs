//! The rounds: every workload on every server in turn, so that what disturbs one disturbs the others.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::dialect::Kind;
use crate::failure::{Failure, Fallible};
use crate::fill::{self, Filled};
use crate::plan::Plan;
use crate::results::{Record, Results};
use crate::seed::Template;
use crate::servers::Ground;
use crate::talk::{Pace, Talk};
use crate::{crowd, durable, idle, stored, storm};

/// Names of what can be asked for.
pub(crate) const WORKLOADS: [&str; 9] =
    ["idle", "pairs", "half", "groups", "crowd", "durable", "storm", "stored", "sign-in"];
const MEMBERS_OF_GROUP: usize = 100;

pub(crate) struct Run {
    pub(crate) plan: Plan,
    pub(crate) ground: Ground,
    pub(crate) servers: Vec<Kind>,
    pub(crate) workloads: BTreeSet<String>,
    /// Where the results are written after every round.
    pub(crate) kept: PathBuf,
}

/// What is there for all rounds.
struct Scene {
    template: Template,
    few: Option<Filled>,
    many: Option<Filled>,
}

impl Run {
    pub(crate) async fn all(mut self, mut results: Results) -> Fallible<Results> {
        let template = Template::make(&self.ground).await?;
        self.ground.frame_bytes = self.calibrate(&template).await?;
        let frame = ("a message as `bare` sends it".to_owned(), format!("{} bytes", self.ground.frame_bytes));
        results.machine.push(frame);
        let (mut few, mut many) = (None, None);
        if self.wants("stored") {
            eprintln!(
                "filling data directories with {} and {} messages",
                self.plan.stored_few, self.plan.stored_many
            );
            let began = Instant::now();
            few = Some(fill::fill(&self.ground, &template, self.plan.stored_few)?);
            many = Some(fill::fill(&self.ground, &template, self.plan.stored_many)?);
            eprintln!("filled in {:.0} s", began.elapsed().as_secs_f64());
        }
        let scene = Scene { template, few, many };
        for round in 0..self.plan.rounds {
            // Whoever is first in one round is last in another.
            let turn = round % self.servers.len().max(1);
            let mut order = self.servers.clone();
            order.rotate_left(turn);
            self.round(round, &order, &scene, &mut results).await;
            results.rounds = round + 1;
            std::fs::write(&self.kept, serde_json::to_string_pretty(&results)?)?;
        }
        Ok(results)
    }

    fn wants(&self, workload: &str) -> bool {
        self.workloads.contains(workload)
    }

    /// How large a message is as Chinwag sends it: `bare` is to send as much.
    async fn calibrate(&self, template: &Template) -> Fallible<usize> {
        let talk = Talk {
            workload: "calibration",
            chats: 1,
            members: 2,
            pace: Pace::InFlight(1),
            warm_up: Duration::ZERO,
            measured: Duration::from_millis(300),
        };
        let record = talk.run(&self.ground, template, Kind::Chinwag).await?;
        Ok(record.figures.get("frame_bytes").copied().unwrap_or_default().round() as usize)
    }

    async fn round(&self, round: usize, order: &[Kind], scene: &Scene, results: &mut Results) {
        for workload in WORKLOADS {
            if !self.wants(workload) {
                continue;
            }
            for &kind in order.iter().filter(|kind| is_for(workload, **kind, round)) {
                let began = Instant::now();
                eprint!("round {} of {}: {workload}, {} ... ", round + 1, self.plan.rounds, kind.name());
                let measured = self.measure(round, workload, kind, scene, results).await;
                let took = began.elapsed().as_secs_f64();
                match measured {
                    Ok(records) => {
                        eprintln!("{took:.0} s");
                        results.records.extend(records.into_iter().map(|record| Record { round, ..record }));
                    }
                    Err(failure) => {
                        eprintln!("{failure}");
                        let (round, name) = (round + 1, kind.name());
                        results.failures.push(format!("round {round}, {workload}, {name}: {failure}"));
                    }
                }
            }
        }
    }

    async fn measure(
        &self,
        round: usize,
        workload: &str,
        kind: Kind,
        scene: &Scene,
        results: &Results,
    ) -> Fallible<Vec<Record>> {
        let (plan, ground, template) = (&self.plan, &self.ground, &scene.template);
        let ours = kind == Kind::Chinwag;
        let talk = |workload, chats, members| Talk {
            workload,
            chats,
            members,
            pace: Pace::InFlight(1),
            warm_up: plan.warm_up,
            measured: plan.talk,
        };
        Ok(match workload {
            "idle" => {
                let hold = if ours && round == 0 { plan.idle_long } else { plan.idle_hold };
                idle::run(ground, template, kind, plan.idle, hold).await?
            }
            "pairs" => vec![talk("pairs", plan.pairs, 2).run(ground, template, kind).await?],
            "half" => {
                let fastest = results.figures("pairs", Kind::Chinwag.name(), "acknowledged_per_second");
                let fastest = fastest.into_iter().find(|(at, _)| *at == round).map(|(_, rate)| rate);
                let rate =
                    fastest.ok_or_else(|| Failure::new("without `pairs` nothing is known of a half"))? / 2.0;
                let half = Talk { pace: Pace::PerSecond(rate), ..talk("half", plan.pairs, 2) };
                vec![half.run(ground, template, kind).await?.with("rate", rate)]
            }
            "groups" => {
                vec![talk("groups", plan.groups, MEMBERS_OF_GROUP).run(ground, template, kind).await?]
            }
            "crowd" => vec![crowd::run(ground, template, kind, plan.crowd, plan.crowd_messages).await?],
            "durable" if ours => {
                let mut records = durable::many(ground, template, plan.talk).await?;
                records.push(durable::one(ground, template, kind, plan.talk / 2).await?);
                records
            }
            "durable" => vec![durable::one(ground, template, kind, plan.talk / 2).await?],
            "storm" => vec![storm::run(ground, template, plan.storm, plan.storm_calm).await?],
            "stored" => {
                let mut records = vec![stored::empty(ground, template).await?];
                for (name, filled) in [("stored few", &scene.few), ("stored many", &scene.many)] {
                    if let Some(filled) = filled {
                        records.push(stored::run(ground, filled, name, plan.amounts).await?);
                    }
                }
                records
            }
            "sign-in" => vec![stored::sign_in(ground, template, plan.sign_ins).await?],
            _ => Vec::new(),
        })
    }
}

/// Some is only asked of Chinwag, and a half of the load of `bare` too.
fn is_for(workload: &str, kind: Kind, round: usize) -> bool {
    match workload {
        // Memory does not vary, and opening 15,000 connections five times at each of them would take an hour.
        "idle" => round == 0 || matches!(kind, Kind::Chinwag | Kind::Bare),
        "half" => matches!(kind, Kind::Chinwag | Kind::Bare),
        "storm" | "stored" | "sign-in" => kind == Kind::Chinwag,
        _ => true,
    }
}
