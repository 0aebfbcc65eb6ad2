//! The device's answer codes (protocol/ikkm.md 4): what each means, proves and asks for.

/// The printer is not ready.
pub const NO_PAPER: i32 = -6;
/// To `printLastDocument`: the device was restarted or is new (protocol/ikkm.md 1, row 3).
pub const NO_LAST_DOCUMENT: &str = "-7";

/// What a code says of the request that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The parameters are wrong: the same bytes give the same verdict, also for a first send
    /// whose answer was lost.
    Parameters,
    /// As `Parameters`, but the device's tax table decides, which may have changed meanwhile: on a
    /// replay it proves nothing.
    Tax,
    /// The state of the device is in the way; it may come before the check for a repeat.
    Device,
    /// The key is not the current one.
    Key,
    /// Another registration or a bank operation runs.
    Busy,
    /// Nothing is said of whether the document came on record.
    Unclear,
}

/// A row of the table.
pub struct Meaning {
    /// What it says of the request.
    pub class: Class,
    /// What it means and what to do.
    pub english: &'static str,
    /// The same in Russian, for the cashier.
    pub russian: &'static str,
}

const fn row(class: Class, english: &'static str, russian: &'static str) -> Meaning {
    Meaning { class, english, russian }
}

#[rustfmt::skip]
const TABLE: &[(i32, Meaning)] = &[
    (-1, row(Class::Key, "wrong web-api key: read or set the key on the device", "неверный ключ web-api: задайте ключ на кассе")),
    (-2, row(Class::Busy, "a registration or bank operation is running: wait", "выполняется регистрация или банковская операция: подождите")),
    (-3, row(Class::Device, "the shift is longer than 24 hours: close it", "смена длится более 24 часов: закройте смену")),
    (-4, row(Class::Device, "offline for more than 72 hours: restore the connection", "касса более 72 часов без связи: восстановите связь")),
    (-5, row(Class::Device, "the battery is low: charge it", "низкий заряд батареи: зарядите кассу")),
    (-6, row(Class::Unclear, "the printer is not ready: check the paper", "принтер не готов: проверьте бумагу")),
    (-7, row(Class::Parameters, "request error: correct the parameters", "ошибка запроса: исправьте параметры")),
    (-8, row(Class::Parameters, "method error: a wrong address, or not a device of the expected version", "ошибка метода: неверный адрес, другой прибор или версия")),
    (-9, row(Class::Parameters, "a parameter has a value that is not allowed: the device may take whole tenge only", "недопустимое значение параметра: возможно, касса принимает только целые тенге")),
    (-10, row(Class::Parameters, "the payments are less than the amount", "сумма оплаты меньше суммы чека")),
    (-11, row(Class::Device, "the shift was opened by another cashier: close it", "смена открыта другим кассиром: закройте смену")),
    (-12, row(Class::Tax, "the payments are less than the total with a tax that the device puts on top: see `vendor.ikkm.tax_on_top`, or correct the tax", "оплата меньше, чем итог с налогом сверху: исправьте оплату или налог")),
    (-13, row(Class::Parameters, "non-cash payments are more than the total", "безналичная оплата больше итога")),
    (-14, row(Class::Tax, "the tax code does not exist: read the table of taxes again", "налог не найден: перечитайте таблицу налогов")),
    (-15, row(Class::Device, "not enough cash in the drawer: deposit some", "недостаточно наличных в кассе: внесите деньги")),
    (-16, row(Class::Device, "only the senior cashier may do this: change the user on the device", "доступно только старшему кассиру: смените пользователя")),
    (-17, row(Class::Parameters, "the device cannot read the list of items", "касса не может разобрать список позиций")),
    (-99, row(Class::Unclear, "an error of the device: see its event log", "ошибка кассы: смотрите журнал событий")),
];

const BLOCKED: Meaning = row(
    Class::Device,
    "the fiscal data operator blocks the device",
    "касса заблокирована оператором фискальных данных",
);
const UNKNOWN: Meaning = row(Class::Unclear, "a code that is not documented", "недокументированный код");

/// Codes of the fiscal data operator (protocol/ikkm.md 4): -101 is 1 and so on. The link is the manual's "subtract 100".
#[rustfmt::skip]
const OPERATOR: &[(i32, &str, &str)] = &[
    (0, "OK", "which should not happen"),
    (1, "UNKNOWN_ID", "the operator does not know the cash register"),
    (2, "INVALID_TOKEN", "the token has to be reset"),
    (3, "PROTOCOL_ERROR", "a matter for the service"),
    (4, "UNKNOWN_COMMAND", "a matter for the service"),
    (5, "UNSUPPORTED_COMMAND", "a matter for the service"),
    (6, "INVALID_CONFIGURATION", "see the settings of the device"),
    (7, "SSL_IS_NOT_ALLOWED", "see the settings of the channel"),
    (8, "INVALID_REQUEST_NUMBER", "the same request number with another token"),
    (9, "INVALID_RETRY_REQUEST", "the same number and token with another command"),
    (10, "CANT_CANCEL_TICKET", "the receipt cannot be cancelled"),
    (11, "OPEN_SHIFT_TIMEOUT_EXPIRED", "the shift is too long: close it"),
    (12, "INVALID_LOGIN_PASSWORD", "wrong login or password at the operator"),
    (13, "INCORRECT_REQUEST_DATA", "the operator does not take the data"),
    (14, "NOT_ENOUGH_CASH", "not enough cash by the operator's count"),
    (15, "BLOCKED", "the cash register is blocked"),
    (17, "SAME_TAXPAYER_AND_CUSTOMER", "buyer and seller have the same number"),
];

/// What a code means.
pub fn meaning(code: i32) -> &'static Meaning {
    match TABLE.iter().find(|(known, _)| *known == code) {
        Some((_, meaning)) => meaning,
        None if (-199..=-100).contains(&code) => &BLOCKED,
        None => &UNKNOWN,
    }
}

/// The fiscal data operator's name for a block and what it means, if it has one.
pub fn operator(code: i32) -> Option<(&'static str, &'static str)> {
    let number = code.checked_neg()?.checked_sub(100)?;
    let row = OPERATOR.iter().find(|(known, ..)| *known == number);
    row.map(|(_, name, sense)| (*name, *sense))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendor::ABOUT_THE_ID;

    #[test]
    fn no_text_says_what_to_do_with_the_id() {
        for (_, meaning) in TABLE {
            for text in [meaning.english, meaning.russian] {
                assert!(!ABOUT_THE_ID.iter().any(|words| text.contains(words)), "{text}");
            }
        }
    }

    #[test]
    fn every_documented_code_has_its_class() {
        use Class::{Busy, Device, Key, Parameters, Tax, Unclear};
        let wanted = [
            (-1, Key),
            (-2, Busy),
            (-3, Device),
            (-4, Device),
            (-5, Device),
            (-6, Unclear),
            (-7, Parameters),
            (-8, Parameters),
            (-9, Parameters),
            (-10, Parameters),
            (-11, Device),
            (-12, Tax),
            (-13, Parameters),
            (-14, Tax),
            (-15, Device),
            (-16, Device),
            (-17, Parameters),
            (-99, Unclear),
            (-115, Device),
            (-18, Unclear),
            (-98, Unclear),
            (-200, Unclear),
        ];
        for (code, class) in wanted {
            assert_eq!(meaning(code).class, class, "{code}");
            assert!(!meaning(code).russian.is_empty());
        }
        assert_eq!(operator(-115).map(|(name, _)| name), Some("BLOCKED"));
        assert_eq!(operator(-100).map(|(name, _)| name), Some("OK"));
        assert_eq!(operator(-116), None);
        // The smallest number that a code may be has no positive one.
        assert_eq!(operator(i32::MIN), None);
    }
}
