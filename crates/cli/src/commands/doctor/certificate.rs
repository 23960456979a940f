//! Until when a certificate holds (X.509: RFC 5280, section 4.1; DER: ITU-T X.690). Whether it can be trusted is for
//! the TLS library to say.

use chinwag_protocol::Timestamp;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// `notAfter`; none if these bytes are no certificate.
pub(super) fn expiry(der: &[u8]) -> Option<Timestamp> {
    let certificate = take(&mut &*der, SEQUENCE)?;
    let mut fields = take(&mut &*certificate, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        take(&mut fields, VERSION)?;
    }
    take(&mut fields, INTEGER)?;
    take(&mut fields, SEQUENCE)?; // the signature's algorithm
    take(&mut fields, SEQUENCE)?; // the issuer
    let mut validity = take(&mut fields, SEQUENCE)?;
    time(&mut validity)?;
    time(&mut validity)
}

/// The content of the next element, which must be of this kind.
fn take<'a>(bytes: &mut &'a [u8], kind: u8) -> Option<&'a [u8]> {
    let (&[found, first], mut rest) = bytes.split_first_chunk()?;
    let length = match first {
        short if short < 0x80 => usize::from(short),
        long => {
            let (digits, after) = rest.split_at_checked(usize::from(long & 0x7f))?;
            rest = after;
            digits
                .iter()
                .try_fold(0_usize, |sum, digit| sum.checked_mul(256)?.checked_add((*digit).into()))?
        }
    };
    let (content, after) = rest.split_at_checked(length)?;
    *bytes = after;
    (found == kind).then_some(content)
}

fn time(bytes: &mut &[u8]) -> Option<Timestamp> {
    let kind = *bytes.first()?;
    let text = std::str::from_utf8(take(bytes, kind)?).ok()?.strip_suffix('Z')?;
    let text = match kind {
        // Of the years 1950 to 2049.
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| text.get(from..to);
    let (date, time) = (format!("{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?), part(8, 14)?);
    format!("{date}T{}:{}:{}.000Z", time.get(..2)?, time.get(2..4)?, time.get(4..)?).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate down to its validity.
    fn certificate(not_after: &[u8]) -> Vec<u8> {
        let element = |kind: u8, content: &[u8]| {
            let mut der = vec![kind, 0x81, u8::try_from(content.len()).unwrap()];
            der.extend_from_slice(content);
            der
        };
        let not_before = element(UTC_TIME, b"200101000000Z");
        let validity = element(SEQUENCE, &[not_before, not_after.to_vec()].concat());
        let version = element(VERSION, &element(INTEGER, &[2]));
        let (serial, empty) = (element(INTEGER, &[7]), element(SEQUENCE, &[]));
        element(SEQUENCE, &element(SEQUENCE, &[version, serial, empty.clone(), empty, validity].concat()))
    }

    #[test]
    fn both_kinds_of_time_are_read() {
        let utc = [&[UTC_TIME, 13], b"261122154000Z".as_slice()].concat();
        assert_eq!(expiry(&certificate(&utc)).unwrap().to_string(), "2026-11-22T15:40:00.000Z");
        let general = [&[GENERALIZED_TIME, 15], b"20500101000000Z".as_slice()].concat();
        assert_eq!(expiry(&certificate(&general)).unwrap().to_string(), "2050-01-01T00:00:00.000Z");
    }

    #[test]
    fn what_is_no_certificate_has_no_expiry() {
        let whole = certificate(&[&[UTC_TIME, 13], b"261122154000Z".as_slice()].concat());
        for cut in 0..whole.len() {
            assert_eq!(expiry(&whole[..cut]), None, "{cut}");
        }
        assert_eq!(expiry(b"<html>"), None);
    }
}
