//! Mutations of the corpus, always the same ones: what the tests try beside the files themselves.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Numbers at which something may turn.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "255",
    "256",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e309",
    "1e-400",
    "0.1",
    "00",
    "-0",
];
/// Words that mean something somewhere.
const WORDS: &[&str] = &[
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "\"done\"",
    "\"fail\"",
    "\"COMPLETED\"",
    "\"FAILED\"",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "200",
    "203",
    "400",
    "404",
    "\r\n",
    "\r\n\r\n",
    "Content-Length: ",
    "Transfer-Encoding: chunked",
    "uid",
    "uuid",
    "error",
];
/// The longest input.
const MOST_BYTES: usize = 16 << 10;

/// So many mutations of the files.
pub fn mutations(files: &[Vec<u8>], count: usize, seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let mut random = StdRng::seed_from_u64(seed);
    (0..count).map(move |_| {
        let mut input = pick(files, &mut random);
        for _ in 0..random.random_range(1..=6) {
            change(&mut input, files, &mut random);
        }
        input.truncate(MOST_BYTES);
        input
    })
}

fn pick(files: &[Vec<u8>], random: &mut StdRng) -> Vec<u8> {
    if files.is_empty() { Vec::new() } else { files[random.random_range(0..files.len())].clone() }
}

/// Two places of an input, in order.
fn piece(input: &[u8], random: &mut StdRng) -> (usize, usize) {
    let (one, other) = (random.random_range(0..=input.len()), random.random_range(0..=input.len()));
    // Mostly a short one.
    let (from, to) = (one.min(other), one.max(other));
    if random.random_range(0..4) == 0 {
        (from, to)
    } else {
        (from, to.min(from + random.random_range(0..12)))
    }
}

fn change(input: &mut Vec<u8>, files: &[Vec<u8>], random: &mut StdRng) {
    let (from, to) = piece(input, random);
    match random.random_range(0..9) {
        0 if from < input.len() => input[from] ^= 1 << random.random_range(0..8),
        1 if from < input.len() => input[from] = random.random(),
        2 => input.truncate(from),
        3 => drop(input.drain(from..to)),
        4 => {
            let copy = input[from..to].repeat(random.random_range(1..40));
            input.splice(from..from, copy);
        }
        5 => drop(input.splice(from..to, NUMBERS[random.random_range(0..NUMBERS.len())].bytes())),
        6 => drop(input.splice(from..to, WORDS[random.random_range(0..WORDS.len())].bytes())),
        7 => {
            let other = pick(files, random);
            let (from_other, to_other) = piece(&other, random);
            input.splice(from..to, other[from_other..to_other].to_vec());
        }
        _ => {
            // A number in the text becomes another one.
            let digits = |byte: &u8| byte.is_ascii_digit();
            if let Some(begin) = input[from..].iter().position(digits).map(|at| from + at) {
                let end =
                    input[begin..].iter().position(|byte| !digits(byte)).map_or(input.len(), |at| begin + at);
                input.splice(begin..end, NUMBERS[random.random_range(0..NUMBERS.len())].bytes());
            }
        }
    }
}
