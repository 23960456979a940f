//! Who takes part, the same for every server.

/// Somebody with a connection.
#[derive(Clone, Default, Debug)]
pub(crate) struct Person {
    pub(crate) name: String,
    /// What proves it, where that is asked for.
    pub(crate) token: String,
    /// Numbers of their chats.
    pub(crate) chats: Vec<usize>,
}

/// People, and the chats they are in.
#[derive(Clone, Default, Debug)]
pub(crate) struct Cast {
    pub(crate) people: Vec<Person>,
    /// What each chat is called by the server.
    pub(crate) chats: Vec<Chat>,
}

#[derive(Clone, Default, Debug)]
pub(crate) struct Chat {
    pub(crate) name: String,
    /// Numbers of people; the place in here is their rank.
    pub(crate) members: Vec<usize>,
}

impl Cast {
    /// So many chats of so many, each of whom is in one.
    pub(crate) fn new(chats: usize, members: usize) -> Self {
        let person =
            |at: usize| Person { name: format!("user{at}"), token: String::new(), chats: vec![at / members] };
        let chat =
            |at: usize| Chat { name: at.to_string(), members: (at * members..(at + 1) * members).collect() };
        Self { people: (0..chats * members).map(person).collect(), chats: (0..chats).map(chat).collect() }
    }

    /// Adds another cast, whose numbers come after these.
    pub(crate) fn and(mut self, other: Self) -> Self {
        let (people, chats) = (self.people.len(), self.chats.len());
        self.people.extend(other.people.into_iter().map(|mut person| {
            person.name = format!("{}-{people}", person.name);
            person.chats.iter_mut().for_each(|chat| *chat += chats);
            person
        }));
        self.chats.extend(other.chats.into_iter().map(|mut chat| {
            chat.name = format!("{}{:03}", chat.name, chats % 1000);
            chat.members.iter_mut().for_each(|member| *member += people);
            chat
        }));
        self
    }
}
