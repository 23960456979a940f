//! How each server was set up, and what was counted.

pub(super) const TEXT: &str = r#"## Settings

- **All** listen on the loopback interface, without TLS, with a data directory of their own on the same disk, and are
  started anew for each measurement. The messages have 100 bytes of text. One client program drives all of them, on one thread,
  with the same code but for what is said. A delivery is one message told to one member, the sender included.
- **Chinwag**: a release build with its default settings, but no limits of rates (one client is everybody). Every send
  is acknowledged after its commit is synced. People and chats are written into the database before it starts; they connect
  with a ticket, CONNECT and SUBSCRIBE, and heart-beats of 10 s both ways.
- **RabbitMQ with Web-STOMP**: a chat is a topic, and each member subscribes to it. Sends are persistent, with a
  receipt. It keeps no history by itself: a durable queue for each chat takes its messages, once, which is the least that can be
  called storing.
- **ejabberd**: XMPP over WebSocket, a chat is a room (MUC) with its archive (MAM, in Mnesia, its fastest store here, which
  does not sync), no presence told among members, no history on joining. XMPP has no receipt: one's own message, come back,
  acknowledges it. Authentication is anonymous, so that joining costs no password hash.
- **bare**: one thread, epoll, one write for all that a wake-up brought; no authentication, no parsing, no storage, no
  bounds. It sends messages of the size of Chinwag's frames. One's own message acknowledges it.
- **CPU** is user and system time of the server and its child processes, from `/proc/<pid>/stat`; **memory** is PSS from
  `smaps_rollup`, less that of the server before the connections came. Sockets' memory in the kernel is in neither.
- **Rates** are limited by the client as well: it shares the two cores, and reads what the servers write.
- **`fdatasync`** is of 4 KiB appended to a file on the same disk, every 20 ms while one send at a time is measured.
- **The reference** of durable sends updates a row of `chats` and inserts one of `messages`, as a send does, in
  transactions as large as Chinwag's were on average, with the same settings of SQLite, and does nothing else.
- **The storm**: clients drop, miss 20 messages each, and come back with a cursor, 1,000 on their way in at once. A wait
  counts from the beginning of the storm until the last missed message. Twenty chats of two go on talking meanwhile.
- **Stored messages**: groups of five people with 20 chats each, 500 messages in each chat, ten in a row before another
  chat's turn; every tenth a reply, three reactions for ten. Pages are read anywhere, lists and catch-ups are anybody's. Catching
  up is from before everything: 10,000 messages and their reactions.
"#;
