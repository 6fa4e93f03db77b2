//! Checks files in Plume's format with AWDIT's library and prints a line for each file and pass:
//! PASS VERDICT CHECK_NS PARSE_NS PATH. Called with LEVEL PASSES FILE...

use std::time::Instant;

use awdit::{History, ReportMode};

/// AWDIT recurses; its own program gives it a large stack too.
const STACK_BYTES: usize = 1 << 30;

fn check(history: &History, level: &str) -> bool {
    let mut checker = history.checker(ReportMode::First, |_| {});
    match level {
        "read-committed" => checker.check_read_committed(),
        "read-atomic" => checker.check_read_atomic(),
        _ => checker.check_causal(),
    }
}

fn run(arguments: &[String]) {
    let level = arguments[0].as_str();
    let passes: u32 = arguments[1].parse().expect("a number of passes");
    let mut histories = Vec::new();
    for path in &arguments[2..] {
        let begin = Instant::now();
        let history = History::parse_plume_history(path).expect("a history in Plume's format");
        histories.push((path, history, begin.elapsed().as_nanos()));
    }
    for pass in 0..passes {
        for (path, history, parse_ns) in &histories {
            let begin = Instant::now();
            let verdict = if check(history, level) { "valid" } else { "invalid" };
            println!("{pass} {verdict} {} {parse_ns} {path}", begin.elapsed().as_nanos());
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.len() < 3 {
        eprintln!("usage: LEVEL PASSES FILE...");
        std::process::exit(2);
    }
    std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || run(&arguments))
        .expect("a thread")
        .join()
        .expect("no panic");
}
