//! Choosing what a deed is about, and doing it by one door or another, once or again.

use chinwag_testkit::{Act, Answer, Told};
use serde_json::{Value, json};

use super::play::Play;
use super::story::{DEVICES, Deed, PEOPLE, Way};

const EMOJI: [&str; 3] = ["👍", "❤️", "🎉"];
/// Well-formed, and nothing has it.
const NOTHING: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const LONG: usize = 3000;

impl Play<'_> {
    pub(super) fn some_chat(&self, chat: usize) -> String {
        self.chats.get(chat % self.chats.len().max(1)).map_or(NOTHING, String::as_str).to_owned()
    }

    /// Often one that this user is in.
    fn often_own_chat(&self, by: &str, chat: usize) -> String {
        let mut own = self.model.view(by);
        own.retain(|id, _| self.chats.contains(id));
        let own: Vec<&String> = own.keys().collect();
        if chat.is_multiple_of(8) || own.is_empty() {
            return self.some_chat(chat / 8);
        }
        own[chat % own.len()].clone()
    }

    /// A message of that chat, be it deleted or not: often one's own.
    fn some_message(&self, by: &str, chat: &str, what: usize) -> String {
        let here = || self.messages.iter().filter(|(place, ..)| place == chat);
        let own: Vec<&String> = here().filter(|(_, sender, _)| sender == by).map(|(.., id)| id).collect();
        let all: Vec<&String> = here().map(|(.., id)| id).collect();
        let among = if !what.is_multiple_of(3) && !own.is_empty() { own } else { all };
        among.get(what / 3 % among.len().max(1)).map_or(NOTHING, |id| id.as_str()).to_owned()
    }

    fn some_reaction(&self, by: &str, what: usize) -> String {
        let own: Vec<&String> =
            self.reactions.iter().filter(|(sender, _)| sender == by).map(|(_, id)| id).collect();
        let all: Vec<&String> = self.reactions.iter().map(|(_, id)| id).collect();
        let among = if !what.is_multiple_of(4) && !own.is_empty() { own } else { all };
        among.get(what / 4 % among.len().max(1)).map_or(NOTHING, |id| id.as_str()).to_owned()
    }

    /// What a deed comes to now; none if it is opening a chat, which is no action.
    pub(super) fn act(&mut self, who: usize, chat: usize, what: usize, deed: &Deed) -> Option<Act> {
        self.said += 1;
        let by = self.people[who].id.clone();
        let id = |who: usize| self.people[who].id.clone();
        if let Deed::Create { with } = deed {
            let users = (0..PEOPLE).filter(|other| *other == who || with >> other & 1 == 1).map(id).collect();
            return Some(Act::Create { name: format!("chat {}", self.said), users });
        }
        let chat = self.often_own_chat(&by, chat);
        let message = self.some_message(&by, &chat, what);
        let text = format!("text {}", self.said);
        let changed = self.model.changed(&chat, &message).unwrap_or(1);
        let if_seq = |seen: bool| Some(if seen { changed } else { changed - 1 });
        Some(match deed {
            Deed::Create { .. } | Deed::Open => return None,
            Deed::Add { whom } => Act::Add { chat, user: id(*whom) },
            Deed::Remove { whom } => Act::Remove { chat, user: id(*whom) },
            Deed::Leave => Act::Remove { chat, user: by },
            Deed::Rename => Act::Rename { chat, name: text },
            Deed::DeleteChat => Act::DeleteChat { chat },
            Deed::Say { long: true } => Act::Send { chat, text: text + &" long".repeat(LONG / 5) },
            Deed::Say { long: false } => Act::Send { chat, text },
            Deed::Reply => Act::Reply { chat, message, text },
            Deed::EditBlindly => Act::Edit { chat, message, text, if_seq: None },
            Deed::Edit { seen } => Act::Edit { chat, message, text, if_seq: if_seq(*seen) },
            Deed::Delete { seen } => Act::Delete { chat, message, if_seq: if_seq(*seen) },
            Deed::React { emoji } => Act::React { chat, message, emoji: EMOJI[*emoji].to_owned() },
            Deed::Unreact => Act::Unreact { reaction: self.some_reaction(&by, what) },
            Deed::Read => Act::Read { chat, message },
        })
    }

    /// Opening a chat's newest page reads its newest message.
    pub(super) async fn opens(&mut self, who: usize, chat: usize) {
        let chat = self.often_own_chat(&self.people[who].id, chat);
        let person = &self.people[who];
        let answer = person.get(&format!("/api/messages/getMessages/{chat}?size=3")).await;
        let Some(seen) = self.model.view(&person.id).remove(&chat) else {
            answer.is_refused(404, "CHAT_NOT_FOUND");
            return;
        };
        let ids: Vec<Value> = seen.messages.values().rev().take(3).map(|message| json!(message.id)).collect();
        let page = answer.ok();
        let told: Vec<Value> = page["messages"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|found| found["messageId"].clone())
            .collect();
        assert_eq!(told, ids);
        if let Some((_, newest)) = seen.messages.last_key_value() {
            let act = Act::Read { chat, message: newest.id.clone() };
            let _ = self.model.act(&person.id.clone(), &act, &chinwag_testkit::Given::default());
        }
    }

    pub(super) async fn does(&mut self, who: usize, act: &Act, way: Way) {
        let answer = match act.to_action() {
            Some(action) => self.acts(who, action, way).await,
            None => self.asks(who, act).await,
        };
        let outcome = if answer.status < 300 {
            Ok(answer.body)
        } else {
            Err(answer.is_refused_somehow()["code"].clone())
        };
        self.is_as_the_model_says(who, act, outcome);
    }

    /// What has paths of its own.
    async fn asks(&self, who: usize, act: &Act) -> Answer {
        let person = &self.people[who];
        let name =
            |id: &String| self.people.iter().find(|other| other.id == *id).expect("one of us").name.clone();
        match act {
            Act::Create { name: title, users } => {
                let names: Vec<String> = users.iter().map(name).collect();
                person.post("/api/chat/createChat", json!({"chatName": title, "userNames": names})).await
            }
            Act::Add { chat, user } => person.adds(chat, &name(user)).await,
            Act::Remove { chat, user } => person.removes(chat, user).await,
            Act::Rename { chat, name } => person.renames(chat, name).await,
            Act::DeleteChat { chat } => person.deletes_chat(chat).await,
            other => panic!("an action: {other:?}"),
        }
    }

    /// Does an action one way or another. The answer by post is the last word: where the action was done before, it
    /// says so.
    async fn acts(&mut self, who: usize, mut action: Value, way: Way) -> Answer {
        self.said += 1;
        action["nonce"] = json!(format!("nonce {}", self.said));
        let told = match way {
            Way::Post => None,
            Way::Device(device) => self.sends(who * DEVICES + device, &action).await,
            Way::Twice(device) => {
                let answer = self.people[who].posts(action.clone()).await;
                if let Some(told) = self.sends(who * DEVICES + device, &action).await {
                    let code = answer.body["code"].clone();
                    assert_eq!(told.err().unwrap_or(Value::Null), code, "both doors say the same");
                }
                return answer;
            }
            Way::Killed(device) => {
                let device = &mut self.devices[who * DEVICES + device];
                if device.is_connected() || device.connects().await {
                    device.sends(&action).await;
                }
                self.restarts(true).await;
                None
            }
        };
        let answer = self.people[who].posts(action).await;
        self.tally.replayed += usize::from(answer.body["replayed"] == true);
        match told {
            Some(Ok(())) => assert_eq!(answer.body["replayed"], true, "a receipt, and then {answer:?}"),
            Some(Err(code)) => assert_eq!(answer.body["code"], code, "{answer:?}"),
            None => {}
        }
        answer
    }

    /// Over a device's connection: whether there was a receipt or a refusal; none if the connection was gone first.
    async fn sends(&mut self, device: usize, action: &Value) -> Option<Result<(), Value>> {
        let device = &mut self.devices[device];
        if !device.is_connected() {
            assert!(device.connects().await, "the server is there");
        }
        let receipt = device.sends(action).await;
        loop {
            match device.hears().await {
                Told::Receipt(id) if id == receipt => return Some(Ok(())),
                Told::Event(event) if event.kind() == "ERROR" && event["receipt"] == *receipt => {
                    return Some(Err(event["code"].clone()));
                }
                Told::Closed(_) => return None,
                Told::Receipt(_) | Told::Event(_) => {}
            }
        }
    }
}
