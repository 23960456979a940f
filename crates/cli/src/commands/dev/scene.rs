//! The app, key, users and chat of `dev`. Each start makes what is not there, so it mends what somebody deleted.

use std::path::Path;

use chinwag_protocol::{AccountId, AppId, ChatId, ChatName, Email, UserId, Username};
use chinwag_server::sessions::app::{Audience, Tier};
use chinwag_server::sessions::password::{self, Password, Passwords};
use chinwag_server::sessions::secret;
use chinwag_server::store::{
    ChatError, NewAccount, NewKey, NewRefresh, NewUser, Reach, RegisterAccountError, Store, StoreError,
};
use chinwag_server::web::{DevUser, DevUsers};

use super::secrets::{Account, Secrets};
use crate::commands::Failure;

const APP_NAME: &str = "dev";
const CHAT_NAME: &str = "Welcome";

/// What there is to use.
pub(super) struct Scene {
    /// None where an earlier version made the app for nobody.
    pub(super) account: Option<Account>,
    pub(super) key: String,
    pub(super) people: [Person; 3],
    pub(super) chat: ChatId,
}

pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) password: String,
    id: UserId,
}

impl Scene {
    /// What the chat page needs, to be one of them with one click.
    pub(super) fn users(&self, base_url: &str) -> DevUsers {
        let user =
            |person: &Person| DevUser { username: person.name.to_owned(), password: person.password.clone() };
        let users = self.people.iter().map(user).collect();
        DevUsers { base_url: base_url.to_owned(), api_key: self.key.clone(), users }
    }
}

/// Makes what is missing of the scene, and keeps its secrets in the data directory.
pub(super) async fn set(store: &Store, data_dir: &Path) -> Result<Scene, Failure> {
    let known = match Secrets::read(data_dir)? {
        Some(secrets) if store.app(Reach::All, secrets.app).await?.is_some() => Some(secrets),
        _ => None,
    };
    let mut secrets = match known {
        Some(secrets) => secrets,
        None => new_app(store, data_dir).await?,
    };
    if !key_works(store, &secrets).await? {
        let (token, new) = NewKey::generate(Audience::Chat);
        token.reveal().clone_into(&mut secrets.key);
        secrets.write(data_dir)?;
        store.create_key(Reach::All, secrets.app, new).await?;
    }
    let people = [
        person(store, &mut secrets, data_dir, "alice").await?,
        person(store, &mut secrets, data_dir, "bob").await?,
        person(store, &mut secrets, data_dir, "carol").await?,
    ];
    let chat = match secrets.chat {
        Some(chat) if brings_together(store, secrets.app, chat, &people).await? => chat,
        _ => new_chat(store, &mut secrets, data_dir, &people).await?,
    };
    Ok(Scene { account: secrets.account, key: secrets.key, people, chat })
}

async fn new_app(store: &Store, data_dir: &Path) -> Result<Secrets, Failure> {
    let (owner, account) = new_account(store).await?;
    let app = store.create_app(Reach::Account(owner), APP_NAME.to_owned(), Tier::MultiTenant).await?;
    let passwords = Default::default();
    let secrets = Secrets { app: app.id, key: String::new(), chat: None, account: Some(account), passwords };
    secrets.write(data_dir)?;
    Ok(secrets)
}

/// For the console. One that is there already has a password that nobody knows any more.
async fn new_account(store: &Store) -> Result<(AccountId, Account), Failure> {
    let password = password::make_up();
    let password_hash = Passwords::new(1).hash(Password::chosen(password.clone())?).await?;
    for n in 1.. {
        let email = if n == 1 { "dev@example.com".to_owned() } else { format!("dev{n}@example.com") };
        let new = NewAccount {
            company_name: APP_NAME.to_owned(),
            email: Email::parse(email.clone())?,
            password_hash: password_hash.clone(),
        };
        // A session comes with it, which nobody is to use.
        let refresh = NewRefresh { hash: secret::hash(&password::make_up()), life_days: 1 };
        match store.register_account(new, refresh).await {
            Ok(made) => {
                store.end_account_session(made.session).await?;
                return Ok((made.account.id, Account { email, password }));
            }
            Err(RegisterAccountError::EmailTaken) => {}
            Err(RegisterAccountError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Failure::new("there is no room for another account"))
}

async fn key_works(store: &Store, secrets: &Secrets) -> Result<bool, StoreError> {
    let holder = store.key_holder(secret::hash(&secrets.key)).await?;
    Ok(holder.is_some_and(|holder| holder.app == secrets.app))
}

async fn person(
    store: &Store,
    secrets: &mut Secrets,
    data_dir: &Path,
    name: &'static str,
) -> Result<Person, Failure> {
    let username = Username::parse(name.to_owned())?;
    let password = match secrets.passwords.get(name) {
        Some(password) => password.clone(),
        None => {
            let password = password::make_up();
            secrets.passwords.insert(name.to_owned(), password.clone());
            secrets.write(data_dir)?;
            password
        }
    };
    if let Some(user) = store.user_named(secrets.app, username.clone()).await? {
        return Ok(Person { name, password, id: user.id });
    }
    let email = Email::parse(format!("{name}@example.com"))?;
    let password_hash = Passwords::new(1).hash(Password::chosen(password.clone())?).await?;
    let new = NewUser { app: secrets.app, username, email, password_hash, first_name: None, sur_name: None };
    let user = store.register_user(new).await?;
    Ok(Person { name, password, id: user.id })
}

/// Whether the first of the people, who makes it, is in the chat. Those of the others who are not are brought in.
async fn brings_together(
    store: &Store,
    app: AppId,
    chat: ChatId,
    people: &[Person; 3],
) -> Result<bool, Failure> {
    let [host, others @ ..] = people;
    let members = match store.members(host.id, chat).await {
        Ok(members) => members,
        Err(ChatError::Refused(_)) => return Ok(false),
        Err(ChatError::Store(error)) => return Err(error.into()),
    };
    for person in others {
        if members.iter().all(|member| member.user_id != person.id) {
            let username = Username::parse(person.name.to_owned())?;
            store.add_member(app, host.id, chat, username).await.map_err(refused)?;
        }
    }
    Ok(true)
}

async fn new_chat(
    store: &Store,
    secrets: &mut Secrets,
    data_dir: &Path,
    people: &[Person; 3],
) -> Result<ChatId, Failure> {
    let usernames = people.iter().map(|person| Username::parse(person.name.to_owned()));
    let usernames = usernames.collect::<Result<_, _>>()?;
    let name = ChatName::parse(CHAT_NAME.to_owned())?;
    let chat = store.create_chat(secrets.app, people[0].id, name, usernames).await.map_err(refused)?;
    secrets.chat = Some(chat.chat_id);
    secrets.write(data_dir)?;
    Ok(chat.chat_id)
}

fn refused(error: ChatError) -> Failure {
    match error {
        ChatError::Refused(refusal) => Failure::new(refusal.to_string()),
        ChatError::Store(error) => error.into(),
    }
}
