//! What was measured, as it is kept between the measuring and the report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One run of the comparison.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) date: String,
    /// The sizes that were measured, by their name on the command line.
    pub(crate) plan: String,
    pub(crate) rounds: usize,
    /// Processor, memory, kernel, disk.
    pub(crate) machine: Vec<(String, String)>,
    pub(crate) versions: Vec<(String, String)>,
    pub(crate) records: Vec<Record>,
    /// What could not be measured, and why.
    pub(crate) failures: Vec<String>,
}

/// One measurement of one server.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) round: usize,
    pub(crate) workload: String,
    pub(crate) server: String,
    pub(crate) load_average: f64,
    /// Cores that something else used meanwhile.
    pub(crate) others: f64,
    /// By name; times in microseconds, memory in bytes, rates per second.
    pub(crate) figures: BTreeMap<String, f64>,
}

impl Record {
    pub(crate) fn with(mut self, name: &str, figure: f64) -> Self {
        self.figures.insert(name.to_owned(), figure);
        self
    }
}

impl Results {
    /// A figure in each round in which it was measured.
    pub(crate) fn figures(&self, workload: &str, server: &str, name: &str) -> Vec<(usize, f64)> {
        let records =
            self.records.iter().filter(|record| record.workload == workload && record.server == server);
        records.filter_map(|record| Some((record.round, *record.figures.get(name)?))).collect()
    }

    /// Over the rounds.
    pub(crate) fn over_rounds(&self, workload: &str, server: &str, name: &str) -> Option<Spread> {
        Spread::of(self.figures(workload, server, name).into_iter().map(|(_, figure)| figure).collect())
    }

    /// What `each` makes of the figures of one round, over the rounds; those that lack one of them do not count.
    pub(crate) fn within_rounds<const N: usize>(
        &self,
        figures: [(&str, &str, &str); N],
        each: impl Fn([f64; N]) -> f64,
    ) -> Option<Spread> {
        let found = figures.map(|(workload, server, name)| self.figures(workload, server, name));
        let of = |round| {
            let mut all = [0.0; N];
            for (figure, found) in all.iter_mut().zip(&found) {
                *figure = found.iter().find(|(at, _)| *at == round)?.1;
            }
            Some(each(all))
        };
        Spread::of((0..self.rounds).filter_map(of).filter(|ratio| ratio.is_finite()).collect())
    }
}

/// A figure over the rounds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    /// The middle one, or the mean of the two in the middle.
    pub(crate) median: f64,
    pub(crate) most: f64,
}

impl Spread {
    fn of(mut figures: Vec<f64>) -> Option<Self> {
        figures.sort_by(f64::total_cmp);
        let middle = figures.len() / 2;
        let upper = *figures.get(middle)?;
        let even = figures.len().is_multiple_of(2);
        let median = if even { f64::midpoint(figures[middle - 1], upper) } else { upper };
        Some(Self { least: figures[0], median, most: figures[figures.len() - 1] })
    }

    /// Each of the three, made into something else that grows with it.
    pub(crate) fn map(self, to: impl Fn(f64) -> f64) -> Self {
        Self { least: to(self.least), median: to(self.median), most: to(self.most) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(round: usize, server: &str, cpu: f64) -> Record {
        let (workload, server) = ("pairs".to_owned(), server.to_owned());
        Record { round, workload, server, ..Record::default() }.with("cpu", cpu)
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let records = vec![
            record(0, "chinwag", 2.0),
            record(0, "bare", 1.0),
            record(1, "chinwag", 30.0),
            record(1, "bare", 10.0),
            record(2, "chinwag", 8.0),
            record(2, "bare", 2.0),
            record(3, "chinwag", 1000.0),
        ];
        let results = Results { rounds: 4, records, ..Results::default() };
        let ratio = |[a, b]: [f64; 2]| a / b;
        let figures = [("pairs", "chinwag", "cpu"), ("pairs", "bare", "cpu")];
        let ratios = results.within_rounds(figures, ratio);
        assert_eq!(ratios, Some(Spread { least: 2.0, median: 3.0, most: 4.0 }));
        let figures = results.over_rounds("pairs", "chinwag", "cpu").expect("four rounds");
        assert_eq!((figures.median, figures.most), (19.0, 1000.0));
        assert_eq!(results.over_rounds("pairs", "nobody", "cpu"), None);
    }
}
