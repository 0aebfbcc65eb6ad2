//! What an address may be: where the configuration sends to, and what a vendor's answer shows to a person.

use std::net::{IpAddr, Ipv6Addr};

use url::{Host, Url};

use crate::error::{Code, Violation, violation};
use crate::text::shown;

/// Parts of an address that lead nowhere here, and what to write instead of them.
type Unwanted = (&'static str, fn(&Url) -> bool, &'static str);
const UNWANTED: &[Unwanted] = &[
    (
        "user name or password",
        |url| !url.username().is_empty() || url.password().is_some(),
        "credentials have fields of their own",
    ),
    ("query", |url| url.query().is_some(), "it would be dropped"),
    ("fragment", |url| url.fragment().is_some(), "it would be dropped"),
];

/// Everything that is wrong with an address of the configuration, without repeating it.
pub(crate) fn mistakes(path: &str, text: &str) -> Vec<Violation> {
    let Ok(url) = Url::parse(text) else {
        return vec![violation(path, Code::WrongFormat, "must be an address such as https://HOST")];
    };
    let unwanted = UNWANTED.iter().filter(|(_, has, _)| has(&url));
    let said = unwanted.map(|(what, _, instead)| format!("must have no {what}: {instead}"));
    said.map(|message| violation(path, Code::WrongValue, message)).collect()
}

/// The same for an address in the cloud: plain http is taken for this machine only.
pub(crate) fn mistakes_in_cloud(path: &str, text: &str) -> Vec<Violation> {
    let mut found = mistakes(path, text);
    match Url::parse(text) {
        Ok(url) if url.scheme() == "http" && !is_loopback(&url) => {
            found.push(violation(path, Code::WrongValue, "plain http is for loopback only; use https"));
        }
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            found.push(violation(path, Code::WrongValue, "must begin with https://"));
        }
        _ => {}
    }
    found
}

/// True for an address on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// True for a place that only this machine or its own network reaches.
pub(crate) fn is_near(place: IpAddr) -> bool {
    match place {
        IpAddr::V4(place) => place.is_loopback() || place.is_private() || place.is_link_local(),
        IpAddr::V6(place) => match place.to_ipv4_mapped() {
            Some(place) => is_near(place.into()),
            None => place == Ipv6Addr::LOCALHOST || place.is_unique_local() || place.is_unicast_link_local(),
        },
    }
}

/// A link from a vendor's answer, where a person may follow it: https, or http on this machine.
pub(crate) fn link(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    let is_plain = url.username().is_empty() && url.password().is_none() && !text.contains(char::is_control);
    (is_safe && is_plain && url.has_host() && *shown(text) == *text).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_link_that_a_person_may_follow_is_shown() {
        for text in ["https://ofd.example/r?t=1", "http://127.0.0.1:9/x", "https://ofd.example"] {
            assert_eq!(link(text).as_deref(), Some(text));
        }
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "http://ofd.example/r",
            "https://vendor.example@evil.example/",
            "https://ofd.example/\u{1b}[31m",
            "//ofd.example",
            "",
        ] {
            assert_eq!(link(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_place_is_near_where_no_other_network_has_it() {
        for (text, near) in [
            ("192.168.1.20", true),
            ("10.0.0.1", true),
            ("172.31.0.1", true),
            ("169.254.1.1", true),
            ("127.0.0.1", true),
            ("fe80::1", true),
            ("fd00::1", true),
            ("::1", true),
            ("::ffff:192.168.1.20", true),
            ("8.8.8.8", false),
            ("172.32.0.1", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("2001:4860:4860::8888", false),
            ("::ffff:8.8.8.8", false),
        ] {
            assert_eq!(text.parse().ok().map(is_near), Some(near), "{text}");
        }
    }

    #[test]
    fn parts_that_would_be_dropped_are_named() {
        let of = |text: &str| mistakes_in_cloud("/base_url", text).len();
        assert_eq!(of("https://vendor.example/api"), 0);
        assert_eq!(of("http://localhost:8080"), 0);
        for text in [
            "https://shop:secret@vendor.example",
            "https://vendor.example?x=1",
            "https://vendor.example#x",
            "http://vendor.example",
            "ftp://vendor.example",
            "vendor",
        ] {
            assert_eq!(of(text), 1, "{text}");
            assert!(!format!("{:?}", mistakes("/base_url", text)).contains("secret"));
        }
    }
}
