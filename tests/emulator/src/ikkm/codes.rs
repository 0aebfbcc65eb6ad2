//! The answer codes with their causes (protocol/ikkm.md 4).

use super::switches::Cause;

/// A code below zero: why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(pub i32);

/// Wrong web-api key.
pub const WRONG_KEY: Code = Code(-1);
/// A registration or a bank operation is running.
pub const BUSY: Code = Code(-2);
/// The shift is longer than 24 hours.
pub const SHIFT_TOO_LONG: Code = Code(-3);
/// Offline for more than 72 hours.
pub const OFFLINE_TOO_LONG: Code = Code(-4);
/// The battery is low.
pub const BATTERY_LOW: Code = Code(-5);
/// The printer is not ready.
pub const PRINTER: Code = Code(-6);
/// The request is wrong.
pub const BAD_REQUEST: Code = Code(-7);
/// The path is wrong.
pub const BAD_METHOD: Code = Code(-8);
/// A value is wrong.
pub const BAD_VALUE: Code = Code(-9);
/// The payments are less than the amount.
pub const UNDERPAID: Code = Code(-10);
/// The shift was opened by another cashier.
pub const OTHER_CASHIER: Code = Code(-11);
/// The payments are less than the total with tax.
pub const UNDERPAID_TAX: Code = Code(-12);
/// A payment other than cash is more than the total, or not needed.
pub const OVERPAID: Code = Code(-13);
/// The tax is unknown.
pub const NO_TAX: Code = Code(-14);
/// The drawer does not hold the cash.
pub const NO_CASH: Code = Code(-15);
/// Only the senior cashier may do this.
pub const NOT_SENIOR: Code = Code(-16);
/// `itemdata` cannot be processed.
pub const BAD_ITEMS: Code = Code(-17);
/// An error of the device.
pub const DEVICE_ERROR: Code = Code(-99);

const FIRST_OF_OFD: i32 = -100;
const LAST_OF_OFD: i32 = -199;

/// Code, cause in English and in Russian. The wording is not documented.
const CAUSES: &[(Code, &str, &str)] = &[
    (WRONG_KEY, "wrong key", "Неверный ключ web-api"),
    (BUSY, "busy", "Выполняется регистрация или банковская операция"),
    (SHIFT_TOO_LONG, "shift over 24h", "Смена больше 24 часов"),
    (OFFLINE_TOO_LONG, "offline over 72h", "Автономная работа больше 72 часов"),
    (BATTERY_LOW, "battery low", "Низкий заряд батареи"),
    (PRINTER, "printer not ready", "Принтер не готов"),
    (BAD_REQUEST, "request error", "Ошибка запроса"),
    (BAD_METHOD, "unknown method", "Ошибка метода"),
    (BAD_VALUE, "bad value", "Неверное значение параметра"),
    (UNDERPAID, "payment less than amount", "Сумма оплат меньше суммы чека"),
    (OTHER_CASHIER, "shift of another cashier", "Смена открыта другим кассиром"),
    (UNDERPAID_TAX, "cash less than total", "Наличных меньше итога"),
    (OVERPAID, "payment exceeds total", "Оплата больше итога"),
    (NO_TAX, "tax not found", "Налог не найден"),
    (NO_CASH, "no cash", "Нет наличных в кассе"),
    (NOT_SENIOR, "senior cashier only", "Только для старшего кассира"),
    (BAD_ITEMS, "bad itemdata", "Ошибка JSON itemdata"),
    (DEVICE_ERROR, "device error", "Ошибка iKKM, смотрите журнал"),
];

const BLOCKED: (&str, &str) = ("blocked by OFD", "Касса заблокирована ОФД");
const OTHER: (&str, &str) = ("error", "Ошибка");

impl Code {
    /// The register is blocked by the operator of fiscal data with its code (sheet 4).
    pub fn blocked(ofd_code: u8) -> Self {
        Self((FIRST_OF_OFD - i32::from(ofd_code)).max(LAST_OF_OFD))
    }

    /// The cause as bytes of a reason phrase.
    pub fn cause(self, how: Cause) -> Vec<u8> {
        let known =
            CAUSES.iter().find(|(code, ..)| *code == self).map(|(_, english, russian)| (*english, *russian));
        let blocked = (LAST_OF_OFD..=FIRST_OF_OFD).contains(&self.0).then_some(BLOCKED);
        let (english, russian) = known.or(blocked).unwrap_or(OTHER);
        match how {
            Cause::English => english.into(),
            Cause::RussianUtf8 => russian.into(),
            Cause::RussianWindows1251 => windows_1251(russian),
        }
    }
}

/// Text in Windows-1251; what is neither ASCII nor Russian becomes `?`.
pub fn windows_1251(text: &str) -> Vec<u8> {
    let byte = |letter: char| match letter {
        'А'..='я' => u8::try_from(u32::from(letter) - u32::from('А') + 0xC0).unwrap_or(b'?'),
        'Ё' => 0xA8,
        'ё' => 0xB8,
        '№' => 0xB9,
        _ => u8::try_from(letter).ok().filter(u8::is_ascii).unwrap_or(b'?'),
    };
    text.chars().map(byte).collect()
}
