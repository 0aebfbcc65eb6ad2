//! The days that somebody asks about.

use time::Date;
use time::format_description::well_known::Iso8601;

use crate::error::{Code, Error, Result, violation};

/// First and last day; absent means without an end.
#[derive(Clone, Copy, Debug)]
pub struct Days {
    /// The first one.
    pub since: Option<Date>,
    /// The last one.
    pub until: Option<Date>,
}

impl Days {
    /// The days of a request with `since` and `until`.
    pub fn read(since: Option<&str>, until: Option<&str>) -> Result<Self> {
        let day = |path: &str, text: Option<&str>| match text.map(|text| Date::parse(text, &Iso8601::DATE)) {
            Some(Err(_)) => Err(Error::invalid(vec![violation(path, Code::WrongFormat, "must be a date")])),
            Some(Ok(day)) => Ok(Some(day)),
            None => Ok(None),
        };
        let (since, until) = (day("/since", since)?, day("/until", until)?);
        if let (Some(first), Some(last)) = (since, until)
            && first > last
        {
            let message = "lies after `until`";
            return Err(Error::invalid(vec![violation("/since", Code::OutOfRange, message)]));
        }
        Ok(Self { since, until })
    }

    /// True for one of them.
    pub fn have(self, day: Date) -> bool {
        self.since.is_none_or(|since| since <= day) && self.until.is_none_or(|until| day <= until)
    }
}
