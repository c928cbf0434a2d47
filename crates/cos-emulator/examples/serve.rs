//! Starts an emulator and prints its ready line: `cargo run -p cos-emulator --example serve -- [port] [data-dir]`.

use std::error::Error;
use std::io::Write as _;

use cos_emulator::Emulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let port: u16 = args.next().map_or(Ok(0), |text| text.parse())?;
    let mut builder = Emulator::builder()
        .listen(([127, 0, 0, 1], port).into())
        .tls(true);
    if let Some(dir) = args.next() {
        builder = builder.data_dir(dir);
    }
    let emulator = builder.start().await?;
    writeln!(std::io::stdout(), "{}", emulator.ready_line())?;
    // Until the process is ended.
    std::future::pending::<()>().await;
    Ok(())
}
