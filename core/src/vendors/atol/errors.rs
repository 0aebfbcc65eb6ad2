//! ATOL's errors (protocol/atol.md 2.13, 2.14). A code is unique only together with its type.

use super::error_table::{DRIVER, SERVICE};
use crate::error::{Code, Outcome};

/// What is to be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The document is wrong.
    Correct,
    /// The vendor has to act.
    Vendor,
    /// The cash registers had no time for it.
    Again,
    /// A limit or a request that the cash register does not take: ask the vendor.
    Limit,
    /// Log in anew; the library does so by itself, once.
    Token,
    /// Correct the credentials, the group or the version of the protocol.
    Access,
    /// It is known already: its first uuid counts.
    Known,
    /// It is not finished yet: ask again.
    Wait,
}

impl Remedy {
    /// What to do about the cause, for a person. What to do with the id follows from where the receipt
    /// stands.
    pub const fn advice(self) -> &'static str {
        match self {
            Remedy::Correct => "correct the document",
            Remedy::Vendor => "ask the vendor",
            Remedy::Again => "see that the cash registers of the group work",
            Remedy::Limit => "a limit of the cash register: ask the vendor",
            Remedy::Token => "log in anew",
            Remedy::Access => "correct login, group or version of the protocol",
            Remedy::Known => "the document is known: ask for its status",
            Remedy::Wait => "the document is not finished: ask later",
        }
    }

    /// The same in Russian.
    pub const fn advice_ru(self) -> &'static str {
        match self {
            Remedy::Correct => "исправьте документ",
            Remedy::Vendor => "обратитесь к поставщику",
            Remedy::Again => "проверьте, работают ли кассы группы",
            Remedy::Limit => "ограничение кассы: обратитесь к поставщику",
            Remedy::Token => "получите новый токен",
            Remedy::Access => "исправьте логин, группу или версию протокола",
            Remedy::Known => "документ известен: запросите его состояние",
            Remedy::Wait => "документ ещё не обработан: запросите позднее",
        }
    }

    /// The library's code for it.
    pub const fn code(self) -> Code {
        match self {
            Remedy::Correct => Code::Refused,
            Remedy::Vendor | Remedy::Again | Remedy::Limit => Code::FiscalizationFailed,
            Remedy::Token | Remedy::Access => Code::CredentialsRefused,
            Remedy::Known | Remedy::Wait => Code::InDoubt,
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Type of the error: `system`, `driver`, `timeout`, `agent`, `unknown`.
    pub error_type: &'static str,
    /// Code within the type.
    pub code: i64,
    /// What is to be done.
    pub remedy: Remedy,
    /// What it means.
    pub english: &'static str,
    /// The same in Russian.
    pub russian: &'static str,
    /// Whether the document is on record when the error answers its registration.
    pub outcome: Outcome,
}

impl Row {
    /// True where a report with this error says that the document will never be on record. An error of the
    /// log-in or of the question says nothing of the document.
    pub fn ends_a_document(&self) -> bool {
        self.outcome == Outcome::NotRegistered && !matches!(self.remedy, Remedy::Token | Remedy::Access)
    }
}

/// Every row.
pub fn all() -> impl Iterator<Item = Row> {
    let driver = DRIVER.iter().map(|(code, remedy, english, russian)| Row {
        error_type: "driver",
        code: *code,
        remedy: *remedy,
        english,
        russian,
        outcome: Outcome::NotRegistered,
    });
    SERVICE.iter().copied().chain(driver)
}

/// The row of an error; `None` for one that is not documented.
pub fn find(error_type: &str, code: i64) -> Option<Row> {
    all().find(|row| row.error_type == error_type && row.code == code)
}

/// The row of a code that one type alone has.
pub fn only(code: i64) -> Option<Row> {
    let mut rows = all().filter(|row| row.code == code);
    rows.next().filter(|_| rows.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendor::ABOUT_THE_ID;

    #[test]
    fn every_error_has_kind_outcome_and_advice_and_is_unique() {
        let rows: Vec<Row> = all().collect();
        for (index, row) in rows.iter().enumerate() {
            assert!(!row.english.is_empty() && !row.russian.is_empty(), "{row:?}");
            assert!(!row.remedy.advice().is_empty() && !row.remedy.code().advice().is_empty(), "{row:?}");
            let twin = |other: &Row| (other.error_type, other.code) == (row.error_type, row.code);
            assert!(!rows[index + 1..].iter().any(twin), "{row:?} stands twice");
        }
        // As many as the tables of the sheet have: none is lost by an edit.
        assert_eq!((SERVICE.len(), DRIVER.len()), (26, 204));
    }

    #[test]
    fn no_text_says_what_to_do_with_the_id() {
        for row in all() {
            for text in [row.english, row.russian, row.remedy.advice(), row.remedy.advice_ru()] {
                assert!(!ABOUT_THE_ID.iter().any(|words| text.contains(words)), "{text}");
            }
        }
    }

    #[test]
    fn only_the_documented_errors_prove_that_a_document_is_not_registered() {
        // protocol/atol.md 2.12: after these the document was not registered; the others refuse login or
        // access.
        let proving: Vec<i64> = SERVICE
            .iter()
            .filter(|row| row.error_type == "system" && row.remedy == Remedy::Correct)
            .filter(|row| row.outcome == Outcome::NotRegistered && row.code > 0)
            .map(|row| row.code)
            .collect();
        assert_eq!(proving, [31, 32, 41]);
    }

    #[test]
    fn the_type_decides_between_errors_of_the_same_code() {
        let meaning = |error_type, code| find(error_type, code).map(|row| row.remedy);
        assert_eq!(meaning("timeout", 1), Some(Remedy::Again));
        assert_eq!(meaning("driver", 1), Some(Remedy::Vendor));
        assert_eq!(meaning("system", 34), Some(Remedy::Wait));
        assert_eq!(meaning("driver", 34), Some(Remedy::Vendor));
        assert_eq!(meaning("system", -2_146_233_033), Some(Remedy::Correct));
        assert_eq!(meaning("driver", 9_999), None);
    }
}
