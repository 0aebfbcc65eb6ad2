//! Parameters of a call, from the query or from a form (protocol/ikkm.md 1, encoding).

use percent_encoding::percent_decode;

use super::codes::{BAD_REQUEST, BAD_VALUE, Code};

/// The parameters in the order in which they came; names are case-sensitive.
#[derive(Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// A parameter, if it was given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter was given.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A parameter that must be given.
    pub fn required(&self, name: &str) -> Result<&str, Code> {
        self.get(name).ok_or(BAD_REQUEST)
    }

    /// A copy of all parameters but one.
    pub fn all_but(&self, name: &str) -> Vec<(String, String)> {
        self.0.iter().filter(|(given, _)| given != name).cloned().collect()
    }
}

/// Reads forms, one behind the other. Text that is not UTF-8 is a bad value, a name that comes
/// twice is a bad request.
pub fn read(forms: &[&[u8]], plus_is_space: bool) -> Result<Parameters, Code> {
    let mut all: Vec<(String, String)> = Vec::new();
    let pairs =
        forms.iter().flat_map(|form| form.split(|byte| *byte == b'&')).filter(|pair| !pair.is_empty());
    for pair in pairs {
        let split = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = split.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
        let (name, value) = (decoded(name, plus_is_space)?, decoded(value, plus_is_space)?);
        if all.iter().any(|(known, _)| *known == name) {
            return Err(BAD_REQUEST);
        }
        all.push((name, value));
    }
    Ok(Parameters(all))
}

fn decoded(text: &[u8], plus_is_space: bool) -> Result<String, Code> {
    let spaced: Vec<u8> = match plus_is_space {
        true => text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect(),
        false => text.to_vec(),
    };
    percent_decode(&spaced).decode_utf8().map(Into::into).map_err(|_| BAD_VALUE)
}
