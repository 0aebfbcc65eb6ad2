//! The proxy that the environment names, where it is not used. The HTTP client leaves such a one out without a word.

use reqwest::Proxy;

/// Where it may stand, for an address of either scheme, in the order in which the HTTP client looks.
const FOR_HTTPS: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const FOR_HTTP: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// What there is to say of a proxy that the environment names and that is not used. It does not repeat the address, which
/// may hold a password. `plain` is true for an address without TLS.
pub(super) fn left_out(plain: bool, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let names = if plain { FOR_HTTP } else { FOR_HTTPS };
    let (name, address) =
        names.iter().find_map(|name| Some((name, variable(name).filter(|v| !v.is_empty())?)))?;
    if variable("REQUEST_METHOD").is_some() {
        return Some(format!(
            "{name} is not used: REQUEST_METHOD is set, so this program answers a web request, whose sender can set such \
             variables. Name the proxy in `proxy`, or `none` where there is none"
        ));
    }
    // A host and a port alone are an address too.
    let whole = if address.contains("://") { address } else { format!("http://{address}") };
    let is_address = Proxy::all(whole).is_ok();
    (!is_address).then(|| {
        format!("{name} is not used: it is no address of a proxy. Name the proxy in `proxy`, or `none` where there is none")
    })
}

#[cfg(test)]
mod tests {
    use super::left_out;

    fn said(plain: bool, variables: &[(&str, &str)]) -> String {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        left_out(plain, variable).unwrap_or_default()
    }

    #[test]
    fn a_proxy_that_is_not_used_is_told_with_the_reason() {
        let proxy = ("HTTPS_PROXY", "http://user:hunter2@proxy.example:3128");
        for (plain, variables, expected) in [
            (false, vec![proxy], ""),
            (false, vec![("https_proxy", "proxy.example:3128")], ""),
            (false, vec![("HTTPS_PROXY", "")], ""),
            (true, vec![proxy], ""),
            (false, vec![proxy, ("REQUEST_METHOD", "GET")], "HTTPS_PROXY is not used: REQUEST_METHOD"),
            (
                true,
                vec![("http_proxy", "x"), ("REQUEST_METHOD", "")],
                "http_proxy is not used: REQUEST_METHOD",
            ),
            (false, vec![("ALL_PROXY", "http://user:hunter2@")], "ALL_PROXY is not used: it is no address"),
            (false, vec![("HTTPS_PROXY", "a b hunter2")], "HTTPS_PROXY is not used: it is no address"),
        ] {
            let said = said(plain, &variables);
            assert!(
                said.starts_with(expected) && said.is_empty() == expected.is_empty(),
                "{variables:?}: {said}"
            );
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
