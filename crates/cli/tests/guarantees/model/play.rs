//! Plays a story on the server and on the model.

use chinwag_testkit::{Act, App, Chinwag, Device, Given, Model, Person, Reload, Replica};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::Tally;
use super::story::{DEVICES, PEOPLE, Step, Way};
use crate::scene::takes;

const NAMES: [&str; PEOPLE] = ["alice", "bob", "carol", "dave"];
/// Enough to fill what the system holds for a socket whose other end does not read.
const FLOOD: usize = 320;
const FLOOD_TEXT: usize = 16_000;
/// Where devices stopped that a story remembers.
const STOPS_MAX: usize = 5;

pub(crate) struct Play<'a> {
    pub(super) chinwag: &'a mut Chinwag,
    pub(super) people: Vec<Person>,
    pub(super) devices: Vec<Device>,
    pub(super) model: Model,
    /// Every chat there ever was, but for the diaries.
    pub(super) chats: Vec<String>,
    /// Each person's chat with themselves, where they say that they are done.
    diaries: Vec<String>,
    /// Every message there ever was: its chat, its sender and its id.
    pub(super) messages: Vec<(String, String, String)>,
    /// Every reaction there ever was: its sender and its id.
    pub(super) reactions: Vec<(String, String)>,
    /// Cursors, and what was known there, by the number of the person.
    stops: Vec<(usize, String, Replica)>,
    pub(super) said: usize,
    pub(super) tally: Tally,
}

impl<'a> Play<'a> {
    /// New people on the running server.
    pub(crate) async fn new(chinwag: &'a mut Chinwag, app: &App) -> Self {
        let mut people = Vec::new();
        for name in NAMES {
            people.push(app.user(name).await);
        }
        let devices = people.iter().flat_map(|person| (0..DEVICES).map(|_| Device::of(person))).collect();
        let mut play = Self {
            chinwag,
            people,
            devices,
            model: Model::default(),
            chats: Vec::new(),
            diaries: Vec::new(),
            messages: Vec::new(),
            reactions: Vec::new(),
            stops: Vec::new(),
            said: 0,
            tally: Tally::default(),
        };
        for who in 0..PEOPLE {
            let act = Act::Create { name: "diary".to_owned(), users: vec![play.people[who].id.clone()] };
            play.does(who, &act, Way::Post).await;
            play.diaries.extend(play.chats.pop());
        }
        play
    }

    pub(crate) async fn plays(mut self, story: &[Step]) -> Tally {
        for step in story {
            self.tally.steps += 1;
            self.step(step).await;
        }
        self.compares().await;
        self.stops_lead_to_the_same_end().await;
        self.tally.named_slow = self.devices.iter().map(|device| device.slow).sum();
        self.tally
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Does { who, chat, what, deed, way } => {
                if let Some(act) = self.act(*who, *chat, *what, deed) {
                    self.does(*who, &act, *way).await;
                } else {
                    self.opens(*who, *chat).await;
                }
            }
            Step::AllTalk { chat, each } => {
                let chat = self.some_chat(*chat);
                let all = (0..PEOPLE).flat_map(|who| (0..*each).map(move |_| who)).collect();
                self.talk(&chat, all, 10).await;
            }
            Step::Flood { chat } => {
                let chat = self.some_chat(*chat);
                if let Some(who) = (0..PEOPLE).find(|who| self.sees(*who, &chat)) {
                    self.talk(&chat, vec![who; FLOOD], FLOOD_TEXT).await;
                }
            }
            Step::Connects { who, device } => {
                let device = &mut self.devices[who * DEVICES + device];
                if !device.is_connected() {
                    assert!(device.connects().await, "the server is there");
                    self.tally.resumed += 1;
                }
            }
            Step::Vanishes { who, device } => {
                let device = &mut self.devices[who * DEVICES + device];
                device.vanishes();
                // A device that was not yet told RESYNC has no cursor that is honoured.
                if !device.cursor.starts_with("none") && self.stops.len() < STOPS_MAX {
                    self.stops.push((*who, device.cursor.clone(), device.replica.clone()));
                }
            }
            Step::Hears { who, device, events } => {
                let device = &mut self.devices[who * DEVICES + device];
                for _ in 0..*events {
                    if !device.is_connected() || device.hears_now().await.is_none() {
                        break;
                    }
                }
            }
            Step::Restarts { kill } => self.restarts(*kill).await,
            Step::Compares => self.compares().await,
        }
    }

    pub(super) async fn restarts(&mut self, kill: bool) {
        self.tally.deaths += 1;
        if kill {
            self.chinwag.kill().await;
        } else {
            self.chinwag.stop().await;
        }
        self.chinwag.start_again().await;
    }

    pub(super) fn sees(&self, who: usize, chat: &str) -> bool {
        self.model.view(&self.people[who].id).contains_key(chat)
    }

    /// Many say something at the same time. Whatever comes first, the model hears it in that order.
    async fn talk(&mut self, chat: &str, all: Vec<usize>, length: usize) {
        let mut acts = Vec::new();
        for who in all {
            self.said += 1;
            let text = format!("{} {}", self.said, "x".repeat(length));
            acts.push((who, Act::Send { chat: chat.to_owned(), text }));
        }
        let said = join_all(acts.iter().map(|(who, act)| {
            let action = act.to_action().expect("an action");
            self.people[*who].posts(action)
        }));
        let mut said: Vec<_> = said.await.into_iter().zip(acts).collect();
        said.sort_by_key(|(answer, _)| answer.body["seq"].as_u64());
        for (answer, (who, act)) in said {
            let outcome =
                if answer.status == 200 { Ok(answer.body) } else { Err(answer.body["code"].clone()) };
            self.is_as_the_model_says(who, &act, outcome);
        }
    }

    /// The model does the same, and says the same.
    pub(super) fn is_as_the_model_says(&mut self, who: usize, act: &Act, outcome: Result<Value, Value>) {
        let by = &self.people[who].id;
        let text = |event: &Value, field: &str| event[field].as_str().unwrap_or_default().to_owned();
        let given = match &outcome {
            Ok(event) if event["type"].is_null() => {
                Given { id: text(event, "chatId"), at: text(event, "createdAt") }
            }
            Ok(event) => {
                let at = if event["editedAt"].is_string() { "editedAt" } else { "timeStamp" };
                Given { id: text(event, "messageId"), at: text(event, at) }
            }
            Err(_) => Given::default(),
        };
        let expected = self.model.act(by, act, &given);
        match (&outcome, expected) {
            (Ok(event), Ok(seq)) => {
                self.tally.done += 1;
                if act.to_action().is_some() {
                    assert_eq!(event["seq"], json!(seq), "{act:?}: {event}");
                }
            }
            (Err(code), Err(expected)) => {
                self.tally.refused += 1;
                assert_eq!(code, expected, "{act:?}");
            }
            (outcome, expected) => {
                panic!("{}: {act:?} came to {outcome:?}, the model says {expected:?}", self.people[who].name)
            }
        }
        match (act, outcome) {
            (Act::Create { .. }, Ok(_)) => self.chats.push(given.id),
            (Act::Send { chat, .. } | Act::Reply { chat, .. }, Ok(_)) => {
                self.messages.push((chat.clone(), by.clone(), given.id));
            }
            (Act::React { .. }, Ok(_)) => self.reactions.push((by.clone(), given.id)),
            (Act::Read { chat, .. }, Ok(event)) if event["unreadCount"].is_u64() => {
                let list = self.model.list(by);
                let listed = list.iter().find(|listed| listed["chatId"] == *chat).expect("a member");
                assert_eq!(event["unreadCount"], listed["unreadCount"]);
            }
            _ => {}
        }
    }

    /// Everyone comes back and hears all there is to hear; then all know the same.
    async fn compares(&mut self) {
        for device in &mut self.devices {
            device.goes_live().await;
        }
        for who in 0..PEOPLE {
            let diary = self.diaries[who].clone();
            let act = Act::Send { chat: diary.clone(), text: "done".to_owned() };
            self.does(who, &act, Way::Post).await;
            let view = self.model.view(&self.people[who].id);
            let (seq, _) = view[&diary].messages.last_key_value().expect("it was said");
            for device in &mut self.devices[who * DEVICES..(who + 1) * DEVICES] {
                device.hears_up_to(&diary, *seq).await;
                assert_eq!(device.replica.view(), view, "as {} was told", device.person.name);
                let (missed, _) = device.person.syncs(&device.cursor).await;
                assert!(missed.is_empty(), "nothing is left to tell: {missed:?}");
            }
        }
        for person in &self.people {
            assert_eq!(person.view().await, self.model.view(&person.id), "as {} reads it", person.name);
            let mut listed = person.all_chats().await;
            for chat in &mut listed {
                chat.as_object_mut().expect("an object").remove("createdAt");
            }
            assert_eq!(listed, self.model.list(&person.id), "as {} has it listed", person.name);
        }
    }

    async fn stops_lead_to_the_same_end(&mut self) {
        for (who, cursor, mut replica) in std::mem::take(&mut self.stops) {
            let person = &self.people[who];
            let (missed, _) = person.syncs(&cursor).await;
            takes(&mut replica, person, missed).await;
            assert_eq!(replica.view(), self.model.view(&person.id), "as {} caught up", person.name);
            let mut anew = Replica::of(&person.id);
            anew.reload(&Reload::Everything, person).await;
            assert_eq!(anew.view(), replica.view());
        }
    }
}
