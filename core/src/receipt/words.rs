//! The words of a receipt: closed lists of values, the same in every language. Plain data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal,)* }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        $(#[$doc])*
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every value, in the order of the table.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The value as it stands in JSON.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What the receipt records. The correction kinds need `correction`.
    #[schemars(rename = "ReceiptKind")]
    #[derive(Default)]
    Kind {
        /// Sale.
        #[default]
        Sell "sell",
        /// Return of a sale.
        SellRefund "sell_refund",
        /// Purchase: the shop pays its customer.
        Buy "buy",
        /// Return of a purchase.
        BuyRefund "buy_refund",
        /// Correction of a sale.
        SellCorrection "sell_correction",
        /// Correction of a return of a sale.
        SellRefundCorrection "sell_refund_correction",
        /// Correction of a purchase.
        BuyCorrection "buy_correction",
        /// Correction of a return of a purchase.
        BuyRefundCorrection "buy_refund_correction",
    }
}

impl Kind {
    /// True for the kinds that correct an earlier settlement.
    pub const fn is_correction(self) -> bool {
        matches!(
            self,
            Kind::SellCorrection
                | Kind::SellRefundCorrection
                | Kind::BuyCorrection
                | Kind::BuyRefundCorrection
        )
    }
}

words! {
    /// Settlement method, tag 1214.
    PaymentMethod {
        /// Paid in full before hand-over.
        FullPrepayment "full_prepayment",
        /// Paid in part before hand-over.
        Prepayment "prepayment",
        /// Advance.
        Advance "advance",
        /// Settled in full at hand-over.
        FullPayment "full_payment",
        /// Part at hand-over, the rest on credit.
        PartialPayment "partial_payment",
        /// Handed over without payment.
        Credit "credit",
        /// Later payment of a credit.
        CreditPayment "credit_payment",
    }
}

words! {
    /// Settlement object, tag 1212. Not every vendor knows every value: see `capabilities`.
    PaymentObject {
        /// Goods.
        Commodity "commodity",
        /// Excisable goods.
        Excise "excise",
        /// Work.
        Job "job",
        /// Service.
        Service "service",
        /// Gambling stake.
        GamblingBet "gambling_bet",
        /// Gambling win.
        GamblingPrize "gambling_prize",
        /// Lottery ticket.
        Lottery "lottery",
        /// Lottery win.
        LotteryPrize "lottery_prize",
        /// Rights to results of intellectual activity.
        IntellectualActivity "intellectual_activity",
        /// Advance, deposit, prepayment or credit.
        Payment "payment",
        /// Agent's fee.
        AgentCommission "agent_commission",
        /// Several objects at once (not under the newest format).
        Composite "composite",
        /// Fee, fine, reward or bonus.
        Award "award",
        /// Anything else.
        Another "another",
        /// Property right.
        PropertyRight "property_right",
        /// Non-operating income; the field's own spelling has a hyphen.
        NonOperatingGain "non-operating_gain",
        /// Insurance contributions.
        InsurancePremium "insurance_premium",
        /// Trade levy.
        SalesTax "sales_tax",
        /// Resort fee.
        ResortFee "resort_fee",
        /// Pledge.
        Deposit "deposit",
        /// Expenses that reduce income.
        Expense "expense",
        /// Pension insurance of a sole trader without staff.
        PensionInsuranceIp "pension_insurance_ip",
        /// Pension insurance of an employer.
        PensionInsurance "pension_insurance",
        /// Medical insurance of a sole trader without staff.
        MedicalInsuranceIp "medical_insurance_ip",
        /// Medical insurance of an employer.
        MedicalInsurance "medical_insurance",
        /// Social insurance.
        SocialInsurance "social_insurance",
        /// Exchange tokens of casinos and slot halls.
        CasinoPayment "casino_payment",
        /// Cash handed out by a bank's paying agent (1212: 27).
        BankAgentCash "bank_agent_cash",
        /// Excisable goods subject to marking, without a code (1212: 30).
        ExciseMarkedWithoutCode "excise_marked_without_code",
        /// Excisable goods subject to marking, with a code (1212: 31).
        ExciseMarked "excise_marked",
        /// Goods subject to marking, without a code (1212: 32).
        MarkedWithoutCode "marked_without_code",
        /// Goods subject to marking, with a code (1212: 33).
        Marked "marked",
    }
}

words! {
    /// Taxation system, tag 1055.
    TaxSystem {
        /// General.
        Osn "osn",
        /// Simplified, on income.
        UsnIncome "usn_income",
        /// Simplified, on income minus expenses.
        UsnIncomeOutcome "usn_income_outcome",
        /// Imputed income (abolished in 2021).
        Envd "envd",
        /// Agricultural.
        Esn "esn",
        /// Patent.
        Patent "patent",
    }
}

words! {
    /// How the customer pays.
    PaymentType {
        /// Cash.
        Cash "cash",
        /// Cashless: card, instant transfer, electronic money.
        Card "card",
        /// Set-off of an advance or earlier payment.
        Prepaid "prepaid",
        /// Later payment.
        Credit "credit",
        /// Returnable containers (Kazakhstan).
        Tare "tare",
        /// Counter-provision and anything else.
        Other "other",
    }
}

words! {
    /// VAT rate; `a/b` are the calculated rates. Which are allowed depends on vendor and date (docs/vat.md).
    Vat {
        /// Not subject to VAT.
        None "none",
        /// 0 %.
        Vat0 "0",
        /// 5 %.
        Vat5 "5",
        /// 7 %.
        Vat7 "7",
        /// 10 %.
        Vat10 "10",
        /// 18 %: refunds and corrections of sales that had it.
        Vat18 "18",
        /// 20 %.
        Vat20 "20",
        /// 22 %.
        Vat22 "22",
        /// 25 % (Belarus).
        Vat25 "25",
        /// 5/105.
        Vat5Of105 "5/105",
        /// 7/107.
        Vat7Of107 "7/107",
        /// 10/110.
        Vat10Of110 "10/110",
        /// 18/118: refunds and corrections of sales that had it.
        Vat18Of118 "18/118",
        /// 20/120.
        Vat20Of120 "20/120",
        /// 22/122.
        Vat22Of122 "22/122",
    }
}

words! {
    /// Unit of measure of a line.
    Unit {
        /// Piece.
        Piece "piece",
        /// Gram.
        Gram "gram",
        /// Kilogram.
        Kilogram "kilogram",
        /// Tonne.
        Tonne "tonne",
        /// Centimetre.
        Centimetre "centimetre",
        /// Decimetre.
        Decimetre "decimetre",
        /// Metre.
        Metre "metre",
        /// Square centimetre.
        SquareCentimetre "square_centimetre",
        /// Square decimetre.
        SquareDecimetre "square_decimetre",
        /// Square metre.
        SquareMetre "square_metre",
        /// Millilitre.
        Millilitre "millilitre",
        /// Litre.
        Litre "litre",
        /// Cubic metre.
        CubicMetre "cubic_metre",
        /// Kilowatt hour.
        KilowattHour "kilowatt_hour",
        /// Gigacalorie.
        Gigacalorie "gigacalorie",
        /// Day.
        Day "day",
        /// Hour.
        Hour "hour",
        /// Minute.
        Minute "minute",
        /// Second.
        Second "second",
        /// Kilobyte.
        Kilobyte "kilobyte",
        /// Megabyte.
        Megabyte "megabyte",
        /// Gigabyte.
        Gigabyte "gigabyte",
        /// Terabyte.
        Terabyte "terabyte",
        /// Anything else.
        Other "other",
    }
}

words! {
    /// Why a correction is made, tag 1173.
    CorrectionType {
        /// On the shop's own initiative.
        Own "self",
        /// By order of the tax service.
        Instruction "instruction",
    }
}

words! {
    /// Kind of agent, tag 1057 and 1222.
    AgentType {
        /// Bank paying agent.
        BankPayingAgent "bank_paying_agent",
        /// Bank paying subagent.
        BankPayingSubagent "bank_paying_subagent",
        /// Paying agent.
        PayingAgent "paying_agent",
        /// Paying subagent.
        PayingSubagent "paying_subagent",
        /// Attorney.
        Attorney "attorney",
        /// Commission agent.
        CommissionAgent "commission_agent",
        /// Another agent.
        Another "another",
    }
}

/// A phone number: `+` and 7 to 18 digits (tag 1073 and its kin).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("format" = "phone"))]
pub struct Phone(pub String);
