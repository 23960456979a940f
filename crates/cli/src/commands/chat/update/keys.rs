//! What keys do.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::editor::Editor;
use super::super::state::{Link, Mode, State};
use super::{Effect, open, scroll};

pub(super) fn pressed(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if control && matches!(key.code, KeyCode::Char('c' | 'q')) {
        return vec![Effect::Quit];
    }
    state.notice = None;
    if std::mem::take(&mut state.help) {
        return Vec::new();
    }
    if state.form.is_some() {
        return in_form(state, key);
    }
    match key.code {
        KeyCode::F(1) => state.help = true,
        KeyCode::Tab => return next_chat(state, 1),
        KeyCode::BackTab => return next_chat(state, -1),
        KeyCode::Char('n') if control => return next_chat(state, 1),
        KeyCode::Char('p') if control => return next_chat(state, -1),
        KeyCode::Char('r') if control => return refused(state, Effect::Retry),
        KeyCode::Char('x') if control => return refused(state, Effect::Discard),
        KeyCode::PageUp => scroll::page_up(state),
        KeyCode::PageDown => scroll::page_down(state),
        KeyCode::Esc => {
            if state.mode != Mode::Write {
                state.editor.clear();
            }
            state.mode = Mode::Write;
            scroll::to_bottom(state);
        }
        KeyCode::Up if state.mode == Mode::Write && state.editor.is_empty() => scroll::select(state, -1),
        KeyCode::Down if state.mode == Mode::Write && state.editor.is_empty() => scroll::select(state, 1),
        KeyCode::Enter if !key.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SHIFT) => {
            return enter(state);
        }
        KeyCode::Char(letter) if !control && state.editor.is_empty() && is_choosing(state) => {
            return chosen(state, letter);
        }
        _ => return edited(state, key),
    }
    Vec::new()
}

pub(super) fn pasted(state: &mut State, text: &str) -> Vec<Effect> {
    let text = super::super::text::plain(text);
    match &mut state.form {
        Some(form) => form.fields[form.focus].insert(text.trim()),
        None => state.editor.insert(&text),
    }
    Vec::new()
}

/// A message is selected, and nothing is asked about it yet.
fn is_choosing(state: &State) -> bool {
    let selected = state.room.as_ref().is_some_and(|room| room.selected.is_some());
    selected && matches!(state.mode, Mode::Write | Mode::Delete(_))
}

/// What is to be done with the selected message. Any other letter begins a new one.
fn chosen(state: &mut State, letter: char) -> Vec<Effect> {
    let Some((chat, message)) =
        state.room.as_ref().and_then(|room| Some((room.chat, room.message(room.selected?)?.clone())))
    else {
        return Vec::new();
    };
    let id = message.content.message_id;
    let mine = Some(message.content.sender_id) == state.me;
    let creator = state.chat(chat).is_some_and(|chat| Some(chat.creator) == state.me);
    if let Mode::Delete(message) = state.mode {
        state.mode = Mode::Write;
        if letter == 'y' {
            scroll::to_bottom(state);
            return vec![Effect::Delete(chat, message)];
        }
        return Vec::new();
    }
    match letter {
        'r' => state.mode = Mode::Reply(id),
        '+' => state.mode = Mode::React(id),
        'e' if mine => {
            state.mode = Mode::Edit { message: id, seen: message.changed_seq };
            state.editor = Editor::of(&message.content.content);
        }
        'd' if mine || creator => state.mode = Mode::Delete(id),
        'e' | 'd' => state.notice = Some("only one's own messages".to_owned()),
        '-' => {
            let given = message.reactions.iter().rev().find(|reaction| Some(reaction.sender_id) == state.me);
            match given {
                Some(given) => return vec![Effect::Unreact(given.reaction_id)],
                None => state.notice = Some("there is no reaction of yours".to_owned()),
            }
        }
        letter => {
            scroll::to_bottom(state);
            state.editor.insert(letter.encode_utf8(&mut [0; 4]));
        }
    }
    Vec::new()
}

fn enter(state: &mut State) -> Vec<Effect> {
    let Some(chat) = state.room.as_ref().map(|room| room.chat) else { return Vec::new() };
    if state.editor.text().trim().is_empty() {
        return Vec::new();
    }
    let text = state.editor.take();
    let effect = match std::mem::take(&mut state.mode) {
        Mode::Write | Mode::Delete(_) => Effect::Send(chat, text),
        Mode::Reply(id) => Effect::Reply(chat, id, text),
        Mode::Edit { message, seen } => Effect::Edit(chat, message, text, seen),
        Mode::React(id) => Effect::React(chat, id, text.trim().to_owned()),
    };
    scroll::to_bottom(state);
    vec![effect]
}

fn edited(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if state.room.is_none() || !edit(&mut state.editor, key) {
        return Vec::new();
    }
    let writes = matches!(state.mode, Mode::Write | Mode::Reply(_)) && !state.editor.is_empty();
    let chat = state.room.as_ref().map(|room| room.chat);
    chat.filter(|_| writes && state.link == Link::Live).map(Effect::Type).into_iter().collect()
}

/// False if the key writes nothing.
fn edit(editor: &mut Editor, key: KeyEvent) -> bool {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Enter => editor.insert("\n"),
        KeyCode::Backspace if control || key.modifiers.contains(KeyModifiers::ALT) => editor.delete_word(),
        KeyCode::Backspace => editor.backspace(),
        KeyCode::Delete => editor.delete(),
        KeyCode::Left => editor.left(),
        KeyCode::Right => editor.right(),
        KeyCode::Home => editor.home(),
        KeyCode::End => editor.end(),
        KeyCode::Char('a') if control => editor.home(),
        KeyCode::Char('e') if control => editor.end(),
        KeyCode::Char('w') if control => editor.delete_word(),
        KeyCode::Char('u') if control => editor.clear(),
        KeyCode::Char('j') if control => editor.insert("\n"),
        KeyCode::Char(letter) if !control => editor.insert(letter.encode_utf8(&mut [0; 4])),
        _ => return false,
    }
    true
}

fn next_chat(state: &mut State, step: isize) -> Vec<Effect> {
    let count = state.chats.len();
    if count == 0 {
        return Vec::new();
    }
    let here =
        state.room.as_ref().and_then(|room| state.chats.iter().position(|chat| chat.chat_id == room.chat));
    let next = here.map_or(0, |here| here.saturating_add_signed(step).min(count - 1));
    if here == Some(next) {
        return Vec::new();
    }
    open(state, state.chats[next].chat_id)
}

/// Does something with every refused action of the open chat.
fn refused(state: &mut State, effect: impl Fn(String) -> Effect) -> Vec<Effect> {
    let refused = state.pending.iter().filter(|entry| entry.state == chinwag_client::OutboxState::Refused);
    refused.map(|entry| effect(entry.nonce.clone())).collect()
}

fn in_form(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let Some(form) = &mut state.form else { return Vec::new() };
    if form.busy {
        return Vec::new();
    }
    let last = form.fields.len() - 1;
    match key.code {
        KeyCode::Esc => return vec![Effect::Quit],
        KeyCode::Up | KeyCode::BackTab => form.focus = form.focus.saturating_sub(1),
        KeyCode::Down | KeyCode::Tab => form.focus = (form.focus + 1).min(last),
        KeyCode::Enter => match form.fields.iter().position(Editor::is_empty) {
            Some(empty) => form.focus = empty,
            None => {
                form.busy = true;
                let [url, key, name, password] = form.fields.each_ref().map(|field| field.text().to_owned());
                state.url.clone_from(&url);
                return vec![Effect::SignIn { url, key, name, password }];
            }
        },
        _ => drop(edit(&mut form.fields[form.focus], key)),
    }
    Vec::new()
}
