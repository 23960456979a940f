use chinwag_client::{Client, Error, Event, EventKind};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let [url, key, name, password] =
        ["URL", "KEY", "NAME", "PASSWORD"].map(|name| std::env::var(name).expect(name));
    let client = Client::builder(url).api_key(key).build()?;
    client.sign_in(&name, &password).await?;
    echo(client).await
}

async fn echo(client: Client) -> Result<(), Error> {
    let (me, mut events) = (client.user().await?.id, client.realtime().events());
    client.realtime().connect().await?;
    while let Some(event) = events.next().await {
        if let Event::Chat(event) = event
            && let EventKind::MessageSent { message, .. } = event.kind
            && event.sender_id != me
        {
            client.realtime().send_message(event.chat_id, message).await?;
        }
    }
    Ok(())
}
