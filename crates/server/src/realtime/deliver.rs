//! Writing events for one subscription: a STOMP MESSAGE made of a head of the subscription's own and the bytes that
//! all receivers share.

use chinwag_protocol::UserId;

use super::carrier::Carrier;
use super::session::Subscription;
use crate::hub::{Encoded, Mailing};

const ACK: &[u8] = b"ack:";

/// Numbers the messages of one connection and writes them.
pub(super) struct Mailer {
    mailing: Mailing,
    next_message_id: u64,
}

impl Mailer {
    pub(super) fn new(recipient: UserId) -> Self {
        Self { mailing: Mailing::to(recipient), next_message_id: 1 }
    }

    pub(super) fn send(
        &mut self,
        subscription: &Subscription,
        encoded: &Encoded,
        carrier: &mut impl Carrier,
    ) {
        let mut digits = [0; 20];
        let id = decimal(self.next_message_id, &mut digits);
        self.next_message_id += 1;
        let ack = if subscription.acks { ACK.len() + id.len() + 1 } else { 0 };
        let len = subscription.head.len() + id.len() + 1 + ack + self.mailing.tail_len(encoded);
        carrier.send(len, |out| {
            out.extend_from_slice(&subscription.head);
            out.extend_from_slice(id);
            out.push(b'\n');
            if subscription.acks {
                out.extend_from_slice(ACK);
                out.extend_from_slice(id);
                out.push(b'\n');
            }
            self.mailing.write_tail(encoded, out);
        });
    }
}

fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b"0123456789"[usize::try_from(number % 10).unwrap_or_default()];
        number /= 10;
        if number == 0 {
            return &digits[at..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for number in [0, 1, 9, 10, 12345, u64::MAX] {
            assert_eq!(decimal(number, &mut [0; 20]), number.to_string().as_bytes());
        }
    }
}
