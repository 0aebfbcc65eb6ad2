//! The words of a slip in its languages: one table, so that a translator has one place to look at.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::receipt::registration::State;
use crate::receipt::words::words;
use crate::receipt::{CorrectionType, Kind, PaymentMethod, PaymentObject, PaymentType, TaxSystem, Unit};

words! {
    /// Language of a slip.
    #[schemars(rename = "SlipLanguage")]
    Language {
        /// Russian.
        Ru "ru",
        /// Belarusian.
        Be "be",
        /// Kazakh.
        Kk "kk",
        /// English.
        En "en",
    }
}

/// What a slip has words for.
pub trait Said: Copy {
    /// The words, in the order of the languages.
    fn texts(self) -> [&'static str; 4];

    /// The word in a language.
    fn said(self, language: Language) -> &'static str {
        self.texts()[language as usize]
    }
}

/// A settlement as the law of Russia names it in Russian: income and expense.
#[derive(Clone, Copy)]
pub struct Settlement(pub Kind);

impl Said for Settlement {
    fn texts(self) -> [&'static str; 4] {
        let [_, be, kk, en] = self.0.texts();
        let russian = match self.0 {
            Kind::Sell => "ПРИХОД",
            Kind::SellRefund => "ВОЗВРАТ ПРИХОДА",
            Kind::Buy => "РАСХОД",
            Kind::BuyRefund => "ВОЗВРАТ РАСХОДА",
            Kind::SellCorrection => "КОРРЕКЦИЯ ПРИХОДА",
            Kind::SellRefundCorrection => "КОРРЕКЦИЯ ВОЗВРАТА ПРИХОДА",
            Kind::BuyCorrection => "КОРРЕКЦИЯ РАСХОДА",
            Kind::BuyRefundCorrection => "КОРРЕКЦИЯ ВОЗВРАТА РАСХОДА",
        };
        [russian, be, kk, en]
    }
}

macro_rules! table {
    ($($type:ident { $($variant:ident $ru:literal $be:literal $kk:literal $en:literal)* })*) => {$(
        impl Said for $type {
            fn texts(self) -> [&'static str; 4] {
                match self { $($type::$variant => [$ru, $be, $kk, $en],)* }
            }
        }
    )*};
}

macro_rules! slip_words {
    ($($variant:ident $ru:literal $be:literal $kk:literal $en:literal)*) => {
        /// A word that stands on slips and nowhere else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Word { $(#[doc = $en] $variant,)* }

        impl Word {
            /// Every word.
            pub const ALL: &'static [Word] = &[$(Word::$variant,)*];
        }

        table! { Word { $($variant $ru $be $kk $en)* } }
    };
}

slip_words! {
    Copy "КОПИЯ ЭЛЕКТРОННОГО ЧЕКА" "КОПІЯ ЭЛЕКТРОННАГА ЧЭКА"
        "ЭЛЕКТРОНДЫҚ ЧЕКТІҢ КӨШІРМЕСІ" "COPY OF THE ELECTRONIC RECEIPT"
    NoReceipt "НЕ ЯВЛЯЕТСЯ ФИСКАЛЬНЫМ ЧЕКОМ" "НЕ З'ЯЎЛЯЕЦЦА ФІСКАЛЬНЫМ ЧЭКАМ"
        "ФИСКАЛДЫҚ ЧЕК ЕМЕС" "NOT A FISCAL RECEIPT"
    TaxId "ИНН" "ІНП" "ЖСН/БСН" "Tax ID"
    Taxation "Налогообложение" "Падаткаабкладанне" "Салық режимі" "Taxation"
    Place "Место расчётов" "Месца разлікаў" "Есеп айырысу орны" "Place of settlement"
    ShopEmail "Эл. почта продавца" "Эл. пошта прадаўца" "Сатушының эл. поштасы" "Seller's e-mail"
    Cashier "Кассир" "Касір" "Кассир" "Cashier"
    CashierTaxId "ИНН кассира" "ІНП касіра" "Кассирдің ЖСН" "Cashier's tax ID"
    Date "Дата" "Дата" "Күні" "Date"
    WrittenDown "Записан продавцом" "Запісаны прадаўцом" "Сатушы жазған" "Written down by the seller"
    SellersNumber "Номер у продавца" "Нумар у прадаўца" "Сатушыдағы нөмірі" "Seller's No."
    RefersTo "К чеку" "Да чэка" "Чекке" "Refers to"
    Discount "Скидка" "Скідка" "Жеңілдік" "Discount"
    Surcharge "Надбавка" "Надбаўка" "Үстеме" "Surcharge"
    LineTotal "Стоимость" "Кошт" "Құны" "Line total"
    Lines "Сумма позиций" "Сума пазіцый" "Позициялар сомасы" "Lines"
    Total "ИТОГО" "УСЯГО" "БАРЛЫҒЫ" "TOTAL"
    CashReceived "Получено наличными" "Атрымана наяўнымі" "Қолма-қол алынды" "Cash received"
    Change "Сдача" "Рэшта" "Қайтарым" "Change"
    Vat "НДС" "ПДВ" "ҚҚС" "VAT"
    WithoutVat "Без НДС" "Без ПДВ" "ҚҚС-сыз" "Without VAT"
    SumWithoutVat "Сумма без НДС" "Сума без ПДВ" "ҚҚС-сыз сома" "Sum without VAT"
    SumAtZero "Сумма с НДС 0%" "Сума з ПДВ 0%" "ҚҚС 0% сома" "Sum at 0% VAT"
    VatComputed "НДС рассчитан по ставкам позиций" "ПДВ разлічаны па стаўках пазіцый"
        "ҚҚС позициялардың мөлшерлемелері бойынша есептелген" "VAT is computed from the rates of the lines"
    Basis "Основание коррекции" "Падстава карэкцыі" "Түзету негіздемесі" "Basis of the correction"
    BaseDate "Дата исправляемого расчёта" "Дата разліку, што выпраўляецца"
        "Түзетілетін есеп айырысу күні" "Date of what is corrected"
    BaseNumber "Номер предписания" "Нумар прадпісання" "Нұсқама нөмірі" "Number of the order"
    BaseSign "ФП исправляемого чека" "ФП чэка, што выпраўляецца" "Түзетілетін чектің ФБ" "Sign of the wrong receipt"
    Buyer "Покупатель" "Пакупнік" "Сатып алушы" "Buyer"
    BuyerTaxId "ИНН покупателя" "ІНП пакупніка" "Сатып алушының ЖСН/БСН" "Buyer's tax ID"
    BuyerEmail "Эл. почта покупателя" "Эл. пошта пакупніка" "Сатып алушының эл. поштасы" "Buyer's e-mail"
    BuyerPhone "Телефон покупателя" "Тэлефон пакупніка" "Сатып алушының телефоны" "Buyer's phone"
    FiscalData "ФИСКАЛЬНЫЕ ДАННЫЕ" "ФІСКАЛЬНЫЯ ДАНЫЯ" "ФИСКАЛДЫҚ ДЕРЕКТЕР" "FISCAL DATA"
    NoFiscalData "Оператор кассы не сообщил фискальных данных" "Аператар касы не паведаміў фіскальных даных"
        "Касса операторы фискалдық деректерді хабарламаған" "The operator of the cash register told no fiscal data"
    Document "Документ №" "Дакумент №" "Құжат №" "Document No."
    DocumentId "ID документа" "ID дакумента" "Құжаттың ID" "Document ID"
    Receipt "Чек №" "Чэк №" "Чек №" "Receipt No."
    Shift "Смена №" "Змена №" "Ауысым №" "Shift No."
    Sign "Фискальный признак" "Фіскальная прыкмета" "Фискалдық белгі" "Fiscal sign"
    Storage "ФН" "ФН" "Фискалдық жинақтауыш" "Fiscal storage"
    Register "Рег. № кассы" "Рэг. № касы" "Кассаның тіркеу №" "Register's reg. No."
    Serial "Зав. № кассы" "Зав. № касы" "Кассаның зауыттық №" "Register's serial No."
    OnRecord "Сумма по данным кассы" "Сума паводле даных касы" "Касса дерегі бойынша сома" "Total on record"
}

table! {
    State {
        Queued "Ещё не отправлен на регистрацию" "Яшчэ не адпраўлены на рэгістрацыю"
            "Тіркеуге әлі жіберілмеген" "Not yet sent for registration"
        Sending "Результат регистрации неизвестен" "Вынік рэгістрацыі невядомы"
            "Тіркеу нәтижесі белгісіз" "Whether it is registered is not known"
        InDoubt "Результат регистрации неизвестен" "Вынік рэгістрацыі невядомы"
            "Тіркеу нәтижесі белгісіз" "Whether it is registered is not known"
        Accepted "Принят оператором, ещё не зарегистрирован" "Прыняты аператарам, яшчэ не зарэгістраваны"
            "Оператор қабылдаған, әлі тіркелмеген" "Taken by the operator, not yet registered"
        Registered "Зарегистрирован" "Зарэгістраваны" "Тіркелген" "Registered"
        Failed "Не зарегистрирован" "Не зарэгістраваны" "Тіркелмеген" "Not registered"
    }
    Kind {
        Sell "ПРОДАЖА" "ПРОДАЖ" "САТУ" "SALE"
        SellRefund "ВОЗВРАТ ПРОДАЖИ" "ВЯРТАННЕ ПРОДАЖУ" "САТУДЫ ҚАЙТАРУ" "RETURN OF A SALE"
        Buy "ПОКУПКА" "ПАКУПКА" "САТЫП АЛУ" "PURCHASE"
        BuyRefund "ВОЗВРАТ ПОКУПКИ" "ВЯРТАННЕ ПАКУПКІ" "САТЫП АЛУДЫ ҚАЙТАРУ" "RETURN OF A PURCHASE"
        SellCorrection "КОРРЕКЦИЯ ПРОДАЖИ" "КАРЭКЦЫЯ ПРОДАЖУ" "САТУДЫ ТҮЗЕТУ" "CORRECTION OF A SALE"
        SellRefundCorrection "КОРРЕКЦИЯ ВОЗВРАТА ПРОДАЖИ" "КАРЭКЦЫЯ ВЯРТАННЯ ПРОДАЖУ"
            "САТУДЫ ҚАЙТАРУДЫ ТҮЗЕТУ" "CORRECTION OF A RETURN OF A SALE"
        BuyCorrection "КОРРЕКЦИЯ ПОКУПКИ" "КАРЭКЦЫЯ ПАКУПКІ" "САТЫП АЛУДЫ ТҮЗЕТУ" "CORRECTION OF A PURCHASE"
        BuyRefundCorrection "КОРРЕКЦИЯ ВОЗВРАТА ПОКУПКИ" "КАРЭКЦЫЯ ВЯРТАННЯ ПАКУПКІ"
            "САТЫП АЛУДЫ ҚАЙТАРУДЫ ТҮЗЕТУ" "CORRECTION OF A RETURN OF A PURCHASE"
    }
    PaymentType {
        Cash "Наличными" "Наяўнымі" "Қолма-қол ақша" "Cash"
        Card "Безналичными" "Безнаяўнымі" "Қолма-қол ақшасыз" "Cashless"
        Prepaid "Зачёт предоплаты" "Залік перадаплаты" "Алдын ала төлем есебінен" "Prepaid"
        Credit "В кредит" "У крэдыт" "Кредитке" "On credit"
        Tare "Тарой" "Тарай" "Ыдыспен" "Containers"
        Other "Иным способом" "Іншым спосабам" "Басқа тәсілмен" "Otherwise"
    }
    PaymentMethod {
        FullPrepayment "предоплата 100%" "перадаплата 100%" "100% алдын ала төлем" "prepayment of 100%"
        Prepayment "предоплата" "перадаплата" "алдын ала төлем" "prepayment"
        Advance "аванс" "аванс" "аванс" "advance"
        FullPayment "полный расчёт" "поўны разлік" "толық есеп айырысу" "full payment"
        PartialPayment "частичный расчёт и кредит" "частковы разлік і крэдыт"
            "ішінара есеп айырысу және кредит" "part payment, the rest on credit"
        Credit "передача в кредит" "перадача ў крэдыт" "кредитке беру" "handed over on credit"
        CreditPayment "оплата кредита" "аплата крэдыту" "кредитті төлеу" "payment of a credit"
    }
    PaymentObject {
        Commodity "товар" "тавар" "тауар" "goods"
        Excise "подакцизный товар" "падакцызны тавар" "акцизделетін тауар" "excisable goods"
        Job "работа" "работа" "жұмыс" "work"
        Service "услуга" "паслуга" "қызмет" "service"
        GamblingBet "ставка азартной игры" "стаўка азартнай гульні" "құмар ойын бәсі" "gambling stake"
        GamblingPrize "выигрыш азартной игры" "выйгрыш азартнай гульні" "құмар ойын ұтысы" "gambling win"
        Lottery "лотерейный билет" "латарэйны білет" "лотерея билеті" "lottery ticket"
        LotteryPrize "выигрыш лотереи" "выйгрыш латарэі" "лотерея ұтысы" "lottery win"
        IntellectualActivity "права на результаты интеллектуальной деятельности"
            "правы на вынікі інтэлектуальнай дзейнасці" "зияткерлік қызмет нәтижелеріне құқық" "rights to intellectual property"
        Payment "платёж" "плацёж" "төлем" "payment"
        AgentCommission "агентское вознаграждение" "агенцкае ўзнагароджанне" "агент сыйақысы" "agent's fee"
        Composite "составной предмет расчёта" "састаўны прадмет разліку"
            "құрамдас есеп айырысу нысаны" "several objects"
        Award "выплата" "выплата" "төлем, сыйақы" "fee, fine or bonus"
        Another "иной предмет расчёта" "іншы прадмет разліку" "басқа есеп айырысу нысаны" "another object"
        PropertyRight "имущественное право" "маёмаснае права" "мүліктік құқық" "property right"
        NonOperatingGain "внереализационный доход" "пазарэалізацыйны даход" "сатудан тыс кіріс" "non-operating income"
        InsurancePremium "страховые взносы" "страхавыя ўзносы" "сақтандыру жарналары" "insurance contributions"
        SalesTax "торговый сбор" "гандлёвы збор" "сауда алымы" "trade levy"
        ResortFee "курортный сбор" "курортны збор" "курорт алымы" "resort fee"
        Deposit "залог" "заклад" "кепіл" "pledge"
        Expense "расход" "выдатак" "шығыс" "expense"
        PensionInsuranceIp "взносы на ОПС ИП" "узносы на АПС ІП"
            "ЖК зейнетақы жарналары" "pension insurance, sole trader"
        PensionInsurance "взносы на ОПС" "узносы на АПС" "зейнетақы жарналары" "pension insurance"
        MedicalInsuranceIp "взносы на ОМС ИП" "узносы на АМС ІП"
            "ЖК медициналық жарналары" "medical insurance, sole trader"
        MedicalInsurance "взносы на ОМС" "узносы на АМС" "медициналық жарналар" "medical insurance"
        SocialInsurance "взносы на ОСС" "узносы на АСС" "әлеуметтік жарналар" "social insurance"
        CasinoPayment "платёж казино" "плацёж казіно" "казино төлемі" "casino payment"
        BankAgentCash "выдача денежных средств" "выдача грашовых сродкаў" "ақша беру" "cash handed out"
        ExciseMarkedWithoutCode "подакцизный товар, маркируемый, без кода" "падакцызны тавар, маркіраваны, без кода"
            "акцизделетін тауар, таңбаланатын, кодсыз" "excisable goods subject to marking, without a code"
        ExciseMarked "подакцизный товар, маркированный" "падакцызны тавар, маркіраваны"
            "акцизделетін тауар, таңбаланған" "excisable goods, marked"
        MarkedWithoutCode "товар, маркируемый, без кода" "тавар, маркіраваны, без кода"
            "тауар, таңбаланатын, кодсыз" "goods subject to marking, without a code"
        Marked "товар маркированный" "тавар маркіраваны" "таңбаланған тауар" "marked goods"
    }
    TaxSystem {
        Osn "ОСН" "агульная" "жалпы" "general"
        UsnIncome "УСН доход" "спрошчаная, даход" "оңайлатылған, кіріс" "simplified, income"
        UsnIncomeOutcome "УСН доход - расход" "спрошчаная, даход мінус выдатак"
            "оңайлатылған, кірістен шығысты шегергенде" "simplified, income less expenses"
        Envd "ЕНВД" "на ўменены даход" "есептелген кіріс" "imputed income"
        Esn "ЕСХН" "сельскагаспадарчая" "ауыл шаруашылығы" "agricultural"
        Patent "Патент" "патэнт" "патент" "patent"
    }
    CorrectionType {
        Own "самостоятельно" "самастойна" "өз бетінше" "own initiative"
        Instruction "по предписанию" "па прадпісанні" "нұсқама бойынша" "by order"
    }
    Unit {
        Piece "шт." "шт." "дана" "pcs"
        Gram "г" "г" "г" "g"
        Kilogram "кг" "кг" "кг" "kg"
        Tonne "т" "т" "т" "t"
        Centimetre "см" "см" "см" "cm"
        Decimetre "дм" "дм" "дм" "dm"
        Metre "м" "м" "м" "m"
        SquareCentimetre "кв. см" "кв. см" "ш. см" "sq. cm"
        SquareDecimetre "кв. дм" "кв. дм" "ш. дм" "sq. dm"
        SquareMetre "кв. м" "кв. м" "ш. м" "sq. m"
        Millilitre "мл" "мл" "мл" "ml"
        Litre "л" "л" "л" "l"
        CubicMetre "куб. м" "куб. м" "т. м" "cu. m"
        KilowattHour "кВт·ч" "кВт·г" "кВт·сағ" "kWh"
        Gigacalorie "Гкал" "Гкал" "Гкал" "Gcal"
        Day "сут." "сут." "тәул." "days"
        Hour "ч" "гадз" "сағ" "h"
        Minute "мин" "хв" "мин" "min"
        Second "с" "с" "с" "s"
        Kilobyte "КБ" "КБ" "КБ" "KB"
        Megabyte "МБ" "МБ" "МБ" "MB"
        Gigabyte "ГБ" "ГБ" "ГБ" "GB"
        Terabyte "ТБ" "ТБ" "ТБ" "TB"
        Other "ед." "адз." "бірл." "units"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = [&'static str; 4]> {
        fn of<T: Said>(all: &[T]) -> Vec<[&'static str; 4]> {
            all.iter().map(|one| one.texts()).collect()
        }
        let kinds: Vec<Settlement> = Kind::ALL.iter().map(|kind| Settlement(*kind)).collect();
        [
            of(Word::ALL),
            of(State::ALL),
            of(Kind::ALL),
            of(&kinds),
            of(PaymentType::ALL),
            of(PaymentMethod::ALL),
            of(PaymentObject::ALL),
            of(TaxSystem::ALL),
            of(CorrectionType::ALL),
            of(Unit::ALL),
        ]
        .into_iter()
        .flatten()
    }

    #[test]
    fn every_word_is_in_the_letters_of_its_language() {
        let common = |letter: char| letter.is_ascii_punctuation() || " ·№0123456789".contains(letter);
        let russian = |letter: char| matches!(letter, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё');
        for [ru, be, kk, en] in all() {
            assert!(
                ru.chars().all(|letter| common(letter) || russian(letter) || "ID".contains(letter)),
                "{ru}"
            );
            // Belarusian has no и, щ, ъ; Kazakh has letters of its own beside the Russian ones.
            let be_has = |letter| {
                common(letter) || "іІўЎID".contains(letter) || russian(letter) && !"ищъИЩЪ".contains(letter)
            };
            assert!(be.chars().all(be_has), "{be}");
            let kk_has =
                |letter| common(letter) || "әғқңөұүһіӘҒҚҢӨҰҮҺІID".contains(letter) || russian(letter);
            assert!(kk.chars().all(kk_has), "{kk}");
            assert!(en.is_ascii() && ![ru, be, kk, en].contains(&""), "{en}");
        }
    }
}
