//! BEGIN, COMMIT, ABORT: actions that take effect together or not at all.

use chinwag_protocol::Envelope;
use chinwag_protocol::stomp::Frame;

use super::{Acting, Effect, Note, Session, receipt_for};
use crate::problem::Problem;

/// Transactions that one connection may have open.
pub(super) const TRANSACTIONS_MAX: usize = 16;
/// Actions in one transaction.
pub(super) const ACTIONS_MAX: usize = 100;
/// Bytes of text in the open transactions of one connection.
pub(super) const BYTES_MAX: usize = 1024 * 1024;

#[derive(Default)]
pub(super) struct Transactions(Vec<Transaction>);

struct Transaction {
    name: String,
    envelopes: Vec<Envelope>,
    notes: Vec<Note>,
    bytes: usize,
    /// The first action that was wrong in itself: the transaction can only be refused.
    spoilt: Option<(usize, Problem)>,
}

impl Transactions {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|transaction| transaction.name == name)
    }

    pub(super) fn add(
        &mut self,
        name: &str,
        parsed: Result<Envelope, Problem>,
        note: Note,
    ) -> Result<(), String> {
        let bytes: usize = self.0.iter().map(|transaction| transaction.bytes).sum();
        let transaction = self
            .0
            .iter_mut()
            .find(|transaction| transaction.name == name)
            .ok_or("there is no such transaction")?;
        let added = note.bytes() + parsed.as_ref().map_or(0, |envelope| envelope.action.text_bytes());
        if transaction.notes.len() >= ACTIONS_MAX || bytes + added > BYTES_MAX {
            return Err(format!(
                "at most {ACTIONS_MAX} actions in a transaction, of {BYTES_MAX} bytes together"
            ));
        }
        transaction.bytes += added;
        match parsed {
            Ok(envelope) => transaction.envelopes.push(envelope),
            Err(problem) => {
                let at = transaction.notes.len();
                transaction.spoilt.get_or_insert((at, problem));
            }
        }
        transaction.notes.push(note);
        Ok(())
    }

    fn take(&mut self, name: &str) -> Result<Transaction, String> {
        let at = self.0.iter().position(|transaction| transaction.name == name);
        Ok(self.0.swap_remove(at.ok_or("there is no such transaction")?))
    }
}

fn name(frame: &Frame) -> Result<&str, String> {
    frame.header("transaction").ok_or_else(|| format!("{} needs the header transaction", frame.command))
}

impl Session {
    pub(super) fn begin(&mut self, frame: &Frame, effects: &mut Vec<Effect>) -> Result<(), String> {
        let name = name(frame)?;
        if self.transactions.has(name) {
            return Err("this transaction has begun already".to_owned());
        }
        if self.transactions.0.len() >= TRANSACTIONS_MAX {
            return Err(format!("at most {TRANSACTIONS_MAX} transactions at once"));
        }
        self.transactions.0.push(Transaction {
            name: name.to_owned(),
            envelopes: Vec::new(),
            notes: Vec::new(),
            bytes: 0,
            spoilt: None,
        });
        receipt_for(frame, effects);
        Ok(())
    }

    /// COMMIT: its receipt and those of its SENDs come when all of it is on the disk.
    pub(super) fn commit(&mut self, frame: &Frame, effects: &mut Vec<Effect>) -> Result<(), String> {
        let transaction = self.transactions.take(name(frame)?)?;
        let receipt = frame.header("receipt").map(str::to_owned);
        if let Some((index, problem)) = transaction.spoilt {
            let mut note = transaction.notes[index].clone();
            note.receipt = note.receipt.or(receipt);
            self.refuse(note, problem, effects);
            return Ok(());
        }
        if transaction.envelopes.is_empty() {
            receipt_for(frame, effects);
            return Ok(());
        }
        let receipts = transaction.notes.iter().filter_map(|note| note.receipt.clone());
        let receipts = receipts.chain(receipt.clone()).collect();
        let mut notes = transaction.notes;
        for note in &mut notes {
            note.receipt = note.receipt.take().or_else(|| receipt.clone());
        }
        self.act(transaction.envelopes, Acting { receipts, notes }, effects);
        Ok(())
    }

    pub(super) fn abort(&mut self, frame: &Frame, effects: &mut Vec<Effect>) -> Result<(), String> {
        self.transactions.take(name(frame)?)?;
        receipt_for(frame, effects);
        Ok(())
    }
}
