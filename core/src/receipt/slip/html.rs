//! A slip as one document of HTML that is well-formed XML too: no script, nothing from elsewhere.

use super::data::{Paper, Row, Weight};
use super::texts::escaped;

/// Letters of a till on a narrow strip; the colours are those of the reader, the QR code is black on white always.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#111;--paper:#fff;--desk:#e9e9ec;--faint:#666}\
@media(prefers-color-scheme:dark){:root{--ink:#eee;--paper:#1d1d20;--desk:#0e0e10;--faint:#a0a0a5}}\
@media print{:root{--ink:#000;--paper:#fff;--desk:#fff;--faint:#000}main{box-shadow:none}}\
body{margin:0;padding:16px 8px;background:var(--desk);color:var(--ink);\
font:15px/1.45 ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}\
main{box-sizing:border-box;max-width:26em;margin:0 auto;padding:20px 18px;background:var(--paper);\
box-shadow:0 1px 6px rgba(0,0,0,.25)}\
p,hr{margin:0}hr{border:0;border-top:1px dashed var(--faint);margin:.6em 0}\
p,span{overflow-wrap:anywhere;unicode-bidi:isolate}\
.pair{display:flex;flex-wrap:wrap;justify-content:space-between;column-gap:1em}.pair span+span{margin-left:auto;text-align:right}\
.centred{text-align:center}.small{font-size:.85em;color:var(--faint)}.strong{font-weight:bold}\
.huge{font-size:1.5em;font-weight:bold;border:3px solid;padding:.3em;margin:.3em 0}\
.qr{text-align:center;margin:.8em 0 .4em}.qr svg{max-width:100%;height:auto}a{color:inherit}";

/// Side of a module of the QR code, in a window that is wide enough.
const MODULE: usize = 5;

/// The slip as a document.
pub fn write(paper: &Paper) -> String {
    let (language, title) = (paper.language.word(), escaped(&paper.title));
    let rows: String = paper.rows.iter().map(|row| element(row) + "\n").collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n\
         <meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{rows}</main>\n</body>\n</html>\n"
    )
}

fn element(row: &Row) -> String {
    match row {
        Row::Centred(text, weight) => format!("<p class=\"centred{}\">{}</p>", class(*weight), escaped(text)),
        Row::Text(text, weight) => format!("<p class=\"text{}\">{}</p>", class(*weight), escaped(text)),
        Row::Pair(left, right, weight) => {
            let (left, right) = (escaped(left), escaped(right));
            format!("<p class=\"pair{}\"><span>{left}</span> <span>{right}</span></p>", class(*weight))
        }
        Row::Rule => "<hr/>".into(),
        Row::Qr(qr) => {
            let side = qr.side() * MODULE;
            format!("<p class=\"qr\">{}</p>", qr.svg(&format!("width=\"{side}\" height=\"{side}\"")))
        }
        Row::Link(address) => {
            let shown = escaped(address);
            // Whatever a vendor or a person wrote down: only what a browser asks a server for may be followed.
            let is_web = ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme));
            let inner = if is_web { format!("<a href=\"{shown}\">{shown}</a>") } else { shown };
            format!("<p class=\"centred small\">{inner}</p>")
        }
    }
}

const fn class(weight: Weight) -> &'static str {
    match weight {
        Weight::Small => " small",
        Weight::Plain => "",
        Weight::Strong => " strong",
        Weight::Huge => " huge",
    }
}
