//! `init` and `doctor` without a terminal.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;

use common::{Bench, mode, ran, receipt, set_mode};
use serde_json::{Value, json};

fn text(config: &Value, name: &str) -> String {
    config[name].as_str().unwrap().to_owned()
}

fn written(bench: &Bench) -> Value {
    assert_eq!(mode(&bench.path("kassa.json")), 0o600);
    serde_json::from_str(&fs::read_to_string(bench.path("kassa.json")).unwrap()).unwrap()
}

fn sells(bench: &Bench, vendor: &str) {
    bench.run(&["register", &bench.sale(vendor, "order-1")]).ends(0);
    let doctor = bench.run(&["doctor"]);
    assert_eq!(doctor.code, 0, "{doctor:?}");
}

const POINT: &str = "11111111-2222-4333-8444-555555555555";

#[test]
fn modulkassa_is_associated_or_takes_what_there_is() {
    let bench = Bench::new();
    let seeded = bench.emulator.seed(
        "modulkassa",
        json!({
            "account": { "login": "shop@shop.example", "password": "secret-of-the-shop" },
            "retail_point": { "id": POINT },
        }),
    );
    let point = seeded.unwrap()["config"].clone();
    let url = text(&point, "base_url");
    let flags = ["init", "modulkassa", "--base-url", &url, "--retail-point-id", POINT, "--json"];
    let associating = [&flags[..], &["--login", "shop@shop.example", "--password-stdin"]].concat();
    let told = bench.run_with(&associating, "secret-of-the-shop\n").ends(0).json();
    assert!(told["register"].as_str().unwrap().contains(POINT), "{told}");
    let config = written(&bench);
    assert!(config["account"].is_null() && config["credentials"]["password"].is_string(), "{config}");
    sells(&bench, "modulkassa");
    // Never over another one.
    let again = bench.run_with(&associating, "secret-of-the-shop\n").ends(2);
    assert!(again.err.contains("--force"), "{again:?}");
    let credentials = config["credentials"].clone();
    let taking =
        [&flags[..], &["--user-name", credentials["user_name"].as_str().unwrap(), "--force"]].concat();
    let mut command = bench.command(&taking);
    command.env("KASSA_PASSWORD", credentials["password"].as_str().unwrap());
    ran(command, "").ends(0);
    assert_eq!(written(&bench)["credentials"], credentials);
    // The library gives the new password back; the program does not.
    let account = json!({ "login": "shop@shop.example", "password": "secret-of-the-shop" });
    bench.configure("modulkassa", json!({ "account": account, "retail_point_id": POINT }));
    for flag in [&[][..], &["--json"]] {
        let again = bench.run(&[&["call", "associate"], flag].concat()).ends(0);
        assert_eq!(again.json()["password"], "***");
    }
    // A wrong password leaves no file.
    fs::remove_file(bench.path("kassa.json")).unwrap();
    let refused = bench.run_with(&associating, "marked-wrong-password\n").ends(2);
    assert_eq!(refused.error()["kind"], "auth");
    assert!(!bench.path("kassa.json").exists());
}

#[test]
fn ikkm_is_asked_for_its_number() {
    let bench = Bench::new();
    let device = bench.emulator.config("ikkm");
    let arguments = ["init", "ikkm", "--base-url", &text(&device, "base_url"), "--password-stdin"];
    bench.run_with(&arguments, &text(&device, "key")).ends(0);
    assert_eq!(written(&bench)["register"], device["register"]);
    sells(&bench, "ikkm");
}

#[test]
fn atol_is_checked() {
    let bench = Bench::new();
    let account = bench.emulator.config("atol");
    let (url, monitoring) = (text(&account, "base_url"), text(&account, "monitoring_url"));
    let (login, group) = (text(&account, "login"), text(&account, "group_code"));
    let mut flags = vec!["init", "atol", "--base-url", &url, "--monitoring-url", &monitoring];
    flags.extend(["--login", &login, "--group-code", &group]);
    let company = account["company"].clone();
    let names = [("--tax-id", "tax_id"), ("--tax-system", "tax_system"), ("--email", "email")];
    let values: Vec<(&str, String)> =
        names.iter().map(|(flag, name)| (*flag, text(&company, name))).collect();
    values.iter().for_each(|(flag, value)| flags.extend([*flag, value]));
    let address = text(&company, "payment_address");
    flags.extend(["--payment-address", &address, "--password-stdin"]);
    bench.run_with(&flags, &text(&account, "password")).ends(0);
    assert_eq!(written(&bench)["company"], company);
    sells(&bench, "atol");
}

#[test]
fn ikassa_is_logged_in_by_a_person() {
    let bench = Bench::new();
    bench.emulator.switch("ikassa", "auto_approve", true).unwrap();
    bench.emulator.switch("ikassa", "interval", 0).unwrap();
    let others = bench.emulator.description()["vendors"]["ikassa"]["others"][0].clone();
    let url = text(&others, "base_url");
    let (client, register) = (text(&others, "client_id"), text(&others, "register"));
    let mut flags =
        vec!["init", "ikassa", "--base-url", &url, "--client-id", &client, "--register", &register];
    flags.extend(["--cashier", "Anna"]);
    let told = bench.run(&flags).ends(0);
    assert!(told.err.contains("enter the code"), "{told:?}");
    bench.run(&["call", "open_shift"]).ends(0);
    assert!(written(&bench)["refresh_token"].is_null());
    sells(&bench, "ikassa");
}

#[test]
fn without_a_terminal_it_names_the_flags_and_does_not_wait() {
    let bench = Bench::new();
    let told = bench.run(&["init", "atol"]).ends(2);
    assert!(told.err.contains("--environment, --login, --group-code"), "{told:?}");
    let told = bench.run(&["init", "ikkm", "--base-url", "http://127.0.0.1:8080"]).ends(2);
    assert!(told.err.contains("KASSA_KEY"), "{told:?}");
    assert!(!bench.path("kassa.json").exists());
    let mut command = bench.command(&["init", "ikkm", "--base-url", "http://127.0.0.1:8080", "--offline"]);
    command.env("KASSA_KEY", "11112222");
    ran(command, "").ends(0);
    assert_eq!(written(&bench)["key"], "11112222");
}

/// The verdict of a check.
fn verdict(bench: &Bench, check: &str, code: i32) -> Value {
    let told = bench.run(&["doctor", "--json"]).ends(code).json();
    let checks = told["checks"].as_array().unwrap().clone();
    checks.into_iter().find(|row| row["check"] == check).unwrap_or_else(|| panic!("{check}: {told}"))
}

#[test]
fn the_doctor_finds_what_is_wrong_and_says_what_to_do() {
    let bench = Bench::of("modulkassa");
    for check in
        ["configuration", "mode", "journal", "receipts", "TLS", "clock", "credentials", "cash register"]
    {
        assert_eq!(verdict(&bench, check, 0)["verdict"], "ok", "{check}");
    }
    let table = bench.run(&["doctor"]).ends(0).out;
    assert!(table.ends_with("wrong: 0, warnings: 0\n"), "{table}");
    let wrong = |bench: &Bench, check: &str, says: &str| {
        let row = verdict(bench, check, 2);
        assert_eq!(row["verdict"], "wrong", "{row}");
        assert!(row.to_string().contains(says), "{row}");
    };
    bench.in_doubt("modulkassa", "order-1");
    let doubt = verdict(&bench, "receipts", 0);
    assert_eq!(
        (doubt["verdict"].as_str(), doubt["found"].as_str()),
        (Some("warning"), Some("1 in doubt, 0 being sent"))
    );
    bench.run(&["resolve", "order-1"]).ends(0);
    let credentials = json!({ "user_name": "nobody", "password": "marked-wrong" });
    bench.configure("modulkassa", json!({ "credentials": credentials, "journal": "memory:" }));
    wrong(&bench, "credentials", "correct them");
    assert_eq!(verdict(&bench, "journal", 2)["verdict"], "warning");
    bench.configure("modulkassa", json!({ "base_url": "http://127.0.0.1:9", "journal": "memory:" }));
    wrong(&bench, "TLS", "proxy");
    bench.configure("modulkassa", json!({ "journal": "sqlite:/proc/nowhere/kassa.sqlite" }));
    wrong(&bench, "journal", "/proc/nowhere");
    bench.configure("modulkassa", json!({ "tls": { "ca_file": "/nowhere.pem" } }));
    wrong(&bench, "configuration", "/nowhere.pem");
    bench.configure("modulkassa", json!({ "nonsense": 1 }));
    wrong(&bench, "configuration", "nonsense");
    bench.configure("modulkassa", json!({}));
    set_mode(&bench.path("kassa.json"), 0o644);
    wrong(&bench, "configuration", "chmod 600");
    fs::remove_file(bench.path("kassa.json")).unwrap();
    wrong(&bench, "configuration", "kassa init");
    bench.configure("ikassa", json!({}));
    let register = bench.emulator.config("ikassa")["register"].as_str().unwrap().to_owned();
    bench.emulator.operate(&register, "close_shift", json!({})).unwrap();
    assert_eq!(verdict(&bench, "cash register", 0)["verdict"], "warning");
}

/// A secret of the configuration, marked so that it is found wherever it comes out.
const MARK: &str = "mArKeD";

/// Changes every secret of a configuration into a marked one that the vendor does not know.
fn marked(vendor: &str) -> Value {
    let secret = |name: &str| format!("{MARK}-{name}");
    match vendor {
        "modulkassa" => json!({
            "credentials": { "user_name": "u", "password": secret("password") },
            "account": { "login": "l", "password": secret("account") },
        }),
        "ikkm" => json!({ "key": format!("{MARK}-key") }),
        "atol" => json!({ "password": secret("password") }),
        _ => json!({
            "refresh_token": secret("refresh"),
            "client_credentials": { "client_secret": secret("client"), "audience": "100000001" },
        }),
    }
}

#[test]
fn no_command_prints_a_secret_on_any_path() {
    for vendor in common::VENDORS {
        let bench = Bench::new();
        let sale = bench.sale(vendor, "order-1");
        // Secrets that the vendor knows, those that it does not, and a configuration that cannot be read.
        let right = bench.emulator.config(vendor);
        let known: Vec<String> = ["/credentials/password", "/password", "/key", "/refresh_token"]
            .iter()
            .filter_map(|place| Some(right.pointer(place)?.as_str()?.to_owned()))
            .collect();
        let broken = format!("postgres://user:{MARK}@127.0.0.1:1/nowhere?connect_timeout=1");
        let variants = [
            json!({}),
            marked(vendor),
            json!({ "vendor": format!("no {vendor}") }),
            json!({ "journal": broken }),
        ];
        for changes in variants {
            bench.configure(vendor, changes);
            for arguments in every_command(&sale) {
                for flag in [&[][..], &["--json"]] {
                    let _ = fs::remove_file(bench.path("copy"));
                    let told = bench.run(&[&arguments[..], flag].concat());
                    let all = format!("{}{}", told.out, told.err);
                    assert!(!all.contains(MARK), "{vendor} {arguments:?}: {told:?}");
                    for secret in &known {
                        assert!(!all.contains(secret.as_str()), "{vendor} {arguments:?} {secret}: {told:?}");
                    }
                }
            }
        }
        bench.write("kassa.json", &format!("{{\"vendor\": \"{vendor}\", \"password\": \"{MARK}\""));
        let told = bench.run(&["list"]).ends(2);
        assert!(!format!("{told:?}").contains(MARK), "{told:?}");
    }
}

fn every_command(sale: &str) -> Vec<Vec<&str>> {
    let all = [
        &format!("register {sale}"),
        "deliver --seconds 1 --all",
        "list",
        "show order-1",
        "resolve order-1",
        "resolve order-1 --on-record --by A --yes",
        "refund order-1 --id back-1",
        "reconcile",
        "totals",
        "verify",
        "export copy",
        "backup copy",
        "doctor",
        "slip order-1",
        "call health",
        "call associate",
        "call start_login",
        "call refresh_login",
        "call transaction {\"id\":\"order-1\"}",
        "call info",
        "call kkts",
        "call nonsense",
        "call register {",
    ];
    all.iter().map(|line| line.split(' ').map(|word| leak(word)).collect()).collect()
}

fn leak(word: &str) -> &'static str {
    Box::leak(word.to_owned().into_boxed_str())
}

#[test]
fn a_receipt_in_the_program_is_what_it_is_in_the_library() {
    let bench = Bench::of("atol");
    let wanted = receipt("atol", "order-1").to_string();
    let first = bench.run_with(&["register", "-", "--json"], &wanted).ends(0).json();
    let again = bench.run(&["call", "register", &wanted, "--json"]).ends(0).json();
    assert_eq!(first["vendor_document_id"], again["vendor_document_id"]);
    assert_eq!(bench.sales(), 1);
}
