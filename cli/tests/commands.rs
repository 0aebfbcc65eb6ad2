//! What each command does, and how it ends.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::process::Stdio;

use common::{Bench, VENDORS, mode, receipt, set_mode};
use serde_json::{Value, json};

#[test]
fn a_sale_is_registered_shown_added_up_refunded_and_kept_at_every_vendor() {
    for vendor in VENDORS {
        let bench = Bench::of(vendor);
        let sale = bench.run(&["register", &bench.sale(vendor, "order-1")]).ends(0);
        assert!(sale.out.starts_with("order-1: registered\n"), "{sale:?}");
        let listed = bench.run(&["list"]).ends(0).out;
        assert!(listed.lines().next().unwrap().starts_with("ID "), "{listed}");
        assert!(listed.contains("290.00"), "{vendor}: {listed}");
        let shown = bench.run(&["show", "order-1"]).ends(0).out;
        assert!(shown.contains("ATTEMPT") && shown.contains("registered"), "{shown}");
        let totals = bench.json(&["totals"]);
        assert_eq!(totals["rows"][0]["total"], "290.00", "{vendor}");
        assert!(bench.run(&["totals"]).ends(0).out.contains("290.00"));
        bench.run(&["refund", "order-1", "--id", "back-1"]).ends(0);
        let refunds: Vec<Value> = bench.run(&["list", "--basis", "order-1", "--json"]).ends(0).lines();
        assert_eq!(refunds[0]["registration"]["receipt_id"], "back-1", "{vendor}");
        assert!(bench.run(&["slip", "order-1", "--columns", "32"]).ends(0).out.contains("290"));
        assert!(bench.run(&["slip", "order-1", "--html"]).ends(0).out.contains("<html"));
        assert!(bench.run(&["verify"]).ends(0).out.starts_with("The record is whole."));
        bench.run(&["export", "copy.jsonl"]).ends(0);
        let export = std::fs::read_to_string(bench.path("copy.jsonl")).unwrap();
        assert_eq!(export.lines().count(), 3, "{export}");
        assert_eq!(mode(&bench.path("copy.jsonl")), 0o600);
        let capabilities = bench.run(&["call", "capabilities"]).ends(0);
        assert_eq!(capabilities.json()["vendor"], vendor);
        let reconciled = bench.run(&["reconcile"]).ends(0).out;
        assert!(reconciled.contains("2 on record, 0 not settled, 0 failed, 0 missing"), "{reconciled}");
    }
}

#[test]
fn what_is_in_doubt_is_listed_and_settled_at_every_vendor() {
    for vendor in VENDORS {
        let bench = Bench::of(vendor);
        bench.in_doubt(vendor, "order-1");
        let listed = bench.run(&["list", "--state", "in_doubt"]).ends(0).out;
        assert!(listed.contains("order-1"), "{vendor}: {listed}");
        let settled = bench.run(&["resolve", "order-1"]).ends(0).out;
        assert!(settled.starts_with("order-1: registered"), "{vendor}: {settled}");
        assert_eq!(bench.sales(), 1, "{vendor}");
        assert_eq!(bench.run(&["list", "--state", "in_doubt"]).ends(0).out, "");
    }
}

#[test]
fn deliver_works_on_the_outbox_and_says_what_is_left() {
    let bench = Bench::of("modulkassa");
    let receipts = [receipt("modulkassa", "order-1"), receipt("modulkassa", "order-2")];
    bench.run_with(&["call", "enqueue", "-"], &json!({ "receipts": receipts }).to_string()).ends(0);
    bench.fault(
        json!({"vendor": "modulkassa", "route": "submit", "do": "status", "status": 503, "times": null}),
    );
    let first = bench.run(&["deliver", "--seconds", "1"]).ends(75);
    assert!(first.out.contains("0 registered, 0 accepted, 0 failed, 0 in doubt; 2 left"), "{first:?}");
    assert_eq!(first.err.matches("What to do: ").count(), 1, "{first:?}");
    bench.emulator.clear_faults();
    let lines = loop {
        let ran = bench.run(&["deliver", "--seconds", "2", "--all", "--json"]);
        if ran.code == 0 {
            break ran.lines();
        }
        assert_eq!(ran.code, 75, "{ran:?}");
    };
    assert_eq!(lines.last().unwrap()["left"], 0);
    assert_eq!(bench.sales(), 2);
}

#[test]
fn a_watch_delivers_until_it_is_told_to_stop() {
    let bench = Bench::of("ikkm");
    let mut watch = bench.command(&["deliver", "--watch", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let request = json!({ "receipts": [receipt("ikkm", "order-1")] });
    bench.run_with(&["call", "enqueue", "-"], &request.to_string()).ends(0);
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(watch.stdout.take().unwrap()));
    let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!((line["receipt_id"].as_str(), line["state"].as_str()), (Some("order-1"), Some("registered")));
    let pid = watch.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let last: Value = serde_json::from_str(&lines.last().unwrap().unwrap()).unwrap();
    assert_eq!(last["left"], 0);
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}

#[test]
fn what_is_refused_ends_with_1_and_says_what_to_do() {
    let bench = Bench::of("modulkassa");
    let mut wrong = receipt("modulkassa", "order-1");
    wrong["costumer"] = json!({});
    wrong["items"][0]["price"] = "x".into();
    let told = bench.run_with(&["register", "-"], &wrong.to_string()).ends(1);
    assert!(told.err.contains("/costumer") && told.err.contains("/items/0/price"), "{told:?}");
    assert!(told.err.contains("On record: nothing through this call."), "{told:?}");
    assert!(told.err.contains("What to do: "), "{told:?}");
    let told = bench.run_with(&["register", "-", "--json"], &wrong.to_string()).ends(1);
    assert_eq!((told.error()["outcome"].as_str(), &*told.out), (Some("not_registered"), ""));
    bench.run(&["show", "nothing"]).ends(1);
    bench.run(&["refund", "nothing", "--id", "back"]).ends(1);
    bench.run(&["slip", "nothing"]).ends(1);
    bench.fault(json!({"vendor": "modulkassa", "route": "submit", "do": "fail"}));
    let failed = bench.run(&["register", &bench.sale("modulkassa", "order-2")]).ends(1);
    assert!(failed.out.starts_with("order-2: failed"), "{failed:?}");
}

#[test]
fn parts_come_back_and_never_more_than_was_sold() {
    let bench = Bench::of("modulkassa");
    bench.run(&["register", &bench.sale("modulkassa", "order-1")]).ends(0);
    let part = bench.run(&["refund", "order-1", "--id", "back-1", "--lines", "0:1", "--json"]).ends(0).json();
    assert_eq!(part["fiscal"]["total"], "145.00");
    let more = bench.run(&["refund", "order-1", "--id", "back-2", "--lines", "0:2", "--json"]).ends(1);
    assert_eq!(more.error()["code"], "basis_exceeded");
    bench.run(&["refund", "order-1", "--id", "back-2", "--lines", "0:1", "--payment", "card:145.00"]).ends(0);
    bench.run(&["refund", "back-1", "--id", "back-3"]).ends(1);
    bench.run(&["refund", "order-1", "--id", "back-3", "--lines", "x"]).ends(2);
}

#[test]
fn wrong_usage_and_configuration_end_with_2() {
    let bench = Bench::of("modulkassa");
    for arguments in [
        &["nonsense"][..],
        &["list", "--state", "nonsense"],
        &["list", "--since", "yesterday"],
        &["deliver", "--seconds", "0"],
        &["resolve", "order-1", "--on-record"],
        &["resolve", "order-1", "--probe", "--not-on-record", "--by", "A"],
        &["slip", "order-1", "--columns", "33"],
        &["register", "nowhere.json"],
        &["init"],
        &["call", "nonsense"],
    ] {
        let told = bench.run(arguments).ends(2);
        assert!(!told.err.is_empty(), "{arguments:?}");
    }
    let verdict = bench.run(&["resolve", "order-1", "--on-record", "--by", "A"]).ends(2);
    assert!(verdict.err.contains("--yes"), "{verdict:?}");
    set_mode(&bench.path("kassa.json"), 0o640);
    let open = bench.run(&["list"]).ends(2);
    assert!(open.err.contains("chmod 600"), "{open:?}");
    let none = bench.run(&["list", "--config", "other.json"]).ends(2);
    assert!(none.err.contains("kassa init VENDOR"), "{none:?}");
    bench.write("kassa.json", "{\"vendor\": \"modulkassa\", \"nonsense\": 1}");
    let wrong = bench.run(&["list", "--json"]).ends(2);
    assert_eq!(wrong.error()["code"], "config_invalid");
}

#[test]
fn without_its_journal_nobody_knows_of_a_receipt_and_nothing_is_delivered() {
    let bench = Bench::of("modulkassa");
    bench.configure("modulkassa", json!({ "journal": "sqlite:/proc/nowhere/kassa.sqlite" }));
    let sale = bench.sale("modulkassa", "order-1");
    assert_eq!(bench.run(&["register", &sale, "--json"]).ends(3).error()["outcome"], "unknown");
    for arguments in [&["deliver"][..], &["list"], &["totals"], &["verify"], &["backup", "copy"]] {
        assert_eq!(bench.run(&[arguments, &["--json"]].concat()).ends(1).error()["kind"], "journal");
    }
    assert_eq!(bench.sales(), 0);
}

#[test]
fn the_configuration_is_found_by_flag_environment_and_folder() {
    let bench = Bench::of("modulkassa");
    bench.run(&["list"]).ends(0);
    std::fs::rename(bench.path("kassa.json"), bench.path("till.json")).unwrap();
    bench.run(&["list"]).ends(2);
    bench.run(&["list", "--config", "till.json"]).ends(0);
    bench.run(&["--config", "till.json", "list"]).ends(0);
    let mut command = bench.command(&["list"]);
    command.env("KASSA_CONFIG", bench.path("till.json"));
    common::ran(command, "").ends(0);
}

#[test]
fn a_persons_verdict_is_written_down_with_the_name() {
    let bench = Bench::of("modulkassa");
    bench.in_doubt("modulkassa", "order-1");
    let fiscal = r#"{"document_number": "4821"}"#;
    let arguments =
        ["resolve", "order-1", "--on-record", "--by", "Anna", "--note", "seen", "--yes", "--fiscal", fiscal];
    let told = bench.run(&arguments).ends(0);
    assert!(told.out.contains("registered") && told.out.contains("4821"), "{told:?}");
    let shown = bench.run(&["show", "order-1"]).ends(0).out;
    assert!(shown.contains("Anna") && shown.contains("seen"), "{shown}");
    bench.in_doubt("modulkassa", "order-2");
    bench.run(&["resolve", "order-2", "--not-on-record", "--by", "Anna", "--yes"]).ends(0);
    assert_eq!(bench.json(&["show", "order-2"])["entries"][0]["registration"]["state"], "failed");
}

#[test]
fn differences_end_with_4() {
    let bench = Bench::of("ikkm");
    bench.run(&["register", &bench.sale("ikkm", "order-1")]).ends(0);
    let register = bench.emulator.config("ikkm")["register"].as_str().unwrap().to_owned();
    bench.emulator.operate(&register, "sell_by_hand", json!({ "sum": "12.50" })).unwrap();
    let found = bench.run(&["reconcile"]).ends(4).out;
    assert!(found.contains("not_in_journal"), "{found}");
    let missing =
        bench.run_with(&["reconcile", "--no-vendor", "--ids", "-"], "order-1\norder-9\n").ends(4).out;
    assert!(missing.contains("missing") && missing.contains("order-9"), "{missing}");
    let journal = rusqlite::Connection::open(bench.path("journal.sqlite")).unwrap();
    assert_eq!(journal.execute("UPDATE documents SET attempts = 7", []).unwrap(), 1);
    drop(journal);
    let broken = bench.run(&["verify"]).ends(4).out;
    assert!(broken.starts_with("The record is NOT whole."), "{broken}");
    assert!(!bench.run(&["verify", "--json"]).ends(4).json()["broken_at"].is_null());
}

#[test]
fn a_backup_is_whole_private_and_never_over_another_file() {
    let bench = Bench::of("ikkm");
    let backups = std::thread::scope(|scope| {
        let seller = scope.spawn(|| {
            for number in 0..12 {
                bench.run(&["register", &bench.sale("ikkm", &format!("order-{number}"))]).ends(0);
            }
        });
        let mut backups = 0;
        while !seller.is_finished() || backups == 0 {
            bench.run(&["backup", &format!("copy-{backups}.sqlite")]).ends(0);
            backups += 1;
        }
        backups
    });
    for number in 0..backups {
        let copy = bench.path(&format!("copy-{number}.sqlite"));
        assert_eq!(mode(&copy), 0o600);
        bench.configure("ikkm", json!({ "journal": format!("sqlite:{}", copy.display()) }));
        bench.run(&["verify"]).ends(0);
    }
    bench.configure("ikkm", json!({}));
    bench.run(&["backup", "last.sqlite"]).ends(0);
    let told = bench.run(&["backup", "last.sqlite"]).ends(2);
    assert!(told.err.contains("--force"), "{told:?}");
    bench.run(&["backup", "last.sqlite", "--force"]).ends(0);
    bench.configure("ikkm", json!({ "journal": format!("sqlite:{}", bench.path("last.sqlite").display()) }));
    assert_eq!(bench.run(&["list", "--json"]).ends(0).lines().len(), 12);
    bench.configure("ikkm", json!({ "journal": "memory:" }));
    bench.run(&["backup", "none.sqlite"]).ends(2);
    assert!(!bench.path("none.sqlite").exists());
}

#[test]
fn a_reader_that_goes_ends_it_quietly() {
    let bench = Bench::of("ikkm");
    bench.run(&["register", &bench.sale("ikkm", "order-1")]).ends(0);
    let sale = bench.sale("ikkm", "order-2");
    for arguments in
        [&["list"][..], &["--help"], &["completion", "bash"], &["show", "order-1"], &["register", &sale]]
    {
        let mut command = bench.command(arguments);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]), "{arguments:?}");
    }
    assert_eq!(bench.sales(), 2);
}

#[test]
fn completions_are_written_for_three_shells() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = bench.run(&["completion", shell]).ends(0).out;
        for command in ["register", "resolve", "not-on-record", "modulkassa", "doctor"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let script = bench.write("completion.bash", &bench.run(&["completion", "bash"]).ends(0).out);
    let words = "COMP_WORDS=(kassa rec); COMP_CWORD=1; _kassa kassa rec kassa; echo ${COMPREPLY[@]}";
    let line = format!("source {}; {words}", script.display());
    let completed = std::process::Command::new("bash").args(["-c", &line]).output().unwrap();
    assert_eq!(String::from_utf8(completed.stdout).unwrap(), "reconcile\n");
}

#[test]
fn the_emulator_is_in_it() {
    let bench = Bench::new();
    let ran = bench.run(&["emulator", "--port", "0"]).ends(0);
    assert!(ran.json()["vendors"]["modulkassa"]["config"].is_object());
    let wrong = bench.run(&["emulator", "--switch", "modulkassa.nonsense=1"]).ends(2);
    assert!(wrong.err.contains("nonsense"), "{wrong:?}");
}

#[test]
fn the_page_has_every_command_and_every_exit_code() {
    let page = include_str!("../../docs/command-line.md");
    let bench = Bench::new();
    let help = bench.run(&["--help"]).ends(0).out;
    for (exit, meaning) in kassa_cli::EXITS {
        assert!(page.contains(&format!("| {} | {meaning} |", *exit as u8)), "{meaning}");
        assert!(help.contains(&format!("{:>2}  {meaning}", *exit as u8)), "{help}");
    }
    let commands = help.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = commands.lines().filter_map(|line| line.split_whitespace().next());
    let named: Vec<&str> = names.filter(|name| *name != "help").collect();
    assert!(named.len() > 15, "{named:?}");
    for name in named {
        assert!(page.contains(&format!("kassa {name}")), "{name}");
    }
}
