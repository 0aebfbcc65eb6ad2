//! Questions to a person. Where there is no terminal, nothing is asked: the caller says which flag answers instead.

use std::io::{IsTerminal as _, Write as _, stderr, stdin};

use secrecy::SecretString;

use crate::failure::Failure;

/// True where a person can be asked.
pub fn is_there() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// A line that a person types.
pub fn ask(question: &str) -> Result<String, Failure> {
    let mut error = stderr();
    let _ = write!(error, "{question}: ").and_then(|()| error.flush());
    let mut line = String::new();
    match stdin().read_line(&mut line) {
        Ok(read) if read > 0 => Ok(line.trim().to_owned()),
        Ok(_) => Err(closed("it was closed")),
        Err(error) => Err(closed(&error.to_string())),
    }
}

/// A line that is not shown while it is typed.
pub fn ask_secret(question: &str) -> Result<SecretString, Failure> {
    let typed = rpassword::prompt_password(format!("{question}: "));
    typed.map(SecretString::from).map_err(|error| closed(&error.to_string()))
}

/// Whether a person says yes.
pub fn confirm(question: &str) -> Result<bool, Failure> {
    let answer = ask(&format!("{question} Type yes to go on"))?;
    Ok(matches!(&*answer.to_lowercase(), "yes" | "y"))
}

fn closed(why: &str) -> Failure {
    Failure::usage(
        format!("nothing was typed on the terminal: {why}"),
        "Answer the question, or give the flags.",
    )
}
