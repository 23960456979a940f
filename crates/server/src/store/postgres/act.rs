//! The eight actions: lock the chats and read the facts, ask the rules, and make ready what is to be written.

use chinwag_protocol::{Envelope, Timestamp, UserId};
use tokio::sync::oneshot;

use super::decide::{Decision, No};
use super::facts::{Facts, Fault};
use super::flush::{BEGIN, MOVE_HEAD, Ready};
use super::group::Touched;
use super::line::{Ask, Line, ask};
use super::writer::Order;
use super::{Postgres, big, history};
use crate::chat::{ChatEvent, Published, Refusal};
use crate::clock::Ids;
use crate::store::{ActError, Answer, Done};

/// Actions of one user, to be done in order, all or none.
pub(super) struct ActJob {
    pub(super) by: UserId,
    pub(super) actions: Vec<Envelope>,
    pub(super) reply: oneshot::Sender<Result<Vec<Done>, ActError>>,
}

/// What each job's sender will be told, if it is committed.
pub(super) type Answers = Vec<Result<Vec<ChatEvent>, ActError>>;

impl Postgres {
    pub(in crate::store) async fn act(
        &self,
        by: UserId,
        actions: Vec<Envelope>,
    ) -> Answer<Vec<Done>, ActError> {
        let (reply, answer) = oneshot::channel();
        let _ = self.orders.send(Order::Act(ActJob { by, actions, reply })).await;
        Answer(answer)
    }
}

/// Decides jobs of one action each that do not meet, or one job.
pub(super) async fn decide(
    line: &Line,
    jobs: &[ActJob],
    now: Timestamp,
    ids: &Ids,
) -> Result<(Ready, Answers), Fault> {
    if let [job] = jobs
        && job.actions.len() != 1
    {
        return decide_in_turn(line, job, now, ids).await;
    }
    let each = || jobs.iter().filter_map(|job| Some((job.by, job.actions.first()?)));
    let facts = Facts::load(line, Some(Ask::plain(BEGIN)), each()).await?;
    let mut decision = Decision::new(&facts, ids, now);
    let mut answers = Vec::with_capacity(jobs.len());
    for (by, envelope) in each() {
        answers.push(match decision.act(by, envelope) {
            Ok(event) => Ok(vec![event]),
            Err(no) => Err(ActError::Refused { index: 0, refusal: refusal(line, no).await? }),
        });
    }
    let (count, asks) = decision.batch.into_asks();
    Ok((Ready { moved: count, count, asks, is_begun: false, published: decision.published }, answers))
}

/// Decides actions that come as one. Those that meet are read and written one after the other: the head is then
/// locked for as long as the rest takes.
async fn decide_in_turn(
    line: &Line,
    job: &ActJob,
    now: Timestamp,
    ids: &Ids,
) -> Result<(Ready, Answers), Fault> {
    let mut begin = Some(Ask::plain(BEGIN));
    let (mut events, mut published): (Vec<ChatEvent>, Vec<Published>) = Default::default();
    let (mut at, mut taken, mut is_begun) = (0, 0, false);
    loop {
        let mut touched = Touched::default();
        let part = job.actions[at..].iter().take_while(|envelope| touched.add(job.by, envelope)).count();
        let part = &job.actions[at..at + part];
        let facts = Facts::load(line, begin.take(), part.iter().map(|envelope| (job.by, envelope))).await?;
        let mut decision = Decision::new(&facts, ids, now);
        for (index, envelope) in (at..).zip(part) {
            match decision.act(job.by, envelope) {
                Ok(mut event) => {
                    event.position += taken;
                    events.push(event);
                }
                Err(no) => {
                    let refusal = refusal(line, no).await?;
                    return Ok((Ready::nothing(), vec![Err(ActError::Refused { index, refusal })]));
                }
            }
        }
        for mut told in decision.published {
            told.event.position += taken;
            published.push(told);
        }
        let (count, asks) = decision.batch.into_asks();
        taken += count;
        at += part.len();
        if at == job.actions.len() {
            return Ok((Ready { moved: count, count: taken, asks, is_begun, published }, vec![Ok(events)]));
        }
        if !asks.is_empty() {
            let mut written = vec![ask!(MOVE_HEAD, big(count))];
            written.extend(asks);
            line.pipeline(&written).await?;
            is_begun = true;
        }
    }
}

/// A conflict is answered with the message as it is now.
async fn refusal(line: &Line, no: No) -> Result<Refusal, Fault> {
    Ok(match no {
        No::Refused(refusal) => refusal,
        No::Changed(chat, id) => match history::message(line, chat, id).await? {
            Some(current) => Refusal::Conflict(Box::new(current)),
            None => Refusal::MessageNotFound,
        },
    })
}
