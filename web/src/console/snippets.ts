/** Lines that work when they are pasted. The tests run those of curl. */
export const LANGUAGES = ["curl", "TypeScript", "Rust"] as const;
export type Language = (typeof LANGUAGES)[number];

export function snippet(language: Language, base: string, key: string): string {
  return { curl, TypeScript: typescript, Rust: rust }[language](base, key);
}

/** Names differ with each paste, since those of before exist. */
function curl(base: string, key: string): string {
  return `API=${base} KEY=${key} JSON='content-type: application/json' ME=ann$(date +%s) YOU=ben$(date +%s)
for NAME in $ME $YOU; do
  curl -s $API/api/user/registerUser -H "x-api-key: $KEY" -H "$JSON" \\
    -d "{\\"username\\":\\"$NAME\\",\\"email\\":\\"$NAME@example.com\\",\\"password\\":\\"correct horse\\"}"; echo
done
AUTH=$(curl -si $API/api/user/signin -H "x-api-key: $KEY" -H "$JSON" \\
  -d "{\\"username\\":\\"$ME\\",\\"password\\":\\"correct horse\\"}" | tr -d '\\r' | grep -i '^authorization:')
CHAT=$(curl -s $API/api/chat/createChat -H "$AUTH" -H "$JSON" \\
  -d "{\\"chatName\\":\\"Tea\\",\\"userNames\\":[\\"$ME\\",\\"$YOU\\"]}" | sed 's/.*"chatId":"\\([^"]*\\)".*/\\1/')
curl -s $API/api/chat -H "$AUTH" -H "$JSON" \\
  -d "{\\"type\\":\\"SEND_MSG\\",\\"chatId\\":\\"$CHAT\\",\\"message\\":\\"Tea?\\"}"; echo`;
}

function typescript(base: string, key: string): string {
  return `import { ChinwagClient } from "@chinwag/sdk";
import WebSocket from "ws";

const ann = new ChinwagClient({ baseUrl: "${base}", apiKey: "${key}", webSocketImpl: WebSocket });
const username = \`ann\${Date.now()}\`;
await ann.registerUser({ username, email: \`\${username}@example.com\`, password: "correct horse" });
await ann.signIn({ username, password: "correct horse" });

ann.realtime.on("message", ({ message, seq }) => console.log(seq, message));
await ann.realtime.connect();

const { chatId } = await ann.createChat("Tea", [username]);
await ann.realtime.sendMessage(chatId, "Tea?"); // resolves when it is on the server's disk`;
}

function rust(base: string, key: string): string {
  return `use chinwag_client::{Client, Event, EventKind, NewUser};

#[tokio::main]
async fn main() -> Result<(), chinwag_client::Error> {
    let ann = Client::builder("${base}").api_key("${key}").build()?;
    let username = format!("ann{}", std::time::UNIX_EPOCH.elapsed().expect("a clock").as_millis());
    ann.register_user(&NewUser::new(&username, format!("{username}@example.com"), "correct horse")).await?;
    ann.sign_in(&username, "correct horse").await?;
    let mut events = ann.realtime().events();
    ann.realtime().connect().await?;
    let chat = ann.create_chat("Tea", &[&username]).await?;
    ann.realtime().send_message(chat.chat_id, "Tea?").await?; // returns when it is on the server's disk
    while let Some(event) = events.next().await {
        if let Event::Chat(event) = event
            && let EventKind::MessageSent { message, .. } = event.kind
        {
            println!("{}: {message}", event.sender_id);
        }
    }
    Ok(())
}`;
}
