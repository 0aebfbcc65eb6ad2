//! `slip`: a copy of a receipt.

use clap::Args;
use kassa::client::slip::SlipContent;
use serde_json::json;

use crate::exit::Exit;
use crate::out::{Done, Out};
use crate::till::Till;

/// Which receipt, and how.
#[derive(Args)]
pub struct Slip {
    /// The receipt's id
    id: String,
    /// Columns of a text
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(["24", "32", "42", "48"]))]
    columns: Option<String>,
    /// As HTML
    #[arg(long, conflicts_with_all = ["columns", "svg"])]
    html: bool,
    /// As a picture
    #[arg(long, conflicts_with = "columns")]
    svg: bool,
    /// Its language
    #[arg(long, value_parser = ["ru", "be", "kk", "en"])]
    language: Option<String>,
    /// Also who the buyer is
    #[arg(long)]
    customer: bool,
    /// Also of a receipt that is not on record: the slip says so
    #[arg(long)]
    draft: bool,
}

/// Prints the copy.
pub async fn slip(till: &Till, out: &mut Out, how: Slip) -> Done {
    let format = match (how.html, how.svg) {
        (true, _) => "html",
        (_, true) => "svg",
        _ => "text",
    };
    let columns = how.columns.as_deref().and_then(|columns| columns.parse::<u32>().ok());
    let request = json!({
        "id": how.id, "format": format, "columns": columns, "language": how.language,
        "customer": how.customer, "draft": how.draft,
    });
    let answer = till.call("slip", &request).await?;
    if out.json {
        out.line(answer.0.get())?;
    } else {
        let slip: SlipContent = answer.read()?;
        out.line(slip.content.trim_end_matches('\n'))?;
    }
    Ok(Exit::Done)
}
