//! What `init` asks for each vendor: a row a question, the flag that answers it, and its place in the configuration.

use std::io::BufRead as _;

use secrecy::SecretString;

use crate::failure::Failure;
use crate::terminal;

/// A question whose answer may be seen.
pub struct Question {
    /// The flag that answers it.
    pub flag: &'static str,
    /// Its place in the configuration.
    pub place: &'static str,
    /// What is asked.
    pub asks: &'static str,
    /// Whether it is asked.
    pub need: Need,
}

/// Whether a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must be answered, unless the other flag is given.
    Required(&'static str),
    /// Nothing is an answer too.
    Optional,
    /// Only the flag answers it.
    FlagOnly,
}

/// The secret of a vendor.
pub struct Secret {
    /// What is asked.
    pub asks: &'static str,
    /// The environment variable that answers it.
    pub variable: &'static str,
    /// Its place in the configuration, unless the flag is given: then the other one.
    pub place: &'static str,
    /// A flag and the place that goes with it.
    pub with_flag: Option<(&'static str, &'static str)>,
}

/// What is asked for a vendor.
pub struct Setup {
    /// The vendor.
    pub vendor: &'static str,
    /// What happens with the answers.
    pub about: &'static str,
    /// The questions, in their order.
    pub questions: &'static [Question],
    /// The secret, if there is one.
    pub secret: Option<Secret>,
}

const NOTHING_ELSE: Need = Need::Required("");
const UNLESS_ADDRESS: Need = Need::Required("base-url");

const fn question(flag: &'static str, place: &'static str, asks: &'static str, need: Need) -> Question {
    Question { flag, place, asks, need }
}

const JOURNAL: Question = question(
    "journal",
    "/journal",
    "Journal, such as sqlite:/var/lib/shop/kassa.sqlite (nothing: in the home of this user)",
    Need::Optional,
);
const ADDRESS: Question =
    question("base-url", "/base_url", "Address of the emulator or of a gateway", Need::FlagOnly);
const ZONE: Question = question(
    "time-zone",
    "/time_zone",
    "Time zone at the place of settlement, such as +03:00",
    Need::FlagOnly,
);

/// What is asked, vendor by vendor.
pub const SETUPS: &[Setup] = &[
    Setup {
        vendor: "modulkassa",
        about: "Modulkassa: associates with a retail point, or takes an association that there is",
        questions: &[
            question("environment", "/environment", "Environment (production, demo)", UNLESS_ADDRESS),
            question("retail-point-id", "/retail_point_id", "Id of the retail point", NOTHING_ELSE),
            question("login", "/account/login", "Login of the back office", Need::Required("user-name")),
            question(
                "user-name",
                "/credentials/user_name",
                "User name of an association that there is, instead of --login",
                Need::FlagOnly,
            ),
            question(
                "client-id",
                "/client_id",
                "Tells several applications at one point apart",
                Need::FlagOnly,
            ),
            question("register", "/register", "Name of the cash register in the journal", Need::FlagOnly),
            JOURNAL,
            ADDRESS,
            ZONE,
        ],
        secret: Some(Secret {
            asks: "Password",
            variable: "KASSA_PASSWORD",
            place: "/account/password",
            with_flag: Some(("user-name", "/credentials/password")),
        }),
    },
    Setup {
        vendor: "ikkm",
        about: "iKKM: asks the device for its serial number, and whether it takes the key",
        questions: &[
            question(
                "base-url",
                "/base_url",
                "Address of the device, such as http://192.168.1.20:8080",
                NOTHING_ELSE,
            ),
            question(
                "register",
                "/register",
                "Factory serial number of the device (nothing: the device is asked)",
                Need::Optional,
            ),
            JOURNAL,
        ],
        secret: Some(Secret {
            asks: "Web-api key, as an operator set it on the device",
            variable: "KASSA_KEY",
            place: "/key",
            with_flag: None,
        }),
    },
    Setup {
        vendor: "atol",
        about: "ATOL Online: checks login, password and cash registers",
        questions: &[
            question("environment", "/environment", "Environment (production, test)", UNLESS_ADDRESS),
            question("login", "/login", "Login of the integrator settings", NOTHING_ELSE),
            question("group-code", "/group_code", "Code of the group of cash registers", NOTHING_ELSE),
            question(
                "protocol",
                "/protocol",
                "Version of the protocol, v4 or v5 (nothing: v5)",
                Need::Optional,
            ),
            question(
                "tax-id",
                "/company/tax_id",
                "Taxpayer number of the shop (nothing: each receipt says it)",
                Need::Optional,
            ),
            question(
                "tax-system",
                "/company/tax_system",
                "Taxation system, such as osn or usn_income",
                Need::Optional,
            ),
            question(
                "payment-address",
                "/company/payment_address",
                "Place of settlement, such as https://shop.example",
                Need::Optional,
            ),
            question("email", "/company/email", "E-mail address of the shop", Need::Optional),
            question("register", "/register", "Name of the cash register in the journal", Need::FlagOnly),
            question("monitoring-url", "/monitoring_url", "Address of the monitoring", Need::FlagOnly),
            JOURNAL,
            ADDRESS,
            ZONE,
        ],
        secret: Some(Secret {
            asks: "Password",
            variable: "KASSA_PASSWORD",
            place: "/password",
            with_flag: None,
        }),
    },
    Setup {
        vendor: "ikassa",
        about: "iKassa.Cloud: logs in; a person enters a code in the vendor's cabinet",
        questions: &[
            question("environment", "/environment", "Environment (production, stage)", UNLESS_ADDRESS),
            question(
                "client-id",
                "/client_id",
                "Client id that the vendor's support gave the shop",
                NOTHING_ELSE,
            ),
            question(
                "register",
                "/register",
                "Name of the cash register, where the client id serves several (nothing: there is one)",
                Need::Optional,
            ),
            question(
                "cashier",
                "/cashier",
                "Cashier where a receipt names none (nothing: each receipt says it)",
                Need::Optional,
            ),
            question("accounts-url", "/accounts_url", "Address of the log-in", Need::FlagOnly),
            question("receipts-url", "/receipts_url", "Address of the receipt pages", Need::FlagOnly),
            JOURNAL,
            ADDRESS,
        ],
        secret: None,
    },
];

/// A secret: from the environment, from the first line of standard input where `from_input` says so, or from a person.
/// Never from a flag, which every user of the machine can see.
pub fn secret(asks: &str, variable: &str, from_input: bool) -> Result<SecretString, Failure> {
    if from_input {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        read.map_err(|error| Failure::of_file("standard input".as_ref(), &error))?;
        return there(line.trim_end_matches(['\r', '\n']).into(), asks);
    }
    match std::env::var(variable) {
        Ok(secret) if !secret.is_empty() => Ok(secret.into()),
        _ if terminal::is_there() => there(terminal::ask_secret(asks)?, asks),
        _ => Err(Failure::usage(
            format!("{asks}: there is no terminal to ask"),
            format!("Give it in the environment variable {variable}."),
        )),
    }
}

fn there(secret: SecretString, asks: &str) -> Result<SecretString, Failure> {
    use secrecy::ExposeSecret as _;
    match secret.expose_secret().is_empty() {
        true => Err(Failure::usage(format!("{asks}: nothing was given"), "Give it, and begin again.")),
        false => Ok(secret),
    }
}
